// Runs, who may see them, and what they allocate, as rows.
#pragma once

#include "services/finance/app/ports.h"

namespace specom::finance {

class SqlRunRepository final : public RunRepository {
 public:
  absl::StatusOr<std::optional<Run>> Find(store::UnitOfWork& work, const RunId& id) override;
  absl::StatusOr<std::optional<Run>> FindPublished(store::UnitOfWork& work, const std::string& stream,
                                                   FinancialYear year) override;
  absl::Status Insert(store::UnitOfWork& work, const Run& run) override;
  absl::Status Update(store::UnitOfWork& work, const Run& run) override;
  absl::StatusOr<bool> AddHolder(store::UnitOfWork& work, const RunId& id,
                                 const std::string& organisation) override;
  absl::StatusOr<bool> IsHeldFor(store::UnitOfWork& work, const RunId& id, const Viewer& viewer) override;
  absl::StatusOr<std::vector<Run>> List(store::UnitOfWork& work, const RunFilter& filter,
                                        const Viewer& viewer, const std::optional<LatestKey>& after,
                                        int limit) override;
  absl::Status SaveResult(store::UnitOfWork& work, const RunId& id, const AllocationResult& result) override;
  absl::StatusOr<std::vector<Allocation>> Allocations(store::UnitOfWork& work, const RunId& id,
                                                      AllocationLevel level, std::int64_t position,
                                                      int limit) override;
};

}  // namespace specom::finance
