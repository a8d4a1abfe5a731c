// Figures are those stored with the runs, so that runs of different methods can be compared too.
#include "services/finance/app/compare_runs.h"

#include <utility>

#include "services/finance/app/read.h"
#include "services/finance/app/stored_result.h"

namespace specom::finance {

absl::StatusOr<CompareRuns::Side> CompareRuns::Load(store::UnitOfWork& work, const RequestContext& context,
                                                    const RunId& run) {
  ASSIGN_OR_RETURN(Run found, FindVisibleRun(work, runs_, context.principal, run));
  RETURN_IF_ERROR(CheckComputed(found));
  Side side;
  ASSIGN_OR_RETURN(side.inputs, inputs_.Load(work, found.input_set));
  ASSIGN_OR_RETURN(side.result, StoredResult(work, runs_, run));
  return side;
}

absl::StatusOr<Comparison> CompareRuns::Execute(const RequestContext& context, const RunId& base,
                                                const RunId& other) {
  using Sides = std::pair<Side, Side>;
  ASSIGN_OR_RETURN(Sides sides,
                   Read<Sides>(store_, context, [&](store::UnitOfWork& work) -> absl::StatusOr<Sides> {
                     ASSIGN_OR_RETURN(Side first, Load(work, context, base));
                     ASSIGN_OR_RETURN(Side second, Load(work, context, other));
                     return Sides(std::move(first), std::move(second));
                   }));
  return Compare(sides.first.inputs, sides.first.result, sides.second.inputs, sides.second.result);
}

}  // namespace specom::finance
