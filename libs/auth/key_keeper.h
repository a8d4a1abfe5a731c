// Keeps an issuer's keys up to date in a thread of its own, and the last good ones while their source
// is away.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/auth/jwks.h"
#include "libs/auth/jwks_source.h"
#include "libs/base/clock.h"

namespace specom::observe {
class Logger;
class Metrics;
}  // namespace specom::observe

namespace specom {

struct KeyPauses {
  // Between two readings, give or take a tenth, so that processes do not read in step.
  absl::Duration between_readings = absl::Minutes(5);
  // The least between two readings, by the clock, however many tokens ask for one.
  absl::Duration least = absl::Seconds(10);
};

class KeyKeeper {
 public:
  struct Snapshot {
    std::shared_ptr<const KeySet> keys;
    // Rises whenever the keys change.
    std::uint64_t generation = 0;
  };
  enum class Refresh { kDone, kTooSoon, kUnderWay };

  // UNAVAILABLE/NO_KEYS, naming the source, when the first reading fails. clock, logger and metrics
  // outlive it; the latter two may be null.
  static absl::StatusOr<std::unique_ptr<KeyKeeper>> Start(const std::string& source, JwksReader reader,
                                                          const KeyPauses& pauses, const Clock& clock,
                                                          observe::Logger* logger, observe::Metrics* metrics);
  ~KeyKeeper();

  Snapshot Current() const;
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  // One reading more, at the request of a token whose key is unknown. kDone when it is over, well or
  // not: the one caller that asked for it has waited. kUnderWay: another reading is under way, or this
  // one takes longer than 3 s. kTooSoon: the last one was just now.
  Refresh RefreshNow();

 private:
  struct Instruments;

  KeyKeeper(std::string source, JwksReader reader, const KeyPauses& pauses, const Clock& clock,
            observe::Logger* logger, observe::Metrics* metrics);
  absl::Status ReadOnce();
  absl::Status Adopt(const std::string& json);
  void Run();
  absl::Duration NextPause(bool well);

  const std::string source_;
  const JwksReader reader_;
  const KeyPauses pauses_;
  const Clock& clock_;
  observe::Logger* const logger_;
  const std::unique_ptr<Instruments> instruments_;

  std::atomic<std::uint64_t> generation_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const KeySet> keys_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  bool wanted_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  std::uint64_t readings_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time last_begun_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::thread thread_;
};

}  // namespace specom
