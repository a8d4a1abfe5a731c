// Computes a run: what a worker does with a job. Any number of workers, any number of deliveries;
// the run is done once.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "services/finance/app/ports.h"
#include "services/finance/app/run_signals.h"

namespace specom::finance {

// A run that was taken up this often without an outcome has workers that die of it: it fails.
inline constexpr int kMaxRunAttempts = 5;

class ComputeRun {
 public:
  ComputeRun(store::Store& store, RunRepository& runs, InputSetRepository& inputs,
             const ReferenceLibrary& library, RunEvents& events, const Clock& clock, RunSignals& signals)
      : store_(store),
        runs_(runs),
        inputs_(inputs),
        library_(library),
        events_(events),
        clock_(clock),
        signals_(signals) {}

  // Claims the run by raising its fence, computes, and commits the outcome only while the fence is
  // still its own; a worker that has lost the run discards what it has. OK also for a run that is
  // finished or does not exist. Inputs that cannot be computed make the run FAILED with the reason.
  // An error means: deliver the job again. A store that is away; ABORTED where another worker has the
  // run and has not finished it.
  absl::Status Execute(const RequestContext& context, const RunId& id, const std::string& worker);

 private:
  // The run as claimed; nothing when there is nothing to do.
  absl::StatusOr<std::optional<Run>> ClaimRun(const RequestContext& context, const RunId& id,
                                              const std::string& worker);
  // Brings results or the reason why there are none; no effect when the claim was lost, and ABORTED while
  // the run is not finished.
  absl::Status Settle(const RequestContext& context, const Run& claimed,
                      const absl::StatusOr<AllocationResult>& result);
  std::optional<PublishedComparison> CompareToPublished(const Run& run, const AllocationResult& result) const;

  store::Store& store_;
  RunRepository& runs_;
  InputSetRepository& inputs_;
  const ReferenceLibrary& library_;
  RunEvents& events_;
  const Clock& clock_;
  RunSignals& signals_;
};

}  // namespace specom::finance
