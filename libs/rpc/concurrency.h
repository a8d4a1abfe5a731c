// How many tasks are worth running at once. Tasks that wait for a database may be many; tasks that wait for
// a processor only make each other slow, and the threads that talk to the callers with them.
#pragma once

#include <optional>

#include "absl/time/time.h"

namespace specom::rpc {

// How long the threads have waited for a processor while they could have run, as Linux counts it. Each
// thread has one of its own.
class ProcessorWait {
 public:
  ProcessorWait();
  ~ProcessorWait();
  ProcessorWait(const ProcessorWait&) = delete;
  ProcessorWait& operator=(const ProcessorWait&) = delete;

  // Of the thread that made this object, since it began; zero where the kernel does not count.
  absl::Duration SoFar() const;

 private:
  int file_;
};

// Fewer, one at a time, while tasks spend more than half of their time waiting for a processor; more again
// when it is less than a third. Not for two threads at once.
class Concurrency {
 public:
  static constexpr double kCrowded = 0.5;
  static constexpr double kRoomy = 1.0 / 3;
  // A judgement takes so much time and so many tasks.
  static constexpr absl::Duration kWindow = absl::Milliseconds(50);
  static constexpr int kTasks = 8;

  // 1 <= least <= most. Begins at most.
  Concurrency(int least, int most) : least_(least), most_(most), limit_(most) {}

  int limit() const { return limit_; }
  // A task ended: how long it took, and how much of that it waited for a processor.
  void Ran(absl::Time now, absl::Duration took, absl::Duration waited);

 private:
  const int least_;
  const int most_;
  int limit_;
  absl::Time window_end_ = absl::InfinitePast();
  int tasks_ = 0;
  absl::Duration took_;
  absl::Duration waited_;
};

}  // namespace specom::rpc
