// Gets, lists and waits for runs, and lists what they allocate.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "services/finance/app/ports.h"

namespace specom::finance {

class GetRun {
 public:
  GetRun(store::Store& store, RunRepository& runs) : store_(store), runs_(runs) {}

  // The errors of FindVisibleRun.
  absl::StatusOr<Run> Execute(const RequestContext& context, const RunId& id);

 private:
  store::Store& store_;
  RunRepository& runs_;
};

class BatchGetRuns {
 public:
  BatchGetRuns(store::Store& store, RunRepository& runs) : store_(store), runs_(runs) {}

  // In the order asked for, from one state of the database; the first that is missing fails all.
  absl::StatusOr<std::vector<Run>> Execute(const RequestContext& context, const std::vector<RunId>& ids);

 private:
  store::Store& store_;
  RunRepository& runs_;
};

struct ListRunsQuery {
  RunFilter filter;
  std::optional<LatestKey> after;
  int limit = 100;
};

class ListRuns {
 public:
  ListRuns(store::Store& store, RunRepository& runs) : store_(store), runs_(runs) {}

  // Those that the caller may see, latest first.
  absl::StatusOr<std::vector<Run>> Execute(const RequestContext& context, const ListRunsQuery& query);

 private:
  store::Store& store_;
  RunRepository& runs_;
};

struct ListAllocationsQuery {
  RunId run;
  AllocationLevel level = AllocationLevel::kIcb;
  // Absent: the footprint that was allocated to.
  std::optional<Date> footprint;
  // The first place in the list to be looked at, from 0.
  std::int64_t position = 0;
  int limit = 100;
};

class ListAllocations {
 public:
  ListAllocations(store::Store& store, RunRepository& runs, InputSetRepository& inputs,
                  Footprints& footprints)
      : store_(store), runs_(runs), inputs_(inputs), footprints_(footprints) {}

  // By code. The errors of FindVisibleRun and CheckComputed; on another footprint also those of
  // Footprints::On and domain Restate.
  absl::StatusOr<std::vector<Allocation>> Execute(const RequestContext& context,
                                                  const ListAllocationsQuery& query);

 private:
  absl::StatusOr<std::vector<Allocation>> OnFootprint(const RequestContext& context,
                                                      const ListAllocationsQuery& query, Date date);

  store::Store& store_;
  RunRepository& runs_;
  InputSetRepository& inputs_;
  Footprints& footprints_;
};

}  // namespace specom::finance
