// The run's inputs are worked through again: the same inputs give the same steps.
#include "services/finance/app/explain_allocation.h"

#include "libs/base/status.h"
#include "services/finance/app/run_inputs.h"

namespace specom::finance {

absl::StatusOr<Explanation> ExplainAllocation::Execute(const RequestContext& context, const RunId& run,
                                                       const IcbCode& icb) {
  ASSIGN_OR_RETURN(InputSet inputs, InputsOfComputedRun(store_, runs_, inputs_, context, run));
  return Explain(inputs, icb);
}

}  // namespace specom::finance
