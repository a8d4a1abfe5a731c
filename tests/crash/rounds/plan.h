// What happens in a round, drawn from its seed: the requests, and where the child dies.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "libs/base/crash_point.h"
#include "tests/crash/child/ledger.h"

namespace specom::crash {

inline constexpr std::array kCrashPoints = {
    CrashPoint::kBeforeBegin,  CrashPoint::kAfterState,  CrashPoint::kAfterOutbox,
    CrashPoint::kBeforeCommit, CrashPoint::kAfterCommit, CrashPoint::kAfterPublish,
    CrashPoint::kBeforeMark,   CrashPoint::kAfterHandle, CrashPoint::kBeforeAck};

struct PlannedDeath {
  CrashPoint point = CrashPoint::kBeforeBegin;
  // At which visit of the point, from 1.
  int visit = 1;
  // The bus has lost its data when the child comes back.
  bool bus_is_lost = false;
};

struct Plan {
  std::uint64_t seed = 0;
  // How many requests the child works on at the same time.
  int handlers = 1;
  std::vector<Movement> requests;
  // One for each life but the last.
  std::vector<PlannedDeath> deaths;
};

// Nine neighbouring seeds have their first deaths at nine different points.
Plan DrawPlan(std::uint64_t seed);
// "after_commit:3"
std::string ToString(const PlannedDeath& death);
std::string RequestId(std::size_t request);

}  // namespace specom::crash
