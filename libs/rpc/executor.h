// Threads for operations that may block: a bounded number, with a queue before them that is bounded by the
// wait that it means. Work that would wait in vain is refused at once instead of later.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"

namespace specom::observe {
class Metrics;
}

namespace specom::rpc {

class Executor {
 public:
  struct Options {
    // 1 or more. Fewer run at once while they only starve each other of processors: see Concurrency.
    int threads = 8;
    // Tasks that may wait for a thread, whatever the wait; 0 or more.
    int queue_limit = 256;
    // How long a task may expect to wait while there is more work than can be done; zero: twice what one
    // takes at present. See Admission.
    absl::Duration wait_target = absl::ZeroDuration();
  };

  // Tasks of one kind take about the same time, so that the wait behind them is known: e.g. those of one
  // method, by its address. Few.
  using Kind = const void*;

  // Called once: with OK on a thread of the executor, to do the work; with DEADLINE_EXCEEDED when the
  // deadline passed in the queue, to say so (then on any thread).
  using Task = std::function<void(absl::Status)>;

  // The clock, a steady one so that setting the machine's changes no wait, and the metrics outlive the
  // executor; metrics may be null:
  //   specom_admission_refused_total {reason: queue_full, long_wait}, specom_admission_waiting,
  //   specom_admission_running, specom_admission_concurrency, specom_admission_expected_wait_seconds,
  //   specom_admission_strict
  Executor(const Options& options, const Clock& clock, observe::Metrics* metrics = nullptr);
  // Stop()s.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // By the executor's clock.
  absl::Time Now() const;

  // deadline: by the executor's clock. Takes the task, or refuses it at once and never calls it:
  // DEADLINE_EXCEEDED when the deadline has passed; RESOURCE_EXHAUSTED/OVERLOADED, with how long to stay
  // away, when the queue is full, the wait in it would be too long, or longer than the deadline allows;
  // UNAVAILABLE/STOPPING after Stop().
  absl::Status Submit(absl::Time deadline, Task task, Kind kind = nullptr);

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
