// Approval: the run, its audit record and its event commit together.
#include "services/finance/app/approve_run.h"

#include <utility>

#include "libs/base/status.h"
#include "libs/store/audit.h"
#include "services/finance/app/read.h"
#include "services/finance/app/stored_digest.h"
#include "services/finance/app/stored_time.h"

namespace specom::finance {

absl::StatusOr<ApproveRun::Decision> ApproveRun::Decide(store::UnitOfWork& work,
                                                        const RequestContext& context,
                                                        const ApproveRunCommand& command) {
  ASSIGN_OR_RETURN(Run run, FindVisibleRun(work, runs_, context.principal, command.run));
  ASSIGN_OR_RETURN(Run approved, Approve(run, command.etag, context.principal.user, StoredNow(clock_)));
  return Decision{std::move(run), std::move(approved)};
}

absl::StatusOr<Run> ApproveRun::Execute(const RequestContext& context, const ApproveRunCommand& command) {
  if (command.validate_only) {
    ASSIGN_OR_RETURN(Decision planned, Read<Decision>(store_, context, [&](store::UnitOfWork& work) {
                       return Decide(work, context, command);
                     }));
    return std::move(planned.approved);
  }
  auto load = [&](store::UnitOfWork& work, const std::string& resource) {
    return FindVisibleRun(work, runs_, context.principal, RunIdFrom(resource));
  };
  auto approve = [&](store::UnitOfWork& work) -> absl::StatusOr<std::pair<std::string, Run>> {
    ASSIGN_OR_RETURN(Decision decision, Decide(work, context, command));
    const std::string name = ResourceName(decision.approved.id);
    RETURN_IF_ERROR(runs_.Update(work, decision.approved));
    RETURN_IF_ERROR(events_.Approved(work, context, decision.approved));
    RETURN_IF_ERROR(work.Audit(context, {.resource = name,
                                         .action = "approved",
                                         .before_digest = StoredDigest(decision.before),
                                         .after_digest = StoredDigest(decision.approved),
                                         .reason = command.note}));
    return std::pair(name, std::move(decision.approved));
  };
  return store::WriteOnce<Run>(store_, context, approve, load);
}

}  // namespace specom::finance
