// One round: a world, a child that dies where the plan says and comes back, every request repeated
// until it is answered, and a judgement of what is left.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/crash/rounds/plan.h"
#include "tests/crash/rounds/world.h"

namespace specom::crash {

// What the child said about a request.
struct Answer {
  // The movement that was made; empty for a refusal.
  std::string movement;
  // The reason of a refusal.
  std::string reason;

  friend bool operator==(const Answer&, const Answer&) = default;
};

struct RoundResult {
  // How often the child died where.
  std::map<CrashPoint, int> deaths;
  int lives = 0;
  // How often the child came back after a death and served.
  int recoveries = 0;
  // What does not hold; empty: everything does.
  std::vector<std::string> findings;
};

RoundResult PlayRound(Worlds& worlds, const Plan& plan);

// Compares the databases of both services with a model of what the answers mean. `answers` holds the
// answer to every request, the last one made after every other.
std::vector<std::string> Judge(World& world, const Plan& plan, const std::vector<Movement>& requests,
                               const std::vector<std::optional<Answer>>& answers);

}  // namespace specom::crash
