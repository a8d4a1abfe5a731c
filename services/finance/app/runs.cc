// Reads of runs, each in one transaction that sees one state of the database.
#include "services/finance/app/runs.h"

#include <algorithm>
#include <utility>

#include "services/finance/app/read.h"
#include "services/finance/app/stored_result.h"

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
  if (query.footprint) return OnFootprint(context, query, *query.footprint);
  using Allocations = absl::StatusOr<std::vector<Allocation>>;
  return Read<std::vector<Allocation>>(store_, context, [&](store::UnitOfWork& work) -> Allocations {
    ASSIGN_OR_RETURN(Run run, FindVisibleRun(work, runs_, context.principal, query.run));
    RETURN_IF_ERROR(CheckComputed(run));
    return runs_.Allocations(work, query.run, query.level, query.position, query.limit);
  });
}

// The registry is asked between transactions, not within one.
absl::StatusOr<std::vector<Allocation>> ListAllocations::OnFootprint(const RequestContext& context,
                                                                     const ListAllocationsQuery& query,
                                                                     Date date) {
  struct Stored {
    AllocationResult result;
    Combination combination;
  };
  auto load = [&](store::UnitOfWork& work) -> absl::StatusOr<Stored> {
    ASSIGN_OR_RETURN(Run run, FindVisibleRun(work, runs_, context.principal, query.run));
    RETURN_IF_ERROR(CheckComputed(run));
    ASSIGN_OR_RETURN(AllocationResult result, StoredResult(work, runs_, query.run));
    ASSIGN_OR_RETURN(std::optional<InputSetRecord> inputs, inputs_.Find(work, run.input_set));
    if (!inputs) return absl::DataLossError("the inputs of run " + query.run.value() + " are gone");
    return Stored{std::move(result), inputs->policy.combination};
  };
  ASSIGN_OR_RETURN(Stored stored, Read<Stored>(store_, context, load));
  std::vector<IcbCode> icbs;
  for (const Allocation& icb : stored.result.icbs) icbs.emplace_back(icb.code);
  ASSIGN_OR_RETURN(std::vector<FootprintPart> parts, footprints_.On(context, icbs, date));
  ASSIGN_OR_RETURN(AllocationResult restated, Restate(stored.result, parts, stored.combination));
  std::vector<Allocation> rows = query.level == AllocationLevel::kIcb      ? std::move(restated.icbs)
                                 : query.level == AllocationLevel::kRegion ? std::move(restated.regions)
                                                                           : std::vector{restated.england};
  const auto total = static_cast<std::int64_t>(rows.size());
  const std::int64_t first = std::min(query.position, total);
  const std::int64_t last = std::min(first + query.limit, total);
  return std::vector<Allocation>(rows.begin() + first, rows.begin() + last);
}

}  // namespace specom::finance
