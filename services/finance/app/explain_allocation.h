// Explains one ICB of a run step by step: inputs, formula and value.
#pragma once

#include "absl/status/statusor.h"
#include "services/finance/app/ports.h"
#include "services/finance/domain/explain.h"

namespace specom::finance {

class ExplainAllocation {
 public:
  ExplainAllocation(store::Store& store, RunRepository& runs, InputSetRepository& inputs)
      : store_(store), runs_(runs), inputs_(inputs) {}

  // The errors of FindVisibleRun, CheckComputed, CheckMethod and domain Explain.
  absl::StatusOr<Explanation> Execute(const RequestContext& context, const RunId& run, const IcbCode& icb);

 private:
  store::Store& store_;
  RunRepository& runs_;
  InputSetRepository& inputs_;
};

}  // namespace specom::finance
