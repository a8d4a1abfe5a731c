// Time since the machine started, its sleep included: nobody sets it, and a machine that slept knows.
#pragma once

#include <ctime>

#include "libs/base/clock.h"

namespace specom::cache {

class BootClock final : public Clock {
 public:
  absl::Time Now() const override {
    timespec time{};
    clock_gettime(CLOCK_BOOTTIME, &time);
    return absl::UnixEpoch() + absl::DurationFromTimespec(time);
  }
};

}  // namespace specom::cache
