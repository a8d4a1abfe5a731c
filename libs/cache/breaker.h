// A circuit breaker: after failures in a row nothing is tried for a while, then one attempt at a time
// finds out whether things are well again.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/events/backoff.h"

namespace specom::cache {

struct BreakerOptions {
  // Failures in a row that open it.
  int failures = 3;
  // The first wait before an attempt and the longest one; each is shortened by chance by up to half.
  absl::Duration first_wait = absl::Milliseconds(500);
  absl::Duration longest_wait = absl::Seconds(15);
};

// For any number of threads.
class Breaker {
 public:
  // closed: attempts are made. open: none is. half-open: one is under way and decides.
  enum class Phase { kClosed, kOpen, kHalfOpen };

  // The clock outlives the breaker; only differences of its times count.
  Breaker(const BreakerOptions& options, const Clock& clock);

  // Whether to try. Who was let through reports with Succeeded, Failed or Abandoned.
  bool Allow();
  void Succeeded();
  void Failed();
  // The attempt was not made after all.
  void Abandoned();

  Phase phase() const;

 private:
  const BreakerOptions options_;
  const Clock& clock_;

  mutable absl::Mutex mutex_;
  Phase phase_ ABSL_GUARDED_BY(mutex_) = Phase::kClosed;
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time next_attempt_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  events::Backoff backoff_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace specom::cache
