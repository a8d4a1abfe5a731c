// How a thread that works now and then waits: until it is woken, told to stop, or so much time has
// passed on the steady clock. Moving the machine's clock back does not make the wait longer.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"

namespace specom {

class Waker {
 public:
  // Ends the wait under way, or the next one.
  void Wake() {
    std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }

  // Ends every wait from now on.
  void Stop() {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

  // Undoes Stop.
  void Restart() {
    std::lock_guard lock(mutex_);
    stopped_ = false;
  }

  bool Stopped() const {
    std::lock_guard lock(mutex_);
    return stopped_;
  }

  // Waits until woken or stopped, or so long. Uses the call to wake up.
  void WaitOrWake(absl::Duration longest) {
    Wait(longest, [this] { return stopped_ || woken_; });
    std::lock_guard lock(mutex_);
    woken_ = false;
  }

  // Waits so long, or until stopped; calls to wake up change nothing. True when stopped.
  bool WaitOrStop(absl::Duration longest) {
    return Wait(longest, [this] { return stopped_; });
  }

 private:
  template <class Condition>
  bool Wait(absl::Duration longest, Condition condition) {
    std::unique_lock lock(mutex_);
    // wait_for measures on the steady clock.
    return changed_.wait_for(lock, std::chrono::nanoseconds(absl::ToInt64Nanoseconds(longest)), condition);
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool stopped_ = false;
};

}  // namespace specom
