// Reads of runs, each in one transaction that sees one state of the database.
#include "services/finance/app/runs.h"

#include "services/finance/app/read.h"

namespace specom::finance {

absl::StatusOr<Run> GetRun::Execute(const RequestContext& context, const RunId& id) {
  return Read<Run>(store_, context, [&](store::UnitOfWork& work) {
    return FindVisibleRun(work, runs_, context.principal, id);
  });
}

absl::StatusOr<std::vector<Run>> BatchGetRuns::Execute(const RequestContext& context,
                                                       const std::vector<RunId>& ids) {
  using Runs = absl::StatusOr<std::vector<Run>>;
  return Read<std::vector<Run>>(store_, context, [&](store::UnitOfWork& work) -> Runs {
    std::vector<Run> found;
    for (const RunId& id : ids) {
      ASSIGN_OR_RETURN(Run run, FindVisibleRun(work, runs_, context.principal, id));
      found.push_back(std::move(run));
    }
    return found;
  });
}

absl::StatusOr<std::vector<Run>> ListRuns::Execute(const RequestContext& context,
                                                   const ListRunsQuery& query) {
  return Read<std::vector<Run>>(store_, context, [&](store::UnitOfWork& work) {
    return runs_.List(work, query.filter, ViewerOf(context.principal), query.after, query.limit);
  });
}

absl::StatusOr<std::vector<Allocation>> ListAllocations::Execute(const RequestContext& context,
                                                                 const ListAllocationsQuery& query) {
  using Allocations = absl::StatusOr<std::vector<Allocation>>;
  return Read<std::vector<Allocation>>(store_, context, [&](store::UnitOfWork& work) -> Allocations {
    ASSIGN_OR_RETURN(Run run, FindVisibleRun(work, runs_, context.principal, query.run));
    RETURN_IF_ERROR(CheckComputed(run));
    return runs_.Allocations(work, query.run, query.level, query.position, query.limit);
  });
}

}  // namespace specom::finance
