// For tests: the stored input sets with a seam before a worker reads them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "services/finance/adapters/sql_input_set_repository.h"

namespace specom::finance {

// Input sets as they are stored, but for what a test puts before loading one.
class InterceptedInputs final : public InputSetRepository {
 public:
  std::function<absl::Status()> before_load = [] { return absl::OkStatus(); };

  absl::StatusOr<std::optional<InputSetRecord>> Find(store::UnitOfWork& work, const InputSetId& id) override {
    return stored_.Find(work, id);
  }
  absl::StatusOr<InputSet> Load(store::UnitOfWork& work, const InputSetId& id) override {
    RETURN_IF_ERROR(before_load());
    return stored_.Load(work, id);
  }
  absl::Status Insert(store::UnitOfWork& work, const InputSetRecord& record,
                      const InputSet& inputs) override {
    return stored_.Insert(work, record, inputs);
  }
  absl::StatusOr<bool> AddHolder(store::UnitOfWork& work, const InputSetId& id,
                                 const std::string& organisation) override {
    return stored_.AddHolder(work, id, organisation);
  }
  absl::StatusOr<bool> IsVisible(store::UnitOfWork& work, const InputSetId& id,
                                 const Viewer& viewer) override {
    return stored_.IsVisible(work, id, viewer);
  }
  absl::StatusOr<std::vector<InputSetRecord>> List(store::UnitOfWork& work, const InputSetFilter& filter,
                                                   const Viewer& viewer,
                                                   const std::optional<LatestKey>& after,
                                                   int limit) override {
    return stored_.List(work, filter, viewer, after, limit);
  }
  absl::StatusOr<std::vector<PlacedBaselineLine>> Lines(store::UnitOfWork& work, const InputSetId& id,
                                                        const IcbCode& icb, std::int64_t position,
                                                        int limit) override {
    return stored_.Lines(work, id, icb, position, limit);
  }

 private:
  SqlInputSetRepository stored_;
};

}  // namespace specom::finance
