// The inputs of a run that can be worked through again.
#pragma once

#include "absl/status/statusor.h"
#include "services/finance/app/ports.h"

namespace specom::finance {

// The errors of FindVisibleRun, CheckComputed and CheckMethod.
absl::StatusOr<InputSet> InputsOfComputedRun(store::Store& store, RunRepository& runs,
                                             InputSetRepository& inputs, const RequestContext& context,
                                             const RunId& run);

}  // namespace specom::finance
