// The handlers, one line each, after what they translate: requests into queries, and reports into
// responses.
#include "services/reporting/adapters/reporting_grpc.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "libs/rpc/paging.h"
#include "services/reporting/adapters/date_proto.h"

namespace specom::reporting {
namespace {

constexpr char kGet[] = "specom.reporting.v1.ReportingService/GetRegionalReport";
constexpr char kList[] = "specom.reporting.v1.ReportingService/ListRegionalReports";

constexpr std::string_view kStandardStream = "specialised";
constexpr int kStandardPage = 100;
constexpr int kLargestPage = 1000;

v1::RegionalReportRow ToProto(const ReportRow& row) {
  const Allocation& a = row.allocation;
  v1::RegionalReportRow proto;
  proto.set_icb(a.code);
  proto.set_icb_name(a.name);
  proto.set_baseline_pence(a.baseline.value());
  if (a.target) proto.set_target_pence(a.target->value());
  if (a.opening_distance) proto.set_opening_distance(*a.opening_distance);
  proto.set_base_growth(a.base_growth);
  proto.set_base_growth_pence(row.base_growth.value());
  if (a.convergence) proto.set_convergence(*a.convergence);
  proto.set_convergence_pence(row.convergence.value());
  proto.set_allocation_pence(a.allocation.value());
  if (a.closing_distance) proto.set_closing_distance(*a.closing_distance);
  proto.set_taken_out_pence((-a.taken_out).value());
  proto.set_added_pence(a.added.value());
  proto.set_resource_allocation_pence(a.resource_allocation.value());
  proto.set_movement_pence(row.movement.value());
  proto.set_services_delegated(row.services.delegated);
  proto.set_services_joint(row.services.joint);
  return proto;
}

v1::RegionalReport ToProto(const RegionalReport& report) {
  v1::RegionalReport proto;
  proto.set_region(report.region.value());
  proto.set_region_name(report.region_name);
  proto.set_financial_year(report.run.year.ToString());
  proto.set_stream(report.run.stream);
  proto.set_run(report.run.name.value());
  *proto.mutable_publish_time() = TimeMessage(report.run.publish_time);
  *proto.mutable_as_of() = DateMessage(report.as_of);
  for (const ReportRow& row : report.rows) *proto.add_rows() = ToProto(row);
  *proto.mutable_total() = ToProto(report.total);
  proto.set_last_event_id(report.last_event_id);
  return proto;
}

v1::RegionalReportSummary ToProto(const ReportSummary& report) {
  v1::RegionalReportSummary proto;
  proto.set_region(report.region.value());
  proto.set_region_name(report.region_name);
  proto.set_financial_year(report.year.ToString());
  proto.set_stream(report.stream);
  proto.set_run(report.run.value());
  *proto.mutable_publish_time() = TimeMessage(report.publish_time);
  return proto;
}

absl::StatusOr<RegionalReportQuery> QueryOf(const v1::GetRegionalReportRequest& request) {
  RegionalReportQuery query;
  query.region = RegionCode(request.region());
  query.stream = request.stream().empty() ? kStandardStream : std::string_view(request.stream());
  std::vector<FieldViolation> violations;
  if (absl::StatusOr<FinancialYear> year = FinancialYear::Parse(request.financial_year()); year.ok()) {
    query.year = *year;
  } else {
    violations.push_back({"financial_year", std::string(year.status().message())});
  }
  if (request.has_as_of()) {
    if (absl::StatusOr<Date> as_of = DateOf(request.as_of()); as_of.ok()) {
      query.as_of = *as_of;
    } else {
      violations.push_back({"as_of", std::string(as_of.status().message())});
    }
  }
  if (!violations.empty()) return InvalidFields(violations);
  return query;
}

// "2025/26 Y60 specialised": the stream, which this service does not name, stands last.
std::string KeyText(const ReportSummary& report) {
  return absl::StrCat(report.year.ToString(), " ", report.region.value(), " ", report.stream);
}

absl::StatusOr<ReportKey> KeyOf(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits(' ', 2));
  absl::StatusOr<FinancialYear> year = FinancialYear::Parse(parts[0]);
  if (parts.size() != 3 || !year.ok()) {
    return InvalidFields(
        {{"page_token", "is not the token of a page of this list; begin again without one"}});
  }
  return ReportKey{*year, parts[2], RegionCode(parts[1])};
}

absl::StatusOr<v1::RegionalReport> Serve(GetRegionalReport& get, const RequestContext& context,
                                         const v1::GetRegionalReportRequest& request) {
  ASSIGN_OR_RETURN(const RegionalReportQuery query, QueryOf(request));
  ASSIGN_OR_RETURN(const RegionalReport report, get.Execute(context, query));
  return ToProto(report);
}

absl::StatusOr<v1::ListRegionalReportsResponse> Serve(ListRegionalReports& list,
                                                      const RequestContext& context,
                                                      const v1::ListRegionalReportsRequest& request) {
  ASSIGN_OR_RETURN(const int size, rpc::PageSize(request.page_size(), kStandardPage, kLargestPage));
  ASSIGN_OR_RETURN(const std::optional<rpc::PagePosition> position, rpc::ReadPageToken(kList, request));
  // One more than the page holds: if it comes, there is a further page.
  ListReportsQuery query{RegionCode(request.region()), std::nullopt, size + 1};
  if (position) {
    ASSIGN_OR_RETURN(query.after, KeyOf(position->after));
  }
  ASSIGN_OR_RETURN(std::vector<ReportSummary> reports, list.Execute(context, query));
  v1::ListRegionalReportsResponse response;
  if (std::ssize(reports) > size) {
    reports.resize(static_cast<std::size_t>(size));
    response.set_next_page_token(
        rpc::MakePageToken(kList, request, {KeyText(reports.back()), context.received_at}));
  }
  for (const ReportSummary& report : reports) *response.add_reports() = ToProto(report);
  return response;
}

}  // namespace

grpc::ServerUnaryReactor* ReportingGrpc::GetRegionalReport(grpc::CallbackServerContext* context,
                                                           const v1::GetRegionalReportRequest* request,
                                                           v1::RegionalReport* response) {
  return pipeline_.Unary<v1::GetRegionalReportRequest, v1::RegionalReport>(
      context, kGet, *request, response,
      [this](RequestContext& rc, const v1::GetRegionalReportRequest& q) { return Serve(get_, rc, q); });
}

grpc::ServerUnaryReactor* ReportingGrpc::ListRegionalReports(grpc::CallbackServerContext* context,
                                                             const v1::ListRegionalReportsRequest* request,
                                                             v1::ListRegionalReportsResponse* response) {
  return pipeline_.Unary<v1::ListRegionalReportsRequest, v1::ListRegionalReportsResponse>(
      context, kList, *request, response,
      [this](RequestContext& rc, const v1::ListRegionalReportsRequest& q) { return Serve(list_, rc, q); });
}

}  // namespace specom::reporting
