#include "libs/rpc/executor.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "libs/base/check.h"
#include "libs/base/random.h"
#include "libs/base/status.h"
#include "libs/observe/metrics.h"
#include "libs/rpc/admission.h"
#include "libs/rpc/concurrency.h"

namespace specom::rpc {
namespace {

// How much one observation moves the mean time of a task.
constexpr double kSmoothing = 0.1;
// What a task is taken to need while nothing is known of any.
constexpr absl::Duration kFirstGuess = absl::Milliseconds(1);
// At least so many tasks run at once, and as many as there are processors.
constexpr int kLeastConcurrency = 2;
constexpr absl::Duration kShortestRetry = absl::Milliseconds(50);
constexpr absl::Duration kLongestRetry = absl::Seconds(5);

absl::Status DeadlinePassed() {
  return MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                   "The call's deadline passed before its work began; nothing was done.");
}

absl::Status Stopping() {
  return MakeError(absl::StatusCode::kUnavailable, "STOPPING",
                   "The server is stopping; try again and another one will answer.");
}

// Twice the wait, and up to as much again by chance, so that those who are refused together do not
// return together.
int RetryMilliseconds(absl::Duration wait) {
  const double chance = static_cast<double>(Random64() >> 11) * 0x1p-53;
  return static_cast<int>(
      absl::ToInt64Milliseconds(std::clamp(wait * 2, kShortestRetry, kLongestRetry) * (1 + chance)));
}

absl::Status Overloaded(absl::Duration wait) {
  return WithRetryAfter(
      MakeError(
          absl::StatusCode::kResourceExhausted, "OVERLOADED",
          "The server has more work than it can take; nothing was done. Try again after the given time."),
      RetryMilliseconds(wait));
}

class Measures {
 public:
  explicit Measures(observe::Metrics& metrics)
      : queue_full_(Refused(metrics, "queue_full")),
        long_wait_(Refused(metrics, "long_wait")),
        waiting_(metrics.GetGauge("specom_admission_waiting", "Calls that wait for a thread.")),
        running_(metrics.GetGauge("specom_admission_running", "Calls that a thread has in hand.")),
        concurrency_(metrics.GetGauge("specom_admission_concurrency",
                                      "Calls that are worth running at once at present.")),
        expected_wait_(metrics.GetGauge("specom_admission_expected_wait_seconds",
                                        "How long a call that came now would wait for a thread.")),
        strict_(metrics.GetGauge("specom_admission_strict",
                                 "1 while there is more work than can be done and the wait is kept short.")) {
  }

  void QueueFull() { queue_full_.Increment(); }
  void LongWait() { long_wait_.Increment(); }
  void Set(std::size_t waiting, int running, int concurrency, absl::Duration expected_wait, bool strict) {
    waiting_.Set(static_cast<double>(waiting));
    running_.Set(running);
    concurrency_.Set(concurrency);
    expected_wait_.Set(absl::ToDoubleSeconds(expected_wait));
    strict_.Set(strict ? 1 : 0);
  }

 private:
  static observe::Counter Refused(observe::Metrics& metrics, const char* reason) {
    return metrics.GetCounter("specom_admission_refused_total",
                              "Calls that were refused because the server has too much to do.",
                              {{"reason", reason}});
  }

  observe::Counter queue_full_, long_wait_;
  observe::Gauge waiting_, running_, concurrency_, expected_wait_, strict_;
};

}  // namespace

struct Executor::State {
  struct Waiting {
    absl::Time deadline;
    Task task;
    Kind kind = nullptr;
    // What it is taken to need.
    absl::Duration expected;
  };

  State(const Options& executor_options, const Clock& executor_clock, observe::Metrics* metrics)
      : options(executor_options),
        clock(executor_clock),
        admission(executor_options.wait_target),
        concurrency(LeastConcurrency(options.threads), options.threads) {
    if (metrics != nullptr) measures.emplace(*metrics);
  }

  static int LeastConcurrency(int threads) {
    return std::min(threads,
                    std::max(kLeastConcurrency, static_cast<int>(std::thread::hardware_concurrency())));
  }

  // The tasks whose deadline passed, taken out of the queue.
  std::vector<Task> TakeExpired(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    auto expired = std::stable_partition(queue.begin(), queue.end(),
                                         [&](const Waiting& waiting) { return waiting.deadline > now; });
    std::vector<Task> tasks;
    for (auto it = expired; it != queue.end(); ++it) {
      backlog -= it->expected;
      tasks.push_back(std::move(it->task));
    }
    queue.erase(expired, queue.end());
    return tasks;
  }

