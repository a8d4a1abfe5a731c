// The run, the job that computes it and the audit record of who asked commit together.
#include "services/finance/app/create_run.h"

#include <utility>

#include "libs/base/status.h"
#include "libs/store/audit.h"
#include "services/finance/app/read.h"
#include "services/finance/app/stored_digest.h"
#include "services/finance/app/stored_time.h"

namespace specom::finance {

Run CreateRun::RunOn(const RequestContext& context, const InputSetRecord& input_set) const {
  Run run;
  run.id = RunIdOf(input_set.id, kMethodVersion);
  run.input_set = input_set.id;
  run.stream = input_set.policy.stream;
  run.year = input_set.policy.financial_year;
  run.method_version = kMethodVersion;
  run.created_by = context.principal.user;
  run.create_time = StoredNow(clock_);
  return run;
}

absl::StatusOr<Run> CreateRun::Preview(const RequestContext& context, const CreateRunCommand& command) {
  return Read<Run>(store_, context, [&](store::UnitOfWork& work) -> absl::StatusOr<Run> {
    ASSIGN_OR_RETURN(InputSetRecord input_set,
                     command.input_set
                         ? FindVisibleInputSet(work, inputs_, context.principal, *command.input_set)
                         : reference_.Describe(work, command.stream, command.year));
    const Run fresh = RunOn(context, input_set);
    ASSIGN_OR_RETURN(std::optional<Run> existing, runs_.Find(work, fresh.id));
    if (!existing) return fresh;
    return existing->state == RunState::kFailed ? Requeue(*existing) : *existing;
  });
}

absl::StatusOr<Run> CreateRun::Execute(const RequestContext& context, const CreateRunCommand& command) {
  if (command.validate_only) return Preview(context, command);

  auto load = [&](store::UnitOfWork& work, const std::string& resource) {
    return FindVisibleRun(work, runs_, context.principal, RunIdFrom(resource));
  };
  bool requested = false;
  auto create = [&](store::UnitOfWork& work) -> absl::StatusOr<std::pair<std::string, Run>> {
    requested = false;
    ASSIGN_OR_RETURN(InputSetRecord input_set,
                     command.input_set
                         ? FindVisibleInputSet(work, inputs_, context.principal, *command.input_set)
                         : reference_.Ensure(work, context, command.stream, command.year));
    Run run = RunOn(context, input_set);
    const std::string name = ResourceName(run.id);
    ASSIGN_OR_RETURN(std::optional<Run> existing, runs_.Find(work, run.id));
    std::string before;
    if (!existing) {
      RETURN_IF_ERROR(runs_.Insert(work, run));
      requested = true;
    } else if (existing->state == RunState::kFailed) {
      before = StoredDigest(*existing);
      ASSIGN_OR_RETURN(run, Requeue(*existing));
      RETURN_IF_ERROR(runs_.Update(work, run));
      requested = true;
    } else {
      run = *std::move(existing);
      before = StoredDigest(run);
    }
    ASSIGN_OR_RETURN(const bool joined, runs_.AddHolder(work, run.id, context.principal.organisation));
    if (requested) RETURN_IF_ERROR(events_.Requested(work, context, run));
    if (requested || joined) {
      RETURN_IF_ERROR(work.Audit(context, {.resource = name,
                                           .action = requested ? "requested" : "joined",
                                           .before_digest = before,
                                           .after_digest = StoredDigest(run)}));
    }
    return std::pair(name, std::move(run));
  };
  ASSIGN_OR_RETURN(Run run, store::WriteOnce<Run>(store_, context, create, load));
  if (requested) on_requested_();
  return run;
}

}  // namespace specom::finance
