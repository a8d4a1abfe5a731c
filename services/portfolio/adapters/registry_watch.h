// Takes up what other processes on the same database teach the registry: at once when the cache tells
// of it, and by looking at the number of the last change now and again.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "libs/base/waker.h"
#include "libs/cache/cache.h"
#include "libs/observe/logger.h"
#include "libs/observe/metrics.h"
#include "services/portfolio/app/live_registry.h"

namespace specom::portfolio {

class RegistryWatch {
 public:
  // All outlive the watch.
  RegistryWatch(LiveRegistry& live, cache::Cache& cache, const Clock& clock, observe::Logger& logger,
                observe::Metrics& metrics, absl::Duration interval = absl::Seconds(1));
  ~RegistryWatch() { Stop(); }
  RegistryWatch(const RegistryWatch&) = delete;
  RegistryWatch& operator=(const RegistryWatch&) = delete;

  void Start();
  void Stop();
  // One look by the calling thread.
  absl::Status RunOnce();
  // Tells the other processes, and the cache of this one, how far the registry has come: after the commit
  // of a change. What a process that changed it could not tell any more is told by the next to see it.
  void Tell();

 private:
  void Run();
  void Wake();

  LiveRegistry& live_;
  cache::Cache& cache_;
  const Clock& clock_;
  observe::Logger& logger_;
  observe::Gauge change_;
  const absl::Duration interval_;

  // Woken when there is something to look at.
  Waker waker_;
  // The last change that was told; spares telling it again with every look.
  std::atomic<std::int64_t> told_ = 0;
  std::unique_ptr<cache::Watch> advances_;
  std::thread thread_;
};

}  // namespace specom::portfolio
