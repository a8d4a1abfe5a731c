// A clock that nobody sets: for waits and for how long things take. Its times mean nothing outside the
// process.
#pragma once

#include <chrono>

#include "libs/base/clock.h"

namespace specom {

class SteadyClock final : public Clock {
 public:
  absl::Time Now() const override {
    return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }
};

}  // namespace specom
