// Threads for operations that may block: a bounded number, with a bounded queue before them. Work
// that would wait in vain is refused at once instead of later.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"

namespace specom::rpc {

class Executor {
 public:
  struct Options {
    // 1 or more.
    int threads = 8;
    // Tasks that may wait for a thread; 0 or more.
    int queue_limit = 256;
  };

  // Called once: with OK on a thread of the executor, to do the work; with DEADLINE_EXCEEDED when the
  // deadline passed in the queue, to say so (then on any thread).
  using Task = std::function<void(absl::Status)>;

  // The clock outlives the executor.
  Executor(const Options& options, const Clock& clock);
  // Stop()s.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Takes the task, or refuses it at once and never calls it: DEADLINE_EXCEEDED when the deadline has
  // passed; RESOURCE_EXHAUSTED/OVERLOADED with how long to wait when the queue is full;
  // UNAVAILABLE/STOPPING after Stop().
  absl::Status Submit(absl::Time deadline, Task task);

  // Takes no more tasks, runs those that wait, and ends the threads. Idempotent.
  void Stop();

  int threads() const;
  // Tasks that wait for a thread now.
  int waiting() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace specom::rpc
