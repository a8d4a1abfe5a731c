// One read of the run and of the inputs that it names.
#include "services/finance/app/run_inputs.h"

#include "services/finance/app/read.h"

namespace specom::finance {

absl::StatusOr<InputSet> InputsOfComputedRun(store::Store& store, RunRepository& runs,
                                             InputSetRepository& inputs, const RequestContext& context,
                                             const RunId& run) {
  return Read<InputSet>(store, context, [&](store::UnitOfWork& work) -> absl::StatusOr<InputSet> {
    ASSIGN_OR_RETURN(Run found, FindVisibleRun(work, runs, context.principal, run));
    RETURN_IF_ERROR(CheckComputed(found));
    RETURN_IF_ERROR(CheckMethod(found));
    return inputs.Load(work, found.input_set);
  });
}

}  // namespace specom::finance
