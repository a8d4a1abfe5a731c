// Many rounds one after another, and how a finding is told so that it can be played again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/crash/rounds/round.h"

namespace specom::crash {

struct RoundsResult {
  int rounds = 0;
  int lives = 0;
  int recoveries = 0;
  std::map<CrashPoint, int> deaths;
  // Each with its seed and the command that plays the round again.
  std::vector<std::string> findings;
};

// Plays the rounds of seeds first_seed, first_seed + 1 …; `shown` is called after each. Ends early when
// no world can be made, or after ten rounds with findings.
RoundsResult PlayRounds(Setting setting, std::uint64_t first_seed, int rounds,
                        const std::function<void(const RoundsResult&)>& shown = {});

}  // namespace specom::crash
