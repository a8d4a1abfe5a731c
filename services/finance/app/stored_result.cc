#include "services/finance/app/stored_result.h"

#include <limits>
#include <utility>

#include "libs/base/status.h"

namespace specom::finance {

absl::StatusOr<AllocationResult> StoredResult(store::UnitOfWork& work, RunRepository& runs,
                                              const RunId& run) {
  constexpr int kAll = std::numeric_limits<int>::max();
  AllocationResult result;
  ASSIGN_OR_RETURN(result.icbs, runs.Allocations(work, run, AllocationLevel::kIcb, 0, kAll));
  ASSIGN_OR_RETURN(result.regions, runs.Allocations(work, run, AllocationLevel::kRegion, 0, kAll));
  ASSIGN_OR_RETURN(std::vector<Allocation> england,
                   runs.Allocations(work, run, AllocationLevel::kEngland, 0, kAll));
  if (!england.empty()) result.england = std::move(england.front());
  result.opening_quantum = result.england.opening_target;
  result.closing_quantum = result.england.closing_target;
  return result;
}

}  // namespace specom::finance
