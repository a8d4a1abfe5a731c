// Lifetimes that do not end together.
#pragma once

#include "absl/random/bit_gen_ref.h"
#include "absl/random/random.h"
#include "absl/time/time.h"

namespace specom::cache {

// The lifetime, give or take up to `jitter` of it; jitter from 0 to below 1.
inline absl::Duration Jittered(absl::Duration lifetime, double jitter, absl::BitGenRef random) {
  return lifetime * absl::Uniform(absl::IntervalClosed, random, 1 - jitter, 1 + jitter);
}

}  // namespace specom::cache
