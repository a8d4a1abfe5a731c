#include "libs/rpc/admission.h"

#include <algorithm>

namespace specom::rpc {

bool Admission::Admits(absl::Time now, const Queue& queue) {
  if (now >= window_end_) {
    // A window without calls, too, was one of few refusals.
    const bool gap = now >= window_end_ + kWindow;
    strict_ = strict_ && !gap && refused_ * kFewRefused >= arrived_ && arrived_ > 0;
    window_end_ = now + kWindow;
    arrived_ = refused_ = 0;
  }
  if (queue.empty) {
    empty_at_ = now;
  } else if (empty_at_ == absl::InfiniteFuture()) {
    // The first call of all comes when others wait already.
    empty_at_ = now;
  } else if (now - empty_at_ >= kStanding) {
    strict_ = true;
  }
  ++arrived_;
  const absl::Duration target =
      target_ > absl::ZeroDuration() ? target_ : std::min(kTargetTasks * queue.task, kBurstWait);
  if (queue.wait <= (strict_ ? target : kBurstWait)) return true;
  ++refused_;
  return false;
}

}  // namespace specom::rpc
