// Approval: the run, its record of change and its event commit together.
#include "services/finance/app/approve_run.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/finance/app/read.h"
#include "services/finance/app/stored_time.h"

namespace specom::finance {

absl::StatusOr<Run> ApproveRun::Decide(store::UnitOfWork& work, const RequestContext& context,
                                       const ApproveRunCommand& command) {
  ASSIGN_OR_RETURN(Run run, FindVisibleRun(work, runs_, context.principal, command.run));
  return Approve(run, command.etag, context.principal.user, StoredNow(clock_));
}

absl::StatusOr<Run> ApproveRun::Execute(const RequestContext& context, const ApproveRunCommand& command) {
  if (command.validate_only) {
    return Read<Run>(store_, context,
                     [&](store::UnitOfWork& work) { return Decide(work, context, command); });
  }
  auto load = [&](store::UnitOfWork& work, const std::string& resource) {
    return FindVisibleRun(work, runs_, context.principal, RunIdFrom(resource));
  };
  auto approve = [&](store::UnitOfWork& work) -> absl::StatusOr<std::pair<std::string, Run>> {
    ASSIGN_OR_RETURN(Run approved, Decide(work, context, command));
    const std::string name = ResourceName(approved.id);
    RETURN_IF_ERROR(runs_.Update(work, approved));
    RETURN_IF_ERROR(changes_.Append(
        work, context, name, command.note.empty() ? "approved" : absl::StrCat("approved: ", command.note)));
    RETURN_IF_ERROR(events_.Approved(work, context, approved));
    return std::pair(name, std::move(approved));
  };
  return store::WriteOnce<Run>(store_, context, approve, load);
}

}  // namespace specom::finance
