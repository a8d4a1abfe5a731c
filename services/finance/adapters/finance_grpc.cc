// The handlers, one line each, after what they translate: requests into queries and commands, and
// their outcomes into responses.
#include "services/finance/adapters/finance_grpc.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/rpc/paging.h"
#include "services/finance/adapters/allocation_proto.h"
#include "services/finance/adapters/inputs/policy_json.h"
#include "services/finance/adapters/resource_names.h"
#include "services/finance/adapters/run_proto.h"

namespace specom::finance {
namespace {

constexpr int kStandardPage = 100;
constexpr int kLargestPage = 1000;
constexpr int kStandardLinesPage = 1000;
constexpr int kLargestLinesPage = 5000;
constexpr int kLargestBatch = 100;

constexpr char kGetPolicy[] = "specom.finance.v1.FinanceService/GetPolicy";
constexpr char kListPolicies[] = "specom.finance.v1.FinanceService/ListPolicies";
constexpr char kCheckInputs[] = "specom.finance.v1.FinanceService/CheckInputs";
constexpr char kImportInputs[] = "specom.finance.v1.FinanceService/ImportInputs";
constexpr char kGetInputSet[] = "specom.finance.v1.FinanceService/GetInputSet";
constexpr char kListInputSets[] = "specom.finance.v1.FinanceService/ListInputSets";
constexpr char kListBaselineLines[] = "specom.finance.v1.FinanceService/ListBaselineLines";
constexpr char kCreateRun[] = "specom.finance.v1.FinanceService/CreateRun";
constexpr char kGetRun[] = "specom.finance.v1.FinanceService/GetRun";
constexpr char kListRuns[] = "specom.finance.v1.FinanceService/ListRuns";
constexpr char kBatchGetRuns[] = "specom.finance.v1.FinanceService/BatchGetRuns";
constexpr char kListAllocations[] = "specom.finance.v1.FinanceService/ListAllocations";
constexpr char kExplainAllocation[] = "specom.finance.v1.FinanceService/ExplainAllocation";
constexpr char kCompareRuns[] = "specom.finance.v1.FinanceService/CompareRuns";
constexpr char kProjectAllocations[] = "specom.finance.v1.FinanceService/ProjectAllocations";
constexpr char kApproveRun[] = "specom.finance.v1.FinanceService/ApproveRun";
constexpr char kPublishRun[] = "specom.finance.v1.FinanceService/PublishRun";

absl::Status InvalidToken() {
  return InvalidFields({{"page_token", "is not the token of a page of this list; begin again without one"}});
}

// What of a page was asked for: how many, and after what.
struct Page {
  int size = 0;
  std::string after;
};

template <class Request>
absl::StatusOr<Page> PageOf(const char* method, const Request& request, int standard, int largest) {
  Page page;
  ASSIGN_OR_RETURN(page.size, rpc::PageSize(request.page_size(), standard, largest));
  ASSIGN_OR_RETURN(std::optional<rpc::PagePosition> position, rpc::ReadPageToken(method, request));
  if (position) page.after = std::move(position->after);
  return page;
}

// Operations are asked for one item more than the page holds: if it comes, there is a further page,
// which goes on after the last item of this one.
template <class Item>
bool EndOfPage(const Page& page, std::vector<Item>& items) {
  if (items.size() <= static_cast<std::size_t>(page.size)) return false;
  items.resize(static_cast<std::size_t>(page.size));
  return true;
}

template <class Request, class Item, class KeyOf>
std::string EndPage(const RequestContext& context, const char* method, const Request& request,
                    const Page& page, std::vector<Item>& items, KeyOf key_of) {
  if (!EndOfPage(page, items)) return "";
  return rpc::MakePageToken(method, request, {key_of(items.back()), context.received_at});
}

std::string KeyText(absl::Time create_time, const std::string& id) {
  return absl::StrCat(absl::ToUnixMicros(create_time), ":", id);
}

absl::StatusOr<std::optional<LatestKey>> LatestKeyOf(const std::string& after) {
  if (after.empty()) return std::nullopt;
  const std::size_t colon = after.find(':');
  std::int64_t micros = 0;
  if (colon == after.npos || !absl::SimpleAtoi(after.substr(0, colon), &micros)) return InvalidToken();
  return LatestKey{absl::FromUnixMicros(micros), after.substr(colon + 1)};
}

// The place after the one that the page before ended with.
absl::StatusOr<std::int64_t> PositionAfter(const std::string& after) {
  std::int64_t last = -1;
  if (!after.empty() && !absl::SimpleAtoi(after, &last)) return InvalidToken();
  return last + 1;
}

absl::StatusOr<std::optional<FinancialYear>> YearFilter(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return ParseYear("financial_year", text);
}

InputFiles FilesOf(const v1::InputFiles& files) {
  return {files.baseline_csv(), files.need_csv(), files.policy_json()};
}

absl::StatusOr<v1::AllocationPolicy> Serve(const GetPolicy& operation, const RequestContext& context,
                                           const v1::GetPolicyRequest& request) {
  ASSIGN_OR_RETURN(std::string slug, ParsePolicyName("name", request.name()));
  ASSIGN_OR_RETURN(AllocationPolicy policy, operation.Execute(context, slug));
  return ToProto(policy);
}

absl::StatusOr<v1::ListPoliciesResponse> Serve(const ListPolicies& operation, const RequestContext& context,
                                               const v1::ListPoliciesRequest& request) {
  ASSIGN_OR_RETURN(Page page, PageOf(kListPolicies, request, kStandardPage, kLargestPage));
  ASSIGN_OR_RETURN(std::vector<AllocationPolicy> policies,
                   operation.Execute(context, {request.stream(), page.after, page.size + 1}));
  v1::ListPoliciesResponse response;
  response.set_next_page_token(
      EndPage(context, kListPolicies, request, page, policies,
              [](const AllocationPolicy& last) { return PolicySlug(last.stream, last.financial_year); }));
  for (const AllocationPolicy& policy : policies) *response.add_policies() = ToProto(policy);
  return response;
}

absl::StatusOr<v1::CheckInputsResponse> Serve(const CheckInputFiles& operation, const RequestContext& context,
                                              const v1::CheckInputsRequest& request) {
  const InputFindings findings = operation.Execute(context, FilesOf(request.files()));
  v1::CheckInputsResponse response;
  for (const FileProblem& problem : findings.problems) *response.add_problems() = ToProto(problem);
  response.set_further_problems(static_cast<int>(findings.further_problems));
  return response;
}

absl::StatusOr<v1::InputSet> Serve(ImportInputs& operation, const RequestContext& context,
                                   const v1::ImportInputsRequest& request) {
  ASSIGN_OR_RETURN(InputSetRecord record,
                   operation.Execute(context, {FilesOf(request.files()), request.validate_only()}));
  return ToProto(record);
}

absl::StatusOr<v1::InputSet> Serve(GetInputSet& operation, const RequestContext& context,
                                   const v1::GetInputSetRequest& request) {
  ASSIGN_OR_RETURN(InputSetId id, ParseInputSetName("name", request.name()));
  ASSIGN_OR_RETURN(InputSetRecord record, operation.Execute(context, id));
  return ToProto(record);
}

absl::StatusOr<v1::ListInputSetsResponse> Serve(ListInputSets& operation, const RequestContext& context,
                                                const v1::ListInputSetsRequest& request) {
  ASSIGN_OR_RETURN(Page page, PageOf(kListInputSets, request, kStandardPage, kLargestPage));
  ListInputSetsQuery query;
  query.filter.stream = request.stream();
  ASSIGN_OR_RETURN(query.filter.year, YearFilter(request.financial_year()));
  ASSIGN_OR_RETURN(query.after, LatestKeyOf(page.after));
  query.limit = page.size + 1;
  ASSIGN_OR_RETURN(std::vector<InputSetRecord> records, operation.Execute(context, query));
  v1::ListInputSetsResponse response;
  response.set_next_page_token(
      EndPage(context, kListInputSets, request, page, records,
              [](const InputSetRecord& last) { return KeyText(last.create_time, last.id.value()); }));
  for (const InputSetRecord& record : records) *response.add_input_sets() = ToProto(record);
  return response;
}

absl::StatusOr<v1::ListBaselineLinesResponse> Serve(ListBaselineLines& operation,
                                                    const RequestContext& context,
                                                    const v1::ListBaselineLinesRequest& request) {
  ASSIGN_OR_RETURN(Page page, PageOf(kListBaselineLines, request, kStandardLinesPage, kLargestLinesPage));
  ListBaselineLinesQuery query;
  ASSIGN_OR_RETURN(query.input_set, ParseInputSetName("parent", request.parent()));
  query.icb = IcbCode(request.icb());
  ASSIGN_OR_RETURN(query.position, PositionAfter(page.after));
  query.limit = page.size + 1;
  ASSIGN_OR_RETURN(std::vector<PlacedBaselineLine> lines, operation.Execute(context, query));
  v1::ListBaselineLinesResponse response;
  response.set_next_page_token(
      EndPage(context, kListBaselineLines, request, page, lines,
              [](const PlacedBaselineLine& last) { return absl::StrCat(last.position); }));
  for (const PlacedBaselineLine& placed : lines) *response.add_lines() = ToProto(placed.line);
  return response;
}

absl::StatusOr<CreateRunCommand> CommandOf(const v1::CreateRunRequest& request) {
  CreateRunCommand command;
  command.validate_only = request.validate_only();
  if (!request.input_set().empty()) {
    if (!request.stream().empty() || !request.financial_year().empty()) {
      return InvalidFields(
          {{"input_set", "names its stream and year; leave stream and financial_year empty"}});
    }
    ASSIGN_OR_RETURN(command.input_set, ParseInputSetName("input_set", request.input_set()));
    return command;
  }
  if (request.stream().empty()) {
    return InvalidFields({{"stream", "is needed when input_set is empty, e.g. \"specialised\""}});
  }
  command.stream = request.stream();
  ASSIGN_OR_RETURN(command.year, ParseYear("financial_year", request.financial_year()));
  return command;
}

absl::StatusOr<google::longrunning::Operation> Serve(CreateRun& operation, const RequestContext& context,
                                                     const v1::CreateRunRequest& request) {
  ASSIGN_OR_RETURN(CreateRunCommand command, CommandOf(request));
  ASSIGN_OR_RETURN(Run run, operation.Execute(context, command));
  return ToOperation(run);
}

absl::StatusOr<v1::Run> Serve(GetRun& operation, const RequestContext& context,
                              const v1::GetRunRequest& request) {
  ASSIGN_OR_RETURN(RunId id, ParseRunName("name", request.name()));
  ASSIGN_OR_RETURN(Run run, operation.Execute(context, id));
  return ToProto(run);
}

absl::StatusOr<v1::ListRunsResponse> Serve(ListRuns& operation, const RequestContext& context,
                                           const v1::ListRunsRequest& request) {
  ASSIGN_OR_RETURN(Page page, PageOf(kListRuns, request, kStandardPage, kLargestPage));
  ListRunsQuery query;
  query.filter.stream = request.stream();
  ASSIGN_OR_RETURN(query.filter.year, YearFilter(request.financial_year()));
  query.filter.state = FromProto(request.state());
  ASSIGN_OR_RETURN(query.after, LatestKeyOf(page.after));
  query.limit = page.size + 1;
  ASSIGN_OR_RETURN(std::vector<Run> runs, operation.Execute(context, query));
  v1::ListRunsResponse response;
  response.set_next_page_token(EndPage(context, kListRuns, request, page, runs, [](const Run& last) {
    return KeyText(last.create_time, last.id.value());
  }));
  for (const Run& run : runs) *response.add_runs() = ToProto(run);
  return response;
}

absl::StatusOr<v1::BatchGetRunsResponse> Serve(BatchGetRuns& operation, const RequestContext& context,
                                               const v1::BatchGetRunsRequest& request) {
  if (request.names_size() > kLargestBatch) {
    return InvalidFields({{"names", absl::StrCat("holds ", request.names_size(), " names; at most ",
                                                 kLargestBatch, " can be asked for at once")}});
  }
  std::vector<RunId> ids;
  for (int i = 0; i < request.names_size(); ++i) {
    ASSIGN_OR_RETURN(RunId id, ParseRunName(absl::StrCat("names[", i, "]"), request.names(i)));
    ids.push_back(std::move(id));
  }
  ASSIGN_OR_RETURN(std::vector<Run> runs, operation.Execute(context, ids));
  v1::BatchGetRunsResponse response;
  for (const Run& run : runs) *response.add_runs() = ToProto(run);
  return response;
}

AllocationLevel LevelOf(v1::AllocationLevel level) {
  if (level == v1::ALLOCATION_LEVEL_REGION) return AllocationLevel::kRegion;
  return level == v1::ALLOCATION_LEVEL_ENGLAND ? AllocationLevel::kEngland : AllocationLevel::kIcb;
}

absl::StatusOr<v1::ListAllocationsResponse> List(ListAllocations& operation, const RequestContext& context,
                                                 const v1::ListAllocationsRequest& request) {
  ASSIGN_OR_RETURN(Page page, PageOf(kListAllocations, request, kStandardPage, kLargestPage));
  ListAllocationsQuery query;
  ASSIGN_OR_RETURN(query.run, ParseRunName("parent", request.parent()));
  query.level = LevelOf(request.level());
  if (request.has_footprint_date()) {
    const common::v1::Date& date = request.footprint_date();
    ASSIGN_OR_RETURN(query.footprint, Date::Make(date.year(), date.month(), date.day()));
  }
  ASSIGN_OR_RETURN(query.position, PositionAfter(page.after));
  query.limit = page.size + 1;
  ASSIGN_OR_RETURN(std::vector<Allocation> allocations, operation.Execute(context, query));
  v1::ListAllocationsResponse response;
  const std::int64_t last_position = query.position + page.size - 1;
  if (EndOfPage(page, allocations)) {
    // The figures of a run stand still: the same page has the same token at any time.
    response.set_next_page_token(
        rpc::MakePageToken(kListAllocations, request, {.after = absl::StrCat(last_position)}));
  }
  for (const Allocation& allocation : allocations) *response.add_allocations() = ToProto(allocation);
  return response;
}

absl::StatusOr<v1::ListAllocationsResponse> Serve(Operations& operations, PublishedAnswers& published,
                                                  const RequestContext& context,
                                                  const v1::ListAllocationsRequest& request) {
  auto list = [&] { return List(operations.list_allocations, context, request); };
  // On another footprint the answer depends on the registry as well.
  if (request.has_footprint_date()) return list();
  ASSIGN_OR_RETURN(RunId run, ParseRunName("parent", request.parent()));
  return published.Get<v1::ListAllocationsResponse>(context, kListAllocations, request, run, list);
}

absl::StatusOr<v1::Explanation> Serve(Operations& operations, PublishedAnswers& published,
                                      const RequestContext& context,
                                      const v1::ExplainAllocationRequest& request) {
  ASSIGN_OR_RETURN(RunId run, ParseRunName("run", request.run()));
  auto explain = [&]() -> absl::StatusOr<v1::Explanation> {
    ASSIGN_OR_RETURN(Explanation explanation,
                     operations.explain_allocation.Execute(context, run, IcbCode(request.icb())));
    return ToProto(run, explanation);
  };
  return published.Get<v1::Explanation>(context, kExplainAllocation, request, run, explain);
}

absl::StatusOr<v1::RunComparison> Serve(CompareRuns& operation, const RequestContext& context,
                                        const v1::CompareRunsRequest& request) {
  ASSIGN_OR_RETURN(RunId base, ParseRunName("base_run", request.base_run()));
  ASSIGN_OR_RETURN(RunId other, ParseRunName("other_run", request.other_run()));
  ASSIGN_OR_RETURN(Comparison comparison, operation.Execute(context, base, other));
  return ToProto(base, other, comparison);
}

absl::StatusOr<v1::Projection> Serve(ProjectAllocations& operation, const RequestContext& context,
                                     const v1::ProjectAllocationsRequest& request) {
  ProjectAllocationsQuery query;
  ASSIGN_OR_RETURN(query.run, ParseRunName("run", request.run()));
  query.years = request.years();
  if (request.tolerance() != 0) query.tolerance = request.tolerance();
  ASSIGN_OR_RETURN(Projection projection, operation.Execute(context, query));
  return ToProto(query.run, projection);
}

absl::StatusOr<v1::Run> Serve(ApproveRun& operation, const RequestContext& context,
                              const v1::ApproveRunRequest& request) {
  ASSIGN_OR_RETURN(RunId id, ParseRunName("name", request.name()));
  ASSIGN_OR_RETURN(Run run,
                   operation.Execute(context, {id, request.etag(), request.note(), request.validate_only()}));
  return ToProto(run);
}

absl::StatusOr<v1::Run> Serve(PublishRun& operation, const RequestContext& context,
                              const v1::PublishRunRequest& request) {
  ASSIGN_OR_RETURN(RunId id, ParseRunName("name", request.name()));
  ASSIGN_OR_RETURN(Run run, operation.Execute(context, {id, request.etag(), request.validate_only()}));
  return ToProto(run);
}

}  // namespace

grpc::ServerUnaryReactor* FinanceGrpc::GetPolicy(grpc::CallbackServerContext* context,
                                                 const v1::GetPolicyRequest* request,
                                                 v1::AllocationPolicy* response) {
  return pipeline_.Unary<v1::GetPolicyRequest, v1::AllocationPolicy>(
      context, kGetPolicy, *request, response, [this](RequestContext& rc, const v1::GetPolicyRequest& q) {
        return Serve(operations_.get_policy, rc, q);
      });
}

grpc::ServerUnaryReactor* FinanceGrpc::ListPolicies(grpc::CallbackServerContext* context,
                                                    const v1::ListPoliciesRequest* request,
                                                    v1::ListPoliciesResponse* response) {
  return pipeline_.Unary<v1::ListPoliciesRequest, v1::ListPoliciesResponse>(
      context, kListPolicies, *request, response,
      [this](RequestContext& rc, const v1::ListPoliciesRequest& q) {
        return Serve(operations_.list_policies, rc, q);
      });
}

grpc::ServerUnaryReactor* FinanceGrpc::CheckInputs(grpc::CallbackServerContext* context,
                                                   const v1::CheckInputsRequest* request,
                                                   v1::CheckInputsResponse* response) {
  return pipeline_.Unary<v1::CheckInputsRequest, v1::CheckInputsResponse>(
      context, kCheckInputs, *request, response, [this](RequestContext& rc, const v1::CheckInputsRequest& q) {
        return Serve(operations_.check_inputs, rc, q);
      });
}

grpc::ServerUnaryReactor* FinanceGrpc::ImportInputs(grpc::CallbackServerContext* context,
                                                    const v1::ImportInputsRequest* request,
                                                    v1::InputSet* response) {
  return pipeline_.Unary<v1::ImportInputsRequest, v1::InputSet>(
      context, kImportInputs, *request, response,
      [this](RequestContext& rc, const v1::ImportInputsRequest& q) {
        return Serve(operations_.import_inputs, rc, q);
      });
}

grpc::ServerUnaryReactor* FinanceGrpc::GetInputSet(grpc::CallbackServerContext* context,
                                                   const v1::GetInputSetRequest* request,
                                                   v1::InputSet* response) {
  return pipeline_.Unary<v1::GetInputSetRequest, v1::InputSet>(
      context, kGetInputSet, *request, response, [this](RequestContext& rc, const v1::GetInputSetRequest& q) {
        return Serve(operations_.get_input_set, rc, q);
      });
}

grpc::ServerUnaryReactor* FinanceGrpc::ListInputSets(grpc::CallbackServerContext* context,
                                                     const v1::ListInputSetsRequest* request,
                                                     v1::ListInputSetsResponse* response) {
  return pipeline_.Unary<v1::ListInputSetsRequest, v1::ListInputSetsResponse>(
      context, kListInputSets, *request, response,
      [this](RequestContext& rc, const v1::ListInputSetsRequest& q) {
        return Serve(operations_.list_input_sets, rc, q);
      });
}

grpc::ServerUnaryReactor* FinanceGrpc::ListBaselineLines(grpc::CallbackServerContext* context,
                                                         const v1::ListBaselineLinesRequest* request,
                                                         v1::ListBaselineLinesResponse* response) {
  return pipeline_.Unary<v1::ListBaselineLinesRequest, v1::ListBaselineLinesResponse>(
      context, kListBaselineLines, *request, response,
      [this](RequestContext& rc, const v1::ListBaselineLinesRequest& q) {
        return Serve(operations_.list_baseline_lines, rc, q);
      });
}

grpc::ServerUnaryReactor* FinanceGrpc::CreateRun(grpc::CallbackServerContext* context,
                                                 const v1::CreateRunRequest* request,
                                                 google::longrunning::Operation* response) {
  return pipeline_.Unary<v1::CreateRunRequest, google::longrunning::Operation>(
      context, kCreateRun, *request, response, [this](RequestContext& rc, const v1::CreateRunRequest& q) {
        return Serve(operations_.create_run, rc, q);
      });
}

grpc::ServerUnaryReactor* FinanceGrpc::GetRun(grpc::CallbackServerContext* context,
                                              const v1::GetRunRequest* request, v1::Run* response) {
  return pipeline_.Unary<v1::GetRunRequest, v1::Run>(
      context, kGetRun, *request, response,
      [this](RequestContext& rc, const v1::GetRunRequest& q) { return Serve(operations_.get_run, rc, q); });
}

grpc::ServerUnaryReactor* FinanceGrpc::ListRuns(grpc::CallbackServerContext* context,
                                                const v1::ListRunsRequest* request,
                                                v1::ListRunsResponse* response) {
  return pipeline_.Unary<v1::ListRunsRequest, v1::ListRunsResponse>(
      context, kListRuns, *request, response, [this](RequestContext& rc, const v1::ListRunsRequest& q) {
        return Serve(operations_.list_runs, rc, q);
      });
}

grpc::ServerUnaryReactor* FinanceGrpc::BatchGetRuns(grpc::CallbackServerContext* context,
                                                    const v1::BatchGetRunsRequest* request,
                                                    v1::BatchGetRunsResponse* response) {
  return pipeline_.Unary<v1::BatchGetRunsRequest, v1::BatchGetRunsResponse>(
      context, kBatchGetRuns, *request, response,
      [this](RequestContext& rc, const v1::BatchGetRunsRequest& q) {
        return Serve(operations_.batch_get_runs, rc, q);
      });
}

grpc::ServerUnaryReactor* FinanceGrpc::ListAllocations(grpc::CallbackServerContext* context,
                                                       const v1::ListAllocationsRequest* request,
                                                       v1::ListAllocationsResponse* response) {
  return pipeline_.Unary<v1::ListAllocationsRequest, v1::ListAllocationsResponse>(
      context, kListAllocations, *request, response,
      [this](RequestContext& rc, const v1::ListAllocationsRequest& q) {
        return Serve(operations_, published_, rc, q);
      });
}

grpc::ServerUnaryReactor* FinanceGrpc::ExplainAllocation(grpc::CallbackServerContext* context,
                                                         const v1::ExplainAllocationRequest* request,
                                                         v1::Explanation* response) {
  return pipeline_.Unary<v1::ExplainAllocationRequest, v1::Explanation>(
      context, kExplainAllocation, *request, response,
      [this](RequestContext& rc, const v1::ExplainAllocationRequest& q) {
        return Serve(operations_, published_, rc, q);
      });
}

grpc::ServerUnaryReactor* FinanceGrpc::CompareRuns(grpc::CallbackServerContext* context,
                                                   const v1::CompareRunsRequest* request,
                                                   v1::RunComparison* response) {
  return pipeline_.Unary<v1::CompareRunsRequest, v1::RunComparison>(
      context, kCompareRuns, *request, response, [this](RequestContext& rc, const v1::CompareRunsRequest& q) {
        return Serve(operations_.compare_runs, rc, q);
      });
}

grpc::ServerUnaryReactor* FinanceGrpc::ProjectAllocations(grpc::CallbackServerContext* context,
                                                          const v1::ProjectAllocationsRequest* request,
                                                          v1::Projection* response) {
  return pipeline_.Unary<v1::ProjectAllocationsRequest, v1::Projection>(
      context, kProjectAllocations, *request, response,
      [this](RequestContext& rc, const v1::ProjectAllocationsRequest& q) {
        return Serve(operations_.project_allocations, rc, q);
      });
}

grpc::ServerUnaryReactor* FinanceGrpc::ApproveRun(grpc::CallbackServerContext* context,
                                                  const v1::ApproveRunRequest* request, v1::Run* response) {
  return pipeline_.Unary<v1::ApproveRunRequest, v1::Run>(
      context, kApproveRun, *request, response, [this](RequestContext& rc, const v1::ApproveRunRequest& q) {
        return Serve(operations_.approve_run, rc, q);
      });
}

grpc::ServerUnaryReactor* FinanceGrpc::PublishRun(grpc::CallbackServerContext* context,
                                                  const v1::PublishRunRequest* request, v1::Run* response) {
  return pipeline_.Unary<v1::PublishRunRequest, v1::Run>(
      context, kPublishRun, *request, response, [this](RequestContext& rc, const v1::PublishRunRequest& q) {
        return Serve(operations_.publish_run, rc, q);
      });
}

}  // namespace specom::finance
