// Waits until a run is finished: the operation behind WaitOperation.
#pragma once

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "services/finance/app/ports.h"
#include "services/finance/app/run_signals.h"

namespace specom::finance {

class WaitRun {
 public:
  WaitRun(store::Store& store, RunRepository& runs, const Clock& clock, RunSignals& signals)
      : store_(store), runs_(runs), clock_(clock), signals_(signals) {}

  // The run as soon as it is finished, or as it is when `until` has passed or the caller has gone.
  // The errors of FindVisibleRun.
  absl::StatusOr<Run> Execute(const RequestContext& context, const RunId& id, absl::Time until);

 private:
  store::Store& store_;
  RunRepository& runs_;
  const Clock& clock_;
  RunSignals& signals_;
};

}  // namespace specom::finance
