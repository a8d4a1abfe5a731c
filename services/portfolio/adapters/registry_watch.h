// Takes up what other processes on the same database teach the registry: looks at the number of the
// last change now and again.
#pragma once

#include <thread>

#include "absl/synchronization/mutex.h"
#include "libs/observe/logger.h"
#include "libs/observe/metrics.h"
#include "services/portfolio/app/live_registry.h"

namespace specom::portfolio {

class RegistryWatch {
 public:
  // All outlive the watch.
  RegistryWatch(LiveRegistry& live, const Clock& clock, observe::Logger& logger, observe::Metrics& metrics,
                absl::Duration interval = absl::Seconds(1));
  ~RegistryWatch() { Stop(); }
  RegistryWatch(const RegistryWatch&) = delete;
  RegistryWatch& operator=(const RegistryWatch&) = delete;

  void Start();
  void Stop();
  // One look by the calling thread.
  absl::Status RunOnce();

 private:
  void Run();

  LiveRegistry& live_;
  const Clock& clock_;
  observe::Logger& logger_;
  observe::Gauge change_;
  const absl::Duration interval_;

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace specom::portfolio
