// Claim, compute, settle: two short transactions around a pure computation.
#include "services/finance/app/compute_run.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/store/audit.h"
#include "services/finance/app/read.h"
#include "services/finance/app/stored_digest.h"
#include "services/finance/app/stored_time.h"

namespace specom::finance {
namespace {

absl::Status AttemptsExhausted(const Run& run) {
  return absl::FailedPreconditionError(absl::StrCat(
      "taken up ", run.attempts - 1, " times without an outcome; the logs of the workers say why"));
}

absl::Status AuditStep(store::UnitOfWork& work, const RequestContext& context, const std::string& action,
                       const Run& before, const Run& after) {
  return work.Audit(context, {.resource = ResourceName(after.id),
                              .action = action,
                              .before_digest = StoredDigest(before),
                              .after_digest = StoredDigest(after),
                              .reason = after.failure});
}

}  // namespace

absl::StatusOr<std::optional<Run>> ComputeRun::ClaimRun(const RequestContext& context, const RunId& id,
                                                        const std::string& worker) {
  std::optional<Run> claimed;
  const absl::Status written = store_.Write(context, [&](store::UnitOfWork& work) -> absl::Status {
    claimed.reset();
    ASSIGN_OR_RETURN(std::optional<Run> run, runs_.Find(work, id));
    if (!run || IsFinished(run->state)) return absl::OkStatus();
    ASSIGN_OR_RETURN(claimed, Claim(*run, worker));
    RETURN_IF_ERROR(runs_.Update(work, *claimed));
    return AuditStep(work, context, "taken up", *run, *claimed);
  });
  RETURN_IF_ERROR(written);
  return claimed;
}

std::optional<PublishedComparison> ComputeRun::CompareToPublished(const Run& run,
                                                                  const AllocationResult& result) const {
  const InputSet* reference = library_.FindInputs(run.stream, run.year);
  const PublishedFigures* published = library_.FindPublished(run.stream, run.year);
  if (reference == nullptr || published == nullptr || InputDigest(*reference) != run.input_set.value()) {
    return std::nullopt;
  }
  return CompareWithPublished(result, *published);
}

absl::Status ComputeRun::Settle(const RequestContext& context, const Run& claimed,
                                const absl::StatusOr<AllocationResult>& result) {
  std::optional<RunOutcome> outcome;
  if (result.ok()) {
    outcome =
        RunOutcome{ResultDigest(*result), result->england.allocation, CompareToPublished(claimed, *result)};
  }
  return store_.Write(context, [&](store::UnitOfWork& work) -> absl::Status {
    ASSIGN_OR_RETURN(std::optional<Run> run, runs_.Find(work, claimed.id));
    if (!run || IsFinished(run->state)) return absl::OkStatus();
    const bool still_mine = run->state == RunState::kComputing && run->fence == claimed.fence;
    // The job must not end here: whoever has the run now may die of it.
    if (!still_mine) return absl::AbortedError(absl::StrCat(ResourceName(run->id), " was taken over"));
    ASSIGN_OR_RETURN(Run settled,
                     outcome ? Complete(*run, *outcome, StoredNow(clock_))
                             : Fail(*run, std::string(result.status().message()), StoredNow(clock_)));
    RETURN_IF_ERROR(runs_.Update(work, settled));
    if (outcome) RETURN_IF_ERROR(runs_.SaveResult(work, settled.id, *result));
    RETURN_IF_ERROR(events_.Completed(work, context, settled));
    return AuditStep(work, context, std::string(ToString(settled.state)), *run, settled);
  });
}

absl::Status ComputeRun::Execute(const RequestContext& context, const RunId& id, const std::string& worker) {
  ASSIGN_OR_RETURN(std::optional<Run> claimed, ClaimRun(context, id, worker));
  if (!claimed) return absl::OkStatus();
  signals_.NotifyChanged();

  absl::StatusOr<AllocationResult> result = AttemptsExhausted(*claimed);
  if (claimed->attempts <= kMaxRunAttempts) {
    absl::StatusOr<InputSet> inputs = Read<InputSet>(
        store_, context, [&](store::UnitOfWork& work) { return inputs_.Load(work, claimed->input_set); });
    const bool try_again = !inputs.ok() && !absl::IsDataLoss(inputs.status());
    if (try_again) return inputs.status();
    result = inputs.ok() ? Allocate(*inputs) : inputs.status();
  }
  RETURN_IF_ERROR(Settle(context, *claimed, result));
  signals_.NotifyChanged();
  return absl::OkStatus();
}

}  // namespace specom::finance
