// The handlers, one line each, after what they translate: requests into queries and commands, and
// their outcomes into responses.
#include "services/portfolio/adapters/portfolio_grpc.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "libs/base/status.h"
#include "libs/rpc/paging.h"
#include "services/portfolio/adapters/registry_proto.h"
#include "services/portfolio/app/kinds.h"
#include "services/portfolio/domain/text.h"

namespace specom::portfolio {
namespace {

constexpr int kStandardPage = 100;
constexpr int kLargestPage = 1000;
constexpr int kStandardDelegationsPage = 1000;
constexpr int kLargestDelegationsPage = 5000;
constexpr int kStandardStatusesPage = 1000;

template <class Request>
Question QuestionOf(const Request& request) {
  Question question;
  if (request.has_as_of()) question.as_of = FromProto(request.as_of());
  if (request.has_as_known_at()) question.as_known_at = FromProto(request.as_known_at());
  return question;
}

// "organisations/QOQ" without its collection.
template <class T>
absl::StatusOr<std::string> IdOf(const std::string& field, const std::string& name) {
  std::string prefix = ResourceName<T>("");
  if (name.starts_with(prefix) && name.size() > prefix.size() && name.find('/', prefix.size()) == name.npos) {
    return name.substr(prefix.size());
  }
  return InvalidFields({{field, Concat({"\"", name, "\" is not the name of a ", Kind<T>::kNoun, "; write ",
                                        prefix, "{id}"})}});
}

template <class Response, class T, class Request>
absl::StatusOr<Response> Get(const RecordOperations<T>& operations, const Request& request) {
  ASSIGN_OR_RETURN(std::string id, IdOf<T>("name", request.name()));
  ASSIGN_OR_RETURN(Found<T> found, operations.get.Execute({id}, QuestionOf(request)));
  return ToProto(*found.registry, *found.records.front(), found.at);
}

template <class Response, class T, class Request>
absl::StatusOr<Response> BatchGet(const RecordOperations<T>& operations, const Request& request, auto add) {
  if (static_cast<std::size_t>(request.names_size()) > kLargestBatch) {
    return InvalidFields(
        {{"names", Concat({"holds ", std::to_string(request.names_size()), " names; ask for at most ",
                           std::to_string(kLargestBatch), " at once"})}});
  }
  std::vector<std::string> ids;
  for (int i = 0; i < request.names_size(); ++i) {
    ASSIGN_OR_RETURN(std::string id, IdOf<T>(Concat({"names[", std::to_string(i), "]"}), request.names(i)));
    ids.push_back(std::move(id));
  }
  ASSIGN_OR_RETURN(Found<T> found, operations.get.Execute(ids, QuestionOf(request)));
  Response response;
  for (const auto* record : found.records) *add(response) = ToProto(*found.registry, *record, found.at);
  return response;
}

// What of a list was asked for. A page goes on with the day and the knowledge of the first one.
struct Page {
  std::size_t size = 0;
  Question question;
  // The key of the last item of the page before; empty: the first page.
  std::vector<std::string> after;
};

constexpr char kKeySeparator = '\n';

absl::Status InvalidToken() {
  return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_PAGE_TOKEN",
                   "page_token is not the token of a page of this list; begin again without one");
}

// key_parts: how many parts the list's keys have.
template <class Request>
absl::StatusOr<Page> PageOf(const char* method, const Request& request, int standard, int largest,
                            std::size_t key_parts) {
  Page page;
  page.question = QuestionOf(request);
  ASSIGN_OR_RETURN(int size, rpc::PageSize(request.page_size(), standard, largest));
  page.size = static_cast<std::size_t>(size);
  ASSIGN_OR_RETURN(std::optional<rpc::PagePosition> position, rpc::ReadPageToken(method, request));
  if (!position) return page;
  std::vector<std::string> parts(1);
  for (char c : position->after) {
    if (c == kKeySeparator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  if (parts.size() != key_parts + 1) return InvalidToken();
  absl::StatusOr<Date> as_of = Date::Parse(parts.front());
  if (!as_of.ok()) return InvalidToken();
  page.question = {*as_of, position->snapshot};
  page.after.assign(parts.begin() + 1, parts.end());
  return page;
}

// Operations are asked for one item more than the page holds: if it comes, there is a further page.
template <class Request, class Item>
std::string EndPage(const char* method, const Request& request, const Page& page, Viewpoint at,
                    std::vector<Item>& items, auto key_of) {
  if (items.size() <= page.size) return "";
  items.resize(page.size);
  std::string after = at.as_of.ToString();
  for (const std::string& part : key_of(items.back())) {
    after += kKeySeparator;
    after += part;
  }
  return rpc::MakePageToken(method, request, {std::move(after), at.as_known_at});
}

RecordFilter<Organisation> FilterOf(const v1::ListOrganisationsRequest& request) {
  return {FromProto(request.kind()), request.region()};
}
RecordFilter<Programme> FilterOf(const v1::ListProgrammesRequest&) {
  return {};
}
RecordFilter<ClinicalReferenceGroup> FilterOf(const v1::ListClinicalReferenceGroupsRequest& request) {
  return {request.programme()};
}
RecordFilter<Service> FilterOf(const v1::ListServicesRequest& request) {
  RecordFilter<Service> filter{request.programme(), request.clinical_reference_group(), std::nullopt};
  if (request.has_highly_specialised()) filter.highly_specialised = request.highly_specialised();
  return filter;
}
RecordFilter<ServiceLine> FilterOf(const v1::ListServiceLinesRequest& request) {
  RecordFilter<ServiceLine> filter{request.programme(), request.service(), FromProto(request.kind()),
                                   std::nullopt, request.status()};
  if (request.has_highly_specialised()) filter.highly_specialised = request.highly_specialised();
  return filter;
}
RecordFilter<Specification> FilterOf(const v1::ListSpecificationsRequest& request) {
  RecordFilter<Specification> filter{request.service(), request.clinical_reference_group(),
                                     FromProto(request.kind()), std::nullopt};
  if (request.has_due_on()) filter.due_on = FromProto(request.due_on());
  return filter;
}
RecordFilter<ProviderEligibility> FilterOf(const v1::ListProviderEligibilitiesRequest& request) {
  return {request.provider(), request.service_line()};
}
RecordFilter<ServiceAssessment> FilterOf(const v1::ListServiceAssessmentsRequest& request) {
  return {request.service(), FromProto(request.outcome())};
}
RecordFilter<Decision> FilterOf(const v1::ListDecisionsRequest& request) {
  return {request.icb(), request.service(), FromProto(request.form()), request.include_history()};
}

template <class Response, class T, class Request>
absl::StatusOr<Response> List(const char* method, const RecordOperations<T>& operations,
                              const Request& request, auto add) {
  ASSIGN_OR_RETURN(Page page, PageOf(method, request, kStandardPage, kLargestPage, 2));
  ListQuery<T> query{page.question, FilterOf(request), std::nullopt, page.size + 1};
  if (!page.after.empty()) {
    query.after.emplace();
    query.after->id = page.after[0];
    if (!absl::SimpleAtoi(page.after[1], &query.after->version)) return InvalidToken();
  }
  Found<T> found = operations.list.Execute(query);
  Response response;
  response.set_next_page_token(
      EndPage(method, request, page, found.at, found.records, [](const Record<T>* last) {
        return std::vector<std::string>{last->id, std::to_string(last->version)};
      }));
  for (const auto* record : found.records) *add(response) = ToProto(*found.registry, *record, found.at);
  return response;
}

// Specifications that a list asked for as due are so on the day that it names.
absl::StatusOr<v1::ListSpecificationsResponse> ListDue(const char* method,
                                                       const RecordOperations<Specification>& operations,
                                                       const v1::ListSpecificationsRequest& request) {
  ASSIGN_OR_RETURN(auto response,
                   List<v1::ListSpecificationsResponse>(method, operations, request,
                                                        [](auto& r) { return r.add_specifications(); }));
  if (request.has_due_on()) {
    for (auto& specification : *response.mutable_specifications()) specification.set_due(true);
  }
  return response;
}

absl::StatusOr<v1::Delegation> Resolve(const ResolveDelegation& operation,
                                       const v1::ResolveDelegationRequest& request) {
  ASSIGN_OR_RETURN(ResolvedDelegation resolved,
                   operation.Execute(IcbCode(request.icb()), ServiceLineCode(request.service_line()),
                                     QuestionOf(request)));
  return ToProto(*resolved.registry, resolved.delegation, resolved.at);
}

v1::ListDelegationsResponse List(const char* method, const ListDelegations& operation,
                                 const v1::ListDelegationsRequest& request, const Page& page,
                                 const Question& question) {
  ListDelegationsQuery query;
  query.question = question;
  query.filter = {request.icb(), request.region(), request.service(), FromProto(request.form())};
  if (!page.after.empty()) query.after = DelegationCursor{page.after[0], page.after[1]};
  query.limit = page.size + 1;
  DelegationList list = operation.Execute(query);
  v1::ListDelegationsResponse response;
  response.set_next_page_token(
      EndPage(method, request, page, list.at, list.delegations, [](const Delegation& last) {
        return std::vector<std::string>{last.icb->id, last.line->id};
      }));
  for (const auto& delegation : list.delegations) {
    *response.add_delegations() = ToProto(*list.registry, delegation, list.at);
  }
  return response;
}

absl::StatusOr<v1::ListDelegationsResponse> List(const char* method, AnswerCache& answers,
                                                 const RequestContext& context,
                                                 const ListDelegations& operation,
                                                 const v1::ListDelegationsRequest& request) {
  ASSIGN_OR_RETURN(Page page, PageOf(method, request, kStandardDelegationsPage, kLargestDelegationsPage, 2));
  return answers.Get<v1::ListDelegationsResponse>(
      context, method, request, page.question,
      [&](const Question& question) { return List(method, operation, request, page, question); });
}

v1::ListServiceStatusesResponse List(const char* method, const ListServiceStatuses& operation,
                                     const v1::ListServiceStatusesRequest& request, const Page& page,
                                     const Question& question) {
  ListServiceStatusesQuery query;
  query.question = question;
  query.commissioning = FromProto(request.commissioning());
  if (!page.after.empty()) query.after = page.after[0];
  query.limit = page.size + 1;
  ServiceStatusList list = operation.Execute(query);
  v1::ListServiceStatusesResponse response;
  response.set_next_page_token(
      EndPage(method, request, page, list.at, list.statuses,
              [](const ServiceStatus& last) { return std::vector<std::string>{last.service->id}; }));
  for (const auto& status : list.statuses)
    *response.add_statuses() = ToProto(*list.registry, status, list.at);
  return response;
}

absl::StatusOr<v1::ListServiceStatusesResponse> List(const char* method, AnswerCache& answers,
                                                     const RequestContext& context,
                                                     const ListServiceStatuses& operation,
                                                     const v1::ListServiceStatusesRequest& request) {
  ASSIGN_OR_RETURN(Page page, PageOf(method, request, kStandardStatusesPage, kLargestPage, 1));
  return answers.Get<v1::ListServiceStatusesResponse>(
      context, method, request, page.question,
      [&](const Question& question) { return List(method, operation, request, page, question); });
}

absl::StatusOr<v1::RestateFootprintResponse> Restate(const RestateFootprint& operation,
                                                     const v1::RestateFootprintRequest& request) {
  std::vector<IcbCode> icbs(request.icbs().begin(), request.icbs().end());
  ASSIGN_OR_RETURN(RestatedFootprint restated, operation.Execute(icbs, QuestionOf(request)));
  v1::RestateFootprintResponse response;
  for (const auto& part : restated.parts) *response.add_parts() = ToProto(part);
  response.set_registry_change(restated.registry->change());
  return response;
}

v1::Decision AsRecorded(const RecordedDecision& recorded) {
  Viewpoint at{recorded.record.effective.from, recorded.record.recorded_at};
  return ToProto(*recorded.registry, recorded.record, at);
}

absl::StatusOr<v1::Decision> RecordOne(RecordDecision& operation, const RequestContext& context,
                                       const v1::RecordDecisionRequest& request) {
  ASSIGN_OR_RETURN(RecordedDecision recorded,
                   operation.Execute(context, FromProto(request.decision()), request.validate_only()));
  return AsRecorded(recorded);
}

absl::StatusOr<v1::Decision> CorrectOne(CorrectDecision& operation, const RequestContext& context,
                                        const v1::CorrectDecisionRequest& request) {
  ASSIGN_OR_RETURN(RecordedDecision recorded,
                   operation.Execute(context, {FromProto(request.decision()), request.etag(),
                                               request.reason(), request.validate_only()}));
  return AsRecorded(recorded);
}

absl::StatusOr<v1::ImportRecordsResponse> Import(ImportRecords& operation, const RequestContext& context,
                                                 const v1::ImportRecordsRequest& request) {
  ImportRecordsCommand command;
  for (const auto& file : request.files()) command.files.push_back({file.file_name(), file.content()});
  command.validate_only = request.validate_only();
  ASSIGN_OR_RETURN(ImportCounts counts, operation.Execute(context, command));
  v1::ImportRecordsResponse response;
  response.set_added(counts.added);
  response.set_unchanged(counts.unchanged);
  response.set_superseded(counts.superseded);
  return response;
}

constexpr char kGetOrganisation[] = "specom.portfolio.v1.PortfolioService/GetOrganisation";
constexpr char kListOrganisations[] = "specom.portfolio.v1.PortfolioService/ListOrganisations";
constexpr char kBatchGetOrganisations[] = "specom.portfolio.v1.PortfolioService/BatchGetOrganisations";
constexpr char kGetProgramme[] = "specom.portfolio.v1.PortfolioService/GetProgramme";
constexpr char kListProgrammes[] = "specom.portfolio.v1.PortfolioService/ListProgrammes";
constexpr char kBatchGetProgrammes[] = "specom.portfolio.v1.PortfolioService/BatchGetProgrammes";
constexpr char kGetClinicalReferenceGroup[] =
    "specom.portfolio.v1.PortfolioService/GetClinicalReferenceGroup";
constexpr char kListClinicalReferenceGroups[] =
    "specom.portfolio.v1.PortfolioService/ListClinicalReferenceGroups";
constexpr char kBatchGetClinicalReferenceGroups[] =
    "specom.portfolio.v1.PortfolioService/BatchGetClinicalReferenceGroups";
constexpr char kGetService[] = "specom.portfolio.v1.PortfolioService/GetService";
constexpr char kListServices[] = "specom.portfolio.v1.PortfolioService/ListServices";
constexpr char kBatchGetServices[] = "specom.portfolio.v1.PortfolioService/BatchGetServices";
constexpr char kGetServiceLine[] = "specom.portfolio.v1.PortfolioService/GetServiceLine";
constexpr char kListServiceLines[] = "specom.portfolio.v1.PortfolioService/ListServiceLines";
constexpr char kBatchGetServiceLines[] = "specom.portfolio.v1.PortfolioService/BatchGetServiceLines";
constexpr char kGetSpecification[] = "specom.portfolio.v1.PortfolioService/GetSpecification";
constexpr char kListSpecifications[] = "specom.portfolio.v1.PortfolioService/ListSpecifications";
constexpr char kBatchGetSpecifications[] = "specom.portfolio.v1.PortfolioService/BatchGetSpecifications";
constexpr char kGetProviderEligibility[] = "specom.portfolio.v1.PortfolioService/GetProviderEligibility";
constexpr char kListProviderEligibilities[] =
    "specom.portfolio.v1.PortfolioService/ListProviderEligibilities";
constexpr char kBatchGetProviderEligibilities[] =
    "specom.portfolio.v1.PortfolioService/BatchGetProviderEligibilities";
constexpr char kGetServiceAssessment[] = "specom.portfolio.v1.PortfolioService/GetServiceAssessment";
constexpr char kListServiceAssessments[] = "specom.portfolio.v1.PortfolioService/ListServiceAssessments";
constexpr char kBatchGetServiceAssessments[] =
    "specom.portfolio.v1.PortfolioService/BatchGetServiceAssessments";
constexpr char kGetDecision[] = "specom.portfolio.v1.PortfolioService/GetDecision";
constexpr char kListDecisions[] = "specom.portfolio.v1.PortfolioService/ListDecisions";
constexpr char kBatchGetDecisions[] = "specom.portfolio.v1.PortfolioService/BatchGetDecisions";
constexpr char kResolveDelegation[] = "specom.portfolio.v1.PortfolioService/ResolveDelegation";
constexpr char kListDelegations[] = "specom.portfolio.v1.PortfolioService/ListDelegations";
constexpr char kListServiceStatuses[] = "specom.portfolio.v1.PortfolioService/ListServiceStatuses";
constexpr char kRestateFootprint[] = "specom.portfolio.v1.PortfolioService/RestateFootprint";
constexpr char kRecordDecision[] = "specom.portfolio.v1.PortfolioService/RecordDecision";
constexpr char kCorrectDecision[] = "specom.portfolio.v1.PortfolioService/CorrectDecision";
constexpr char kImportRecords[] = "specom.portfolio.v1.PortfolioService/ImportRecords";

}  // namespace

grpc::ServerUnaryReactor* PortfolioGrpc::GetOrganisation(grpc::CallbackServerContext* context,
                                                         const v1::GetOrganisationRequest* request,
                                                         v1::Organisation* response) {
  return pipeline_.Unary<v1::GetOrganisationRequest, v1::Organisation>(
      context, kGetOrganisation, *request, response,
      [this](RequestContext&, const v1::GetOrganisationRequest& q) {
        return Get<v1::Organisation>(operations_.organisations, q);
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::ListOrganisations(grpc::CallbackServerContext* context,
                                                           const v1::ListOrganisationsRequest* request,
                                                           v1::ListOrganisationsResponse* response) {
  return pipeline_.Unary<v1::ListOrganisationsRequest, v1::ListOrganisationsResponse>(
      context, kListOrganisations, *request, response,
      [this](RequestContext&, const v1::ListOrganisationsRequest& q) {
        return List<v1::ListOrganisationsResponse>(kListOrganisations, operations_.organisations, q,
                                                   [](auto& r) { return r.add_organisations(); });
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::BatchGetOrganisations(
    grpc::CallbackServerContext* context, const v1::BatchGetOrganisationsRequest* request,
    v1::BatchGetOrganisationsResponse* response) {
  return pipeline_.Unary<v1::BatchGetOrganisationsRequest, v1::BatchGetOrganisationsResponse>(
      context, kBatchGetOrganisations, *request, response,
      [this](RequestContext&, const v1::BatchGetOrganisationsRequest& q) {
        return BatchGet<v1::BatchGetOrganisationsResponse>(operations_.organisations, q,
                                                           [](auto& r) { return r.add_organisations(); });
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::GetProgramme(grpc::CallbackServerContext* context,
                                                      const v1::GetProgrammeRequest* request,
                                                      v1::Programme* response) {
  return pipeline_.Unary<v1::GetProgrammeRequest, v1::Programme>(
      context, kGetProgramme, *request, response, [this](RequestContext&, const v1::GetProgrammeRequest& q) {
        return Get<v1::Programme>(operations_.programmes, q);
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::ListProgrammes(grpc::CallbackServerContext* context,
                                                        const v1::ListProgrammesRequest* request,
                                                        v1::ListProgrammesResponse* response) {
  return pipeline_.Unary<v1::ListProgrammesRequest, v1::ListProgrammesResponse>(
      context, kListProgrammes, *request, response,
      [this](RequestContext&, const v1::ListProgrammesRequest& q) {
        return List<v1::ListProgrammesResponse>(kListProgrammes, operations_.programmes, q,
                                                [](auto& r) { return r.add_programmes(); });
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::BatchGetProgrammes(grpc::CallbackServerContext* context,
                                                            const v1::BatchGetProgrammesRequest* request,
                                                            v1::BatchGetProgrammesResponse* response) {
  return pipeline_.Unary<v1::BatchGetProgrammesRequest, v1::BatchGetProgrammesResponse>(
      context, kBatchGetProgrammes, *request, response,
      [this](RequestContext&, const v1::BatchGetProgrammesRequest& q) {
        return BatchGet<v1::BatchGetProgrammesResponse>(operations_.programmes, q,
                                                        [](auto& r) { return r.add_programmes(); });
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::GetClinicalReferenceGroup(
    grpc::CallbackServerContext* context, const v1::GetClinicalReferenceGroupRequest* request,
    v1::ClinicalReferenceGroup* response) {
  return pipeline_.Unary<v1::GetClinicalReferenceGroupRequest, v1::ClinicalReferenceGroup>(
      context, kGetClinicalReferenceGroup, *request, response,
      [this](RequestContext&, const v1::GetClinicalReferenceGroupRequest& q) {
        return Get<v1::ClinicalReferenceGroup>(operations_.clinical_reference_groups, q);
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::ListClinicalReferenceGroups(
    grpc::CallbackServerContext* context, const v1::ListClinicalReferenceGroupsRequest* request,
    v1::ListClinicalReferenceGroupsResponse* response) {
  return pipeline_.Unary<v1::ListClinicalReferenceGroupsRequest, v1::ListClinicalReferenceGroupsResponse>(
      context, kListClinicalReferenceGroups, *request, response,
      [this](RequestContext&, const v1::ListClinicalReferenceGroupsRequest& q) {
        return List<v1::ListClinicalReferenceGroupsResponse>(
            kListClinicalReferenceGroups, operations_.clinical_reference_groups, q,
            [](auto& r) { return r.add_clinical_reference_groups(); });
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::BatchGetClinicalReferenceGroups(
    grpc::CallbackServerContext* context, const v1::BatchGetClinicalReferenceGroupsRequest* request,
    v1::BatchGetClinicalReferenceGroupsResponse* response) {
  return pipeline_
      .Unary<v1::BatchGetClinicalReferenceGroupsRequest, v1::BatchGetClinicalReferenceGroupsResponse>(
          context, kBatchGetClinicalReferenceGroups, *request, response,
          [this](RequestContext&, const v1::BatchGetClinicalReferenceGroupsRequest& q) {
            return BatchGet<v1::BatchGetClinicalReferenceGroupsResponse>(
                operations_.clinical_reference_groups, q,
                [](auto& r) { return r.add_clinical_reference_groups(); });
          });
}

grpc::ServerUnaryReactor* PortfolioGrpc::GetService(grpc::CallbackServerContext* context,
                                                    const v1::GetServiceRequest* request,
                                                    v1::Service* response) {
  return pipeline_.Unary<v1::GetServiceRequest, v1::Service>(
      context, kGetService, *request, response, [this](RequestContext&, const v1::GetServiceRequest& q) {
        return Get<v1::Service>(operations_.services, q);
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::ListServices(grpc::CallbackServerContext* context,
                                                      const v1::ListServicesRequest* request,
                                                      v1::ListServicesResponse* response) {
  return pipeline_.Unary<v1::ListServicesRequest, v1::ListServicesResponse>(
      context, kListServices, *request, response, [this](RequestContext&, const v1::ListServicesRequest& q) {
        return List<v1::ListServicesResponse>(kListServices, operations_.services, q,
                                              [](auto& r) { return r.add_services(); });
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::BatchGetServices(grpc::CallbackServerContext* context,
                                                          const v1::BatchGetServicesRequest* request,
                                                          v1::BatchGetServicesResponse* response) {
  return pipeline_.Unary<v1::BatchGetServicesRequest, v1::BatchGetServicesResponse>(
      context, kBatchGetServices, *request, response,
      [this](RequestContext&, const v1::BatchGetServicesRequest& q) {
        return BatchGet<v1::BatchGetServicesResponse>(operations_.services, q,
                                                      [](auto& r) { return r.add_services(); });
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::GetServiceLine(grpc::CallbackServerContext* context,
                                                        const v1::GetServiceLineRequest* request,
                                                        v1::ServiceLine* response) {
  return pipeline_.Unary<v1::GetServiceLineRequest, v1::ServiceLine>(
      context, kGetServiceLine, *request, response,
      [this](RequestContext&, const v1::GetServiceLineRequest& q) {
        return Get<v1::ServiceLine>(operations_.service_lines, q);
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::ListServiceLines(grpc::CallbackServerContext* context,
                                                          const v1::ListServiceLinesRequest* request,
                                                          v1::ListServiceLinesResponse* response) {
  return pipeline_.Unary<v1::ListServiceLinesRequest, v1::ListServiceLinesResponse>(
      context, kListServiceLines, *request, response,
      [this](RequestContext&, const v1::ListServiceLinesRequest& q) {
        return List<v1::ListServiceLinesResponse>(kListServiceLines, operations_.service_lines, q,
                                                  [](auto& r) { return r.add_service_lines(); });
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::BatchGetServiceLines(grpc::CallbackServerContext* context,
                                                              const v1::BatchGetServiceLinesRequest* request,
                                                              v1::BatchGetServiceLinesResponse* response) {
  return pipeline_.Unary<v1::BatchGetServiceLinesRequest, v1::BatchGetServiceLinesResponse>(
      context, kBatchGetServiceLines, *request, response,
      [this](RequestContext&, const v1::BatchGetServiceLinesRequest& q) {
        return BatchGet<v1::BatchGetServiceLinesResponse>(operations_.service_lines, q,
                                                          [](auto& r) { return r.add_service_lines(); });
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::GetSpecification(grpc::CallbackServerContext* context,
                                                          const v1::GetSpecificationRequest* request,
                                                          v1::Specification* response) {
  return pipeline_.Unary<v1::GetSpecificationRequest, v1::Specification>(
      context, kGetSpecification, *request, response,
      [this](RequestContext&, const v1::GetSpecificationRequest& q) {
        return Get<v1::Specification>(operations_.specifications, q);
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::ListSpecifications(grpc::CallbackServerContext* context,
                                                            const v1::ListSpecificationsRequest* request,
                                                            v1::ListSpecificationsResponse* response) {
  return pipeline_.Unary<v1::ListSpecificationsRequest, v1::ListSpecificationsResponse>(
      context, kListSpecifications, *request, response,
      [this](RequestContext&, const v1::ListSpecificationsRequest& q) {
        return ListDue(kListSpecifications, operations_.specifications, q);
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::BatchGetSpecifications(
    grpc::CallbackServerContext* context, const v1::BatchGetSpecificationsRequest* request,
    v1::BatchGetSpecificationsResponse* response) {
  return pipeline_.Unary<v1::BatchGetSpecificationsRequest, v1::BatchGetSpecificationsResponse>(
      context, kBatchGetSpecifications, *request, response,
      [this](RequestContext&, const v1::BatchGetSpecificationsRequest& q) {
        return BatchGet<v1::BatchGetSpecificationsResponse>(operations_.specifications, q,
                                                            [](auto& r) { return r.add_specifications(); });
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::GetProviderEligibility(
    grpc::CallbackServerContext* context, const v1::GetProviderEligibilityRequest* request,
    v1::ProviderEligibility* response) {
  return pipeline_.Unary<v1::GetProviderEligibilityRequest, v1::ProviderEligibility>(
      context, kGetProviderEligibility, *request, response,
      [this](RequestContext&, const v1::GetProviderEligibilityRequest& q) {
        return Get<v1::ProviderEligibility>(operations_.provider_eligibilities, q);
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::ListProviderEligibilities(
    grpc::CallbackServerContext* context, const v1::ListProviderEligibilitiesRequest* request,
    v1::ListProviderEligibilitiesResponse* response) {
  return pipeline_.Unary<v1::ListProviderEligibilitiesRequest, v1::ListProviderEligibilitiesResponse>(
      context, kListProviderEligibilities, *request, response,
      [this](RequestContext&, const v1::ListProviderEligibilitiesRequest& q) {
        return List<v1::ListProviderEligibilitiesResponse>(
            kListProviderEligibilities, operations_.provider_eligibilities, q,
            [](auto& r) { return r.add_provider_eligibilities(); });
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::BatchGetProviderEligibilities(
    grpc::CallbackServerContext* context, const v1::BatchGetProviderEligibilitiesRequest* request,
    v1::BatchGetProviderEligibilitiesResponse* response) {
  return pipeline_.Unary<v1::BatchGetProviderEligibilitiesRequest, v1::BatchGetProviderEligibilitiesResponse>(
      context, kBatchGetProviderEligibilities, *request, response,
      [this](RequestContext&, const v1::BatchGetProviderEligibilitiesRequest& q) {
        return BatchGet<v1::BatchGetProviderEligibilitiesResponse>(
            operations_.provider_eligibilities, q, [](auto& r) { return r.add_provider_eligibilities(); });
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::GetServiceAssessment(grpc::CallbackServerContext* context,
                                                              const v1::GetServiceAssessmentRequest* request,
                                                              v1::ServiceAssessment* response) {
  return pipeline_.Unary<v1::GetServiceAssessmentRequest, v1::ServiceAssessment>(
      context, kGetServiceAssessment, *request, response,
      [this](RequestContext&, const v1::GetServiceAssessmentRequest& q) {
        return Get<v1::ServiceAssessment>(operations_.service_assessments, q);
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::ListServiceAssessments(
    grpc::CallbackServerContext* context, const v1::ListServiceAssessmentsRequest* request,
    v1::ListServiceAssessmentsResponse* response) {
  return pipeline_.Unary<v1::ListServiceAssessmentsRequest, v1::ListServiceAssessmentsResponse>(
      context, kListServiceAssessments, *request, response,
      [this](RequestContext&, const v1::ListServiceAssessmentsRequest& q) {
        return List<v1::ListServiceAssessmentsResponse>(kListServiceAssessments,
                                                        operations_.service_assessments, q,
                                                        [](auto& r) { return r.add_service_assessments(); });
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::BatchGetServiceAssessments(
    grpc::CallbackServerContext* context, const v1::BatchGetServiceAssessmentsRequest* request,
    v1::BatchGetServiceAssessmentsResponse* response) {
  return pipeline_.Unary<v1::BatchGetServiceAssessmentsRequest, v1::BatchGetServiceAssessmentsResponse>(
      context, kBatchGetServiceAssessments, *request, response,
      [this](RequestContext&, const v1::BatchGetServiceAssessmentsRequest& q) {
        return BatchGet<v1::BatchGetServiceAssessmentsResponse>(
            operations_.service_assessments, q, [](auto& r) { return r.add_service_assessments(); });
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::GetDecision(grpc::CallbackServerContext* context,
                                                     const v1::GetDecisionRequest* request,
                                                     v1::Decision* response) {
  return pipeline_.Unary<v1::GetDecisionRequest, v1::Decision>(
      context, kGetDecision, *request, response, [this](RequestContext&, const v1::GetDecisionRequest& q) {
        return Get<v1::Decision>(operations_.decisions, q);
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::ListDecisions(grpc::CallbackServerContext* context,
                                                       const v1::ListDecisionsRequest* request,
                                                       v1::ListDecisionsResponse* response) {
  return pipeline_.Unary<v1::ListDecisionsRequest, v1::ListDecisionsResponse>(
      context, kListDecisions, *request, response,
      [this](RequestContext&, const v1::ListDecisionsRequest& q) {
        return List<v1::ListDecisionsResponse>(kListDecisions, operations_.decisions, q,
                                               [](auto& r) { return r.add_decisions(); });
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::BatchGetDecisions(grpc::CallbackServerContext* context,
                                                           const v1::BatchGetDecisionsRequest* request,
                                                           v1::BatchGetDecisionsResponse* response) {
  return pipeline_.Unary<v1::BatchGetDecisionsRequest, v1::BatchGetDecisionsResponse>(
      context, kBatchGetDecisions, *request, response,
      [this](RequestContext&, const v1::BatchGetDecisionsRequest& q) {
        return BatchGet<v1::BatchGetDecisionsResponse>(operations_.decisions, q,
                                                       [](auto& r) { return r.add_decisions(); });
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::ResolveDelegation(grpc::CallbackServerContext* context,
                                                           const v1::ResolveDelegationRequest* request,
                                                           v1::Delegation* response) {
  return pipeline_.Unary<v1::ResolveDelegationRequest, v1::Delegation>(
      context, kResolveDelegation, *request, response,
      [this](RequestContext&, const v1::ResolveDelegationRequest& q) {
        return Resolve(operations_.resolve_delegation, q);
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::ListDelegations(grpc::CallbackServerContext* context,
                                                         const v1::ListDelegationsRequest* request,
                                                         v1::ListDelegationsResponse* response) {
  return pipeline_.Unary<v1::ListDelegationsRequest, v1::ListDelegationsResponse>(
      context, kListDelegations, *request, response,
      [this](RequestContext& rc, const v1::ListDelegationsRequest& q) {
        return List(kListDelegations, answers_, rc, operations_.list_delegations, q);
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::ListServiceStatuses(grpc::CallbackServerContext* context,
                                                             const v1::ListServiceStatusesRequest* request,
                                                             v1::ListServiceStatusesResponse* response) {
  return pipeline_.Unary<v1::ListServiceStatusesRequest, v1::ListServiceStatusesResponse>(
      context, kListServiceStatuses, *request, response,
      [this](RequestContext& rc, const v1::ListServiceStatusesRequest& q) {
        return List(kListServiceStatuses, answers_, rc, operations_.list_service_statuses, q);
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::RestateFootprint(grpc::CallbackServerContext* context,
                                                          const v1::RestateFootprintRequest* request,
                                                          v1::RestateFootprintResponse* response) {
  return pipeline_.Unary<v1::RestateFootprintRequest, v1::RestateFootprintResponse>(
      context, kRestateFootprint, *request, response,
      [this](RequestContext&, const v1::RestateFootprintRequest& q) {
        return Restate(operations_.restate_footprint, q);
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::RecordDecision(grpc::CallbackServerContext* context,
                                                        const v1::RecordDecisionRequest* request,
                                                        v1::Decision* response) {
  return pipeline_.Unary<v1::RecordDecisionRequest, v1::Decision>(
      context, kRecordDecision, *request, response,
      [this](RequestContext& rc, const v1::RecordDecisionRequest& q) {
        return RecordOne(operations_.record_decision, rc, q);
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::CorrectDecision(grpc::CallbackServerContext* context,
                                                         const v1::CorrectDecisionRequest* request,
                                                         v1::Decision* response) {
  return pipeline_.Unary<v1::CorrectDecisionRequest, v1::Decision>(
      context, kCorrectDecision, *request, response,
      [this](RequestContext& rc, const v1::CorrectDecisionRequest& q) {
        return CorrectOne(operations_.correct_decision, rc, q);
      });
}

grpc::ServerUnaryReactor* PortfolioGrpc::ImportRecords(grpc::CallbackServerContext* context,
                                                       const v1::ImportRecordsRequest* request,
                                                       v1::ImportRecordsResponse* response) {
  return pipeline_.Unary<v1::ImportRecordsRequest, v1::ImportRecordsResponse>(
      context, kImportRecords, *request, response,
      [this](RequestContext& rc, const v1::ImportRecordsRequest& q) {
        return Import(operations_.import_records, rc, q);
      });
}

}  // namespace specom::portfolio
