// An operation is a run seen from another side: nothing is kept for it.
#include "services/finance/adapters/run_operations.h"

#include "libs/base/status.h"
#include "services/finance/adapters/resource_names.h"
#include "services/finance/adapters/run_proto.h"

namespace specom::finance {

absl::StatusOr<google::longrunning::Operation> RunOperations::Get(const RequestContext& context,
                                                                  const std::string& name) {
  ASSIGN_OR_RETURN(RunId id, ParseOperationName("name", name));
  ASSIGN_OR_RETURN(Run run, operations_.get_run.Execute(context, id));
  return ToOperation(run);
}

absl::StatusOr<rpc::OperationPage> RunOperations::List(const RequestContext& context,
                                                       const std::string& filter, const std::string& after,
                                                       int limit) {
  if (!filter.empty()) {
    return InvalidFields({{"filter", "must be empty; list runs to filter by stream, year and state"}});
  }
  ListRunsQuery query;
  query.limit = limit + 1;
  if (!after.empty()) {
    ASSIGN_OR_RETURN(RunId id, ParseOperationName("page_token", after));
    ASSIGN_OR_RETURN(Run last, operations_.get_run.Execute(context, id));
    query.after = LatestKey{last.create_time, last.id.value()};
  }
  ASSIGN_OR_RETURN(std::vector<Run> runs, operations_.list_runs.Execute(context, query));
  rpc::OperationPage page;
  for (const Run& run : runs) {
    if (static_cast<int>(page.operations.size()) == limit) {
      page.next_after = page.operations.back().name();
      break;
    }
    page.operations.push_back(ToOperation(run));
  }
  return page;
}

absl::StatusOr<google::longrunning::Operation> RunOperations::Wait(const RequestContext& context,
                                                                   const std::string& name,
                                                                   absl::Time until) {
  ASSIGN_OR_RETURN(RunId id, ParseOperationName("name", name));
  ASSIGN_OR_RETURN(Run run, operations_.wait_run.Execute(context, id, until));
  return ToOperation(run);
}

}  // namespace specom::finance
