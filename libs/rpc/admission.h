// Which calls a server takes when more come than it can serve: as many as keep the wait short, so that
// those it takes are answered in time and the others know at once.
#pragma once

#include "absl/time/time.h"

namespace specom::rpc {

// Two limits on the wait that a call is to expect. A burst, which the server works off soon, may wait for
// `kBurstWait`. But a queue that has stood for `kStanding` is no burst: from then on calls wait for `target`
// at most, until a whole `kWindow` in which fewer than one in `kFewRefused` had to be refused for it.
class Admission {
 public:
  static constexpr absl::Duration kBurstWait = absl::Milliseconds(250);
  static constexpr absl::Duration kStanding = absl::Milliseconds(200);
  static constexpr absl::Duration kWindow = absl::Seconds(1);
  static constexpr int kFewRefused = 10;
  // The target where none is set, in times that a call takes.
  static constexpr double kTargetTasks = 2;

  // target: zero for kTargetTasks times what a call takes at present.
  explicit Admission(absl::Duration target) : target_(target) {}

  // The queue that a call finds.
  struct Queue {
    bool empty = true;
    // How long the call is to expect to wait.
    absl::Duration wait;
    // How long calls take on average, without the wait.
    absl::Duration task;
  };
  // Whether a call that comes now is taken. Not for two threads at once; time does not go back.
  bool Admits(absl::Time now, const Queue& queue);

  // True while the stricter limit holds.
  bool strict() const { return strict_; }

 private:
  absl::Duration target_;
  bool strict_ = false;
  // When a call last found the queue empty.
  absl::Time empty_at_ = absl::InfiniteFuture();
  absl::Time window_end_ = absl::InfinitePast();
  int arrived_ = 0;
  int refused_ = 0;
};

}  // namespace specom::rpc