  bool ThreadIsFree() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return static_cast<int>(queue.size()) + running < concurrency.limit();
  }
  bool QueueIsFull() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return static_cast<int>(queue.size()) + running >= options.queue_limit + options.threads;
  }
  // Of a task that comes now: until the threads have worked off what waits before it.
  absl::Duration ExpectedWait() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return ThreadIsFree() ? absl::ZeroDuration() : backlog / concurrency.limit();
  }

  absl::Duration ExpectedOf(Kind kind) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    auto known = means.find(kind);
    return known == means.end() ? mean : known->second;
  }
  void Learn(Kind kind, absl::Duration took) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    auto [known, is_first] = means.try_emplace(kind, took);
    if (!is_first) known->second += kSmoothing * (took - known->second);
    mean += kSmoothing * (took - mean);
  }

  void Show() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (measures) {
      measures->Set(queue.size(), running, concurrency.limit(), ExpectedWait(), admission.strict());
    }
  }

  // Nothing when a task may come into the queue now; else how long it would wait there.
  std::optional<absl::Duration> Refuse(absl::Time now, absl::Time deadline)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const absl::Duration wait = ExpectedWait();
    if (QueueIsFull()) {
      if (measures) measures->QueueFull();
      return std::max(wait, mean);
    }
    const bool admits = admission.Admits(now, {.empty = queue.empty(), .wait = wait, .task = mean});
    if (admits && now + wait < deadline) return std::nullopt;
    if (measures) measures->LongWait();
    return wait;
  }

  // A thread may take up the next task, or is to end.
  bool MayWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return queue.empty() ? stopping : running < concurrency.limit();
  }

  void Work() {
    const ProcessorWait processor_wait;
    while (true) {
      Waiting next;
      {
        absl::MutexLock lock(&mutex);
        mutex.Await(absl::Condition(this, &State::MayWork));
        if (queue.empty()) return;
        next = std::move(queue.front());
        queue.pop_front();
        backlog -= next.expected;
        ++running;
        Show();
      }
      const absl::Duration waited_before = processor_wait.SoFar();
      absl::Time began = clock.Now();
      bool in_time = next.deadline > began;
      next.task(in_time ? absl::OkStatus() : DeadlinePassed());
      const absl::Time ended = clock.Now();
      const absl::Duration waited = processor_wait.SoFar() - waited_before;
      absl::MutexLock lock(&mutex);
      --running;
      if (in_time) {
        Learn(next.kind, ended - began);
        concurrency.Ran(ended, ended - began, waited);
      }
      Show();
    }
  }

  const Options options;
  const Clock& clock;
  std::optional<Measures> measures;
  mutable absl::Mutex mutex;
  Admission admission ABSL_GUARDED_BY(mutex);
  Concurrency concurrency ABSL_GUARDED_BY(mutex);
  std::deque<Waiting> queue ABSL_GUARDED_BY(mutex);
  // What all that waits is taken to need.
  absl::Duration backlog ABSL_GUARDED_BY(mutex);
  // Tasks that a thread has in hand.
  int running ABSL_GUARDED_BY(mutex) = 0;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  // How long tasks take: those of a kind, and all of them.
  std::unordered_map<Kind, absl::Duration> means ABSL_GUARDED_BY(mutex);
  absl::Duration mean ABSL_GUARDED_BY(mutex) = kFirstGuess;
  std::vector<std::thread> threads;
};

Executor::Executor(const Options& options, const Clock& clock, observe::Metrics* metrics)
    : state_(std::make_unique<State>(options, clock, metrics)) {
  SPECOM_CHECK(options.threads >= 1 && options.queue_limit >= 0);
  for (int i = 0; i < options.threads; ++i)
    state_->threads.emplace_back([state = state_.get()] { state->Work(); });
}

Executor::~Executor() {
  Stop();
}

absl::Status Executor::Submit(absl::Time deadline, Task task, Kind kind) {
  const absl::Time now = state_->clock.Now();
  if (deadline <= now) return DeadlinePassed();
  std::vector<Task> expired;
  std::optional<absl::Duration> refused;
  {
    absl::MutexLock lock(&state_->mutex);
    if (state_->stopping) return Stopping();
    if (state_->QueueIsFull()) expired = state_->TakeExpired(now);
    refused = state_->Refuse(now, deadline);
    if (!refused) {
      const absl::Duration expected = state_->ExpectedOf(kind);
      state_->queue.push_back({deadline, std::move(task), kind, expected});
      state_->backlog += expected;
    }
    state_->Show();
  }
  for (Task& gone : expired) gone(DeadlinePassed());
  return refused ? Overloaded(*refused) : absl::OkStatus();
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

absl::Time Executor::Now() const {
  return state_->clock.Now();
}

int Executor::threads() const {
  return state_->options.threads;
}

int Executor::waiting() const {
  absl::MutexLock lock(&state_->mutex);
  return static_cast<int>(state_->queue.size());
}

}  // namespace specom::rpc
