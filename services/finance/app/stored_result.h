// The figures of a run as they were stored with it.
#pragma once

#include "absl/status/statusor.h"
#include "services/finance/app/ports.h"

namespace specom::finance {

// Every level. The quanta are England's targets; the residual growth is not kept.
absl::StatusOr<AllocationResult> StoredResult(store::UnitOfWork& work, RunRepository& runs, const RunId& run);

}  // namespace specom::finance
