// Compares two runs of one stream, ICB by ICB, on the figures that they gave.
#pragma once

#include "absl/status/statusor.h"
#include "services/finance/app/ports.h"
#include "services/finance/domain/compare.h"

namespace specom::finance {

class CompareRuns {
 public:
  CompareRuns(store::Store& store, RunRepository& runs, InputSetRepository& inputs)
      : store_(store), runs_(runs), inputs_(inputs) {}

  // For each run the errors of FindVisibleRun and CheckComputed; then those of domain Compare.
  absl::StatusOr<Comparison> Execute(const RequestContext& context, const RunId& base, const RunId& other);

 private:
  struct Side {
    InputSet inputs;
    AllocationResult result;
  };
  absl::StatusOr<Side> Load(store::UnitOfWork& work, const RequestContext& context, const RunId& run);

  store::Store& store_;
  RunRepository& runs_;
  InputSetRepository& inputs_;
};

}  // namespace specom::finance
