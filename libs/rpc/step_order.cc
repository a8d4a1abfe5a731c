#include "libs/rpc/step_order.h"

#include <set>
#include <string>

#include "libs/base/status.h"

namespace specom::rpc {

absl::Status CheckOrder(std::span<const StepPlace> steps) {
  std::string problems;
  std::set<std::string_view> seen;
  for (const StepPlace& step : steps) {
    for (std::string_view predecessor : step.after) {
      if (!seen.contains(predecessor)) {
        problems += std::string(step.name) + " must come after " + std::string(predecessor) + "; ";
      }
    }
    if (!seen.insert(step.name).second) problems += std::string(step.name) + " is there twice; ";
  }
  if (problems.empty()) return absl::OkStatus();
  problems.resize(problems.size() - 2);
  return MakeError(absl::StatusCode::kFailedPrecondition, "STEP_ORDER", problems);
}

}  // namespace specom::rpc
