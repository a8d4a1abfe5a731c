// What users of finance can ask for in a simulation, how finance is asked, and what the model foretells.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "tests/crash/simulation/finance_world.h"
#include "tests/crash/simulation/life_cycle_model.h"

namespace specom::crash {

struct User {
  ModelCaller caller;
  Role role;
};

// Three of national teams, an ICB, its region, and an ICB that brings nothing and is after everything.
const std::vector<User>& Users();
// Those who decide, by their role; the last one tries.
inline constexpr std::array<std::size_t, 4> kDeciders = {0, 1, 2, 5};
inline constexpr std::array<std::size_t, 5> kBringers = {0, 1, 2, 3, 4};

// What can be imported, and the names that follow from it.
struct Material {
  finance::InputFiles files;
  std::string input_set = {};
  std::string run = {};
  std::string pot = {};
};

// Three variants of the example for each of two years: two pots with three runs each.
const std::vector<Material>& Materials();

enum class Verb { kImport, kCreate, kApprove, kPublish };

// Something that a user asks for; kept, so that it can be asked for again.
struct Asked {
  Verb verb;
  std::size_t user;
  std::size_t material;
  // Approve and publish: the version that the user saw.
  int seen = 0;
  std::string request_id = {};
  // Every check, and nothing is done.
  bool validate_only = false;

  // "specom.finance.v1.FinanceService/ApproveRun"
  std::string Method() const;
  std::string Content() const;
};

std::string InWords(const Asked& asked);
RequestContext ContextOf(const Asked& asked, absl::Time now);
// What finance says, as the model would say it.
Outcome Execute(FinanceWorld& world, const RequestContext& context, const Asked& asked);
// What the model says; it is changed as finance should be.
Outcome Predict(LifeCycleModel& model, const Asked& asked);

}  // namespace specom::crash
