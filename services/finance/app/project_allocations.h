// Projects a run over further years: distances, allocations and years to target.
#pragma once

#include "absl/status/statusor.h"
#include "services/finance/app/ports.h"
#include "services/finance/domain/projection.h"

namespace specom::finance {

struct ProjectAllocationsQuery {
  RunId run;
  // 1 to 50.
  int years = 1;
  // An ICB counts as at target within this distance, a ratio.
  double tolerance = kDefaultTolerance;
};

class ProjectAllocations {
 public:
  ProjectAllocations(store::Store& store, RunRepository& runs, InputSetRepository& inputs)
      : store_(store), runs_(runs), inputs_(inputs) {}

  // The errors of FindVisibleRun, CheckComputed, CheckMethod and domain Project.
  absl::StatusOr<Projection> Execute(const RequestContext& context, const ProjectAllocationsQuery& query);

 private:
  store::Store& store_;
  RunRepository& runs_;
  InputSetRepository& inputs_;
};

}  // namespace specom::finance
