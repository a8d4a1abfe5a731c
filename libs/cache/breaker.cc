// An attempt that began before the breaker opened may still report: a success closes it early, a
// failure changes nothing.
#include "libs/cache/breaker.h"

namespace specom::cache {

Breaker::Breaker(const BreakerOptions& options, const Clock& clock)
    : options_(options), clock_(clock), backoff_(options.first_wait, options.longest_wait) {}

bool Breaker::Allow() {
  absl::MutexLock lock(&mutex_);
  if (phase_ == Phase::kClosed) return true;
  if (phase_ == Phase::kHalfOpen || clock_.Now() < next_attempt_) return false;
  phase_ = Phase::kHalfOpen;
  return true;
}

void Breaker::Succeeded() {
  absl::MutexLock lock(&mutex_);
  phase_ = Phase::kClosed;
  failures_ = 0;
  backoff_.Reset();
}

void Breaker::Failed() {
  absl::MutexLock lock(&mutex_);
  if (phase_ == Phase::kOpen) return;
  if (phase_ == Phase::kClosed && ++failures_ < options_.failures) return;
  phase_ = Phase::kOpen;
  next_attempt_ = clock_.Now() + backoff_.Next();
}

void Breaker::Abandoned() {
  absl::MutexLock lock(&mutex_);
  // The next one may try at once.
  if (phase_ == Phase::kHalfOpen) phase_ = Phase::kOpen;
}

Breaker::Phase Breaker::phase() const {
  absl::MutexLock lock(&mutex_);
  return phase_;
}

}  // namespace specom::cache
