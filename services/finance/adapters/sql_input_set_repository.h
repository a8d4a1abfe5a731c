// Input sets as rows: the head, the baseline ledger, need, and who may see them.
#pragma once

#include "services/finance/app/ports.h"

namespace specom::finance {

class SqlInputSetRepository final : public InputSetRepository {
 public:
  absl::StatusOr<std::optional<InputSetRecord>> Find(store::UnitOfWork& work, const InputSetId& id) override;
  absl::StatusOr<InputSet> Load(store::UnitOfWork& work, const InputSetId& id) override;
  absl::Status Insert(store::UnitOfWork& work, const InputSetRecord& record, const InputSet& inputs) override;
  absl::StatusOr<bool> AddHolder(store::UnitOfWork& work, const InputSetId& id,
                                 const std::string& organisation) override;
  absl::StatusOr<bool> IsVisible(store::UnitOfWork& work, const InputSetId& id,
                                 const Viewer& viewer) override;
  absl::StatusOr<std::vector<InputSetRecord>> List(store::UnitOfWork& work, const InputSetFilter& filter,
                                                   const Viewer& viewer,
                                                   const std::optional<LatestKey>& after, int limit) override;
  absl::StatusOr<std::vector<PlacedBaselineLine>> Lines(store::UnitOfWork& work, const InputSetId& id,
                                                        const IcbCode& icb, std::int64_t position,
                                                        int limit) override;
};

}  // namespace specom::finance
