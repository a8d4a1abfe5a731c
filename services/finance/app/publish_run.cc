// Publication: both runs, their events and the audit records commit together, so that there is
// one published run of a stream and year at any time.
#include "services/finance/app/publish_run.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/store/audit.h"
#include "services/finance/app/read.h"
#include "services/finance/app/stored_digest.h"
#include "services/finance/app/stored_time.h"

namespace specom::finance {
namespace {

absl::StatusOr<std::vector<Allocation>> AllocationsOfEveryLevel(store::UnitOfWork& work, RunRepository& runs,
                                                                const RunId& run) {
  std::vector<Allocation> all;
  for (AllocationLevel level : {AllocationLevel::kIcb, AllocationLevel::kRegion, AllocationLevel::kEngland}) {
    ASSIGN_OR_RETURN(std::vector<Allocation> allocations,
                     runs.Allocations(work, run, level, 0, std::numeric_limits<int>::max()));
    for (Allocation& allocation : allocations) all.push_back(std::move(allocation));
  }
  return all;
}

}  // namespace

absl::StatusOr<PublishRun::Decision> PublishRun::Decide(store::UnitOfWork& work,
                                                        const RequestContext& context,
                                                        const PublishRunCommand& command) {
  ASSIGN_OR_RETURN(Run run, FindVisibleRun(work, runs_, context.principal, command.run));
  ASSIGN_OR_RETURN(Run published, Publish(run, command.etag, context.principal.user, StoredNow(clock_)));
  return Decision{std::move(run), std::move(published)};
}

absl::Status PublishRun::SupersedeEarlier(store::UnitOfWork& work, const RequestContext& context,
                                          const Run& published) {
  ASSIGN_OR_RETURN(std::optional<Run> earlier, runs_.FindPublished(work, published.stream, published.year));
  if (!earlier) return absl::OkStatus();
  ASSIGN_OR_RETURN(Run superseded, Supersede(*earlier, published.id));
  RETURN_IF_ERROR(runs_.Update(work, superseded));
  RETURN_IF_ERROR(events_.Superseded(work, context, superseded));
  return work.Audit(context, {.resource = ResourceName(superseded.id),
                              .action = "superseded",
                              .before_digest = StoredDigest(*earlier),
                              .after_digest = StoredDigest(superseded),
                              .reason = absl::StrCat("by ", ResourceName(published.id))});
}

absl::StatusOr<Run> PublishRun::Execute(const RequestContext& context, const PublishRunCommand& command) {
  if (command.validate_only) {
    ASSIGN_OR_RETURN(Decision planned, Read<Decision>(store_, context, [&](store::UnitOfWork& work) {
                       return Decide(work, context, command);
                     }));
    return std::move(planned.published);
  }
  auto load = [&](store::UnitOfWork& work, const std::string& resource) {
    return FindVisibleRun(work, runs_, context.principal, RunIdFrom(resource));
  };
  auto publish = [&](store::UnitOfWork& work) -> absl::StatusOr<std::pair<std::string, Run>> {
    ASSIGN_OR_RETURN(Decision decision, Decide(work, context, command));
    Run& published = decision.published;
    const std::string name = ResourceName(published.id);
    RETURN_IF_ERROR(SupersedeEarlier(work, context, published));
    RETURN_IF_ERROR(runs_.Update(work, published));
    ASSIGN_OR_RETURN(std::vector<Allocation> allocations, AllocationsOfEveryLevel(work, runs_, published.id));
    RETURN_IF_ERROR(events_.Published(work, context, published, allocations));
    RETURN_IF_ERROR(work.Audit(context, {.resource = name,
                                         .action = "published",
                                         .before_digest = StoredDigest(decision.before),
                                         .after_digest = StoredDigest(published)}));
    return std::pair(name, std::move(published));
  };
  return store::WriteOnce<Run>(store_, context, publish, load);
}

}  // namespace specom::finance
