// Wakes those who wait for runs when a worker in this process has moved one. A hint only: runs that
// other processes finish are found by looking again.
#pragma once

#include <cstdint>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace specom::finance {

class RunSignals {
 public:
  // Rises with every change; taken before looking at the store, so that no change is missed.
  std::int64_t Changes() const {
    absl::MutexLock lock(&mutex_);
    return changes_;
  }

  void NotifyChanged() {
    absl::MutexLock lock(&mutex_);
    ++changes_;
    changed_.SignalAll();
  }

  // Returns when there was a change after `seen`, or after the timeout.
  void WaitForChange(std::int64_t seen, absl::Duration timeout) {
    const absl::Time end = absl::Now() + timeout;
    absl::MutexLock lock(&mutex_);
    while (changes_ == seen) {
      if (changed_.WaitWithDeadline(&mutex_, end)) return;
    }
  }

 private:
  mutable absl::Mutex mutex_;
  absl::CondVar changed_;
  std::int64_t changes_ = 0;
};

}  // namespace specom::finance
