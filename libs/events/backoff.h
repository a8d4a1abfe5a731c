// Waits that double with every failure in a row, up to a limit, with some chance in them so that
// processes do not come back in step.
#pragma once

#include <algorithm>

#include "absl/random/random.h"
#include "absl/time/time.h"

namespace specom::events {

class Backoff {
 public:
  Backoff(absl::Duration first, absl::Duration longest) : first_(first), longest_(longest), next_(first) {}

  int failures() const { return failures_; }
  void Reset() {
    failures_ = 0;
    next_ = first_;
  }
  // The wait after one more failure: half of it certain, half by chance.
  absl::Duration Next() {
    ++failures_;
    const absl::Duration wait = next_ * absl::Uniform(random_, 0.5, 1.0);
    next_ = std::min(next_ * 2, longest_);
    return wait;
  }

 private:
  const absl::Duration first_;
  const absl::Duration longest_;
  absl::Duration next_;
  int failures_ = 0;
  absl::BitGen random_;
};

}  // namespace specom::events
