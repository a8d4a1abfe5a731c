// Whether somebody else would reach a run or an input set: for administrators, who reach none themselves.
#pragma once

#include "absl/status/status.h"
#include "services/finance/app/ports.h"

namespace specom::finance {

class Reach {
 public:
  Reach(store::Store& store, RunRepository& runs, InputSetRepository& inputs)
      : store_(store), runs_(runs), inputs_(inputs) {}

  // The outcome of FindVisibleRun for such a caller, in the context of the one who asks.
  absl::Status Execute(const RequestContext& context, const Principal& caller, const RunId& id);
  // Likewise of FindVisibleInputSet.
  absl::Status Execute(const RequestContext& context, const Principal& caller, const InputSetId& id);

 private:
  store::Store& store_;
  RunRepository& runs_;
  InputSetRepository& inputs_;
};

}  // namespace specom::finance
