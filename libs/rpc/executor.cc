#include "libs/rpc/executor.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "libs/base/check.h"
#include "libs/base/status.h"

namespace specom::rpc {
namespace {

// How much one observation moves the mean time of a task.
constexpr double kSmoothing = 0.1;
constexpr absl::Duration kShortestRetry = absl::Milliseconds(50);
constexpr absl::Duration kLongestRetry = absl::Seconds(5);

absl::Status DeadlinePassed() {
  return MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                   "The call's deadline passed before its work began; nothing was done.");
}

}  // namespace

struct Executor::State {
  struct Waiting {
    absl::Time deadline;
    Task task;
  };

  State(const Options& executor_options, const Clock& executor_clock)
      : options(executor_options), clock(executor_clock) {}

  // The tasks whose deadline passed, taken out of the queue.
  std::vector<Task> TakeExpired() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    absl::Time now = clock.Now();
    auto expired = std::stable_partition(queue.begin(), queue.end(),
                                         [&](const Waiting& waiting) { return waiting.deadline > now; });
    std::vector<Task> tasks;
    for (auto it = expired; it != queue.end(); ++it) tasks.push_back(std::move(it->task));
    queue.erase(expired, queue.end());
    return tasks;
  }

  // When a place in the queue may be expected.
  absl::Duration RetryAfter() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    double rounds = static_cast<double>(options.queue_limit) / options.threads + 1;
    return std::clamp(mean_task * rounds, kShortestRetry, kLongestRetry);
  }

  void Work() {
    while (true) {
      Waiting next;
      {
        absl::MutexLock lock(&mutex);
        auto wake = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return stopping || !queue.empty(); };
        mutex.Await(absl::Condition(&wake));
        if (queue.empty()) return;
        next = std::move(queue.front());
        queue.pop_front();
        ++running;
      }
      absl::Time began = clock.Now();
      bool in_time = next.deadline > began;
      next.task(in_time ? absl::OkStatus() : DeadlinePassed());
      absl::Duration took = clock.Now() - began;
      absl::MutexLock lock(&mutex);
      --running;
      if (in_time) mean_task += kSmoothing * (took - mean_task);
    }
  }

  const Options options;
  const Clock& clock;
  mutable absl::Mutex mutex;
  std::deque<Waiting> queue ABSL_GUARDED_BY(mutex);
  // Tasks that a thread has in hand.
  int running ABSL_GUARDED_BY(mutex) = 0;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  absl::Duration mean_task ABSL_GUARDED_BY(mutex) = absl::Milliseconds(20);
  std::vector<std::thread> threads;
};

Executor::Executor(const Options& options, const Clock& clock)
    : state_(std::make_unique<State>(options, clock)) {
  SPECOM_CHECK(options.threads >= 1 && options.queue_limit >= 0);
  for (int i = 0; i < options.threads; ++i)
    state_->threads.emplace_back([state = state_.get()] { state->Work(); });
}

Executor::~Executor() {
  Stop();
}

absl::Status Executor::Submit(absl::Time deadline, Task task) {
  if (deadline <= state_->clock.Now()) return DeadlinePassed();
  std::vector<Task> expired;
  absl::Status status;
  {
    absl::MutexLock lock(&state_->mutex);
    auto room = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) {
      int taken = static_cast<int>(state_->queue.size()) + state_->running;
      return taken < state_->options.queue_limit + state_->options.threads;
    };
    if (!state_->stopping && !room()) expired = state_->TakeExpired();
    if (state_->stopping) {
      status = MakeError(absl::StatusCode::kUnavailable, "STOPPING",
                         "The server is stopping; try again and another one will answer.");
    } else if (!room()) {
      status = WithRetryAfter(
          MakeError(
              absl::StatusCode::kResourceExhausted, "OVERLOADED",
              "The server has more work than it can take; nothing was done. Try again after the given time."),
          static_cast<int>(absl::ToInt64Milliseconds(state_->RetryAfter())));
    } else {
      state_->queue.push_back({deadline, std::move(task)});
    }
  }
  for (Task& gone : expired) gone(DeadlinePassed());
  return status;
}

void Executor::Stop() {
  {
    absl::MutexLock lock(&state_->mutex);
    state_->stopping = true;
  }
  for (std::thread& thread : state_->threads) {
    if (thread.joinable()) thread.join();
  }
}

int Executor::threads() const {
  return state_->options.threads;
}

int Executor::waiting() const {
  absl::MutexLock lock(&state_->mutex);
  return static_cast<int>(state_->queue.size());
}

}  // namespace specom::rpc
