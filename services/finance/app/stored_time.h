// Time as stores keep it: what an operation returns is what is read back.
#pragma once

#include "absl/time/time.h"
#include "libs/base/clock.h"

namespace specom::finance {

// The present to the whole microsecond.
inline absl::Time StoredNow(const Clock& clock) {
  return absl::FromUnixMicros(absl::ToUnixMicros(clock.Now()));
}

}  // namespace specom::finance
