// What a decision must be before it is recorded.
#pragma once

#include <string>
#include <vector>

#include "services/portfolio/domain/registry.h"

namespace specom::portfolio {

struct DecisionProblem {
  // The field of a decision, e.g. "icbs[3]" or "effective_to"; lists of files drop the index.
  std::string field;
  std::string value;
  std::string rule;
};

// Every rule that the decision breaks, judged by all that the registry knows: its identifier is
// well formed; it was taken on or before today; it covers at least one ICB and one service or line;
// ICBs, services and lines exist on its days; nothing highly specialised is moved; a service has a
// line that may be handed over; joint commissioning has a joint committee;
// conditions stand where the form says so.
std::vector<DecisionProblem> CheckDecision(const Registry& registry, const Record<Decision>& decision,
                                           Date today);

// Changes with every change of the decision.
std::string EtagOf(const Record<Decision>& decision);

}  // namespace specom::portfolio
