// The run's inputs are carried forward under its own policy.
#include "services/finance/app/project_allocations.h"

#include "libs/base/status.h"
#include "services/finance/app/run_inputs.h"

namespace specom::finance {

absl::StatusOr<Projection> ProjectAllocations::Execute(const RequestContext& context,
                                                       const ProjectAllocationsQuery& query) {
  ASSIGN_OR_RETURN(InputSet inputs, InputsOfComputedRun(store_, runs_, inputs_, context, query.run));
  return Project(inputs, query.years, query.tolerance);
}

}  // namespace specom::finance
