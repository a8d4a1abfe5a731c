// specom report: regional reports.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/date.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "specom/finance/v1/finance_service.grpc.pb.h"
#include "specom/reporting/v1/reporting_service.grpc.pb.h"
#include "tools/specom/commands.h"
#include "tools/specom/progress.h"
#include "tools/specom/runs.h"

namespace specom::cli {
namespace {

namespace v1 = reporting::v1;

struct Options {
  ClientOptions client;
  std::string region;
  std::string year = "2025/26";
  std::string stream = "specialised";
  std::string as_of;
};

void AddReportRow(Table& table, const v1::RegionalReportRow& row) {
  auto ratio = [](bool present, double value) { return present ? Cell(Ratio{value}) : Cell(); };
  table.AddRow({row.icb(), row.icb_name(), Pence(row.baseline_pence()),
                row.has_target_pence() ? Cell(Pence(row.target_pence())) : Cell(),
                ratio(row.has_opening_distance(), row.opening_distance()),
                ratio(row.has_base_growth(), row.base_growth()), Pence(row.base_growth_pence()),
                ratio(row.has_convergence(), row.convergence()), Pence(row.convergence_pence()),
                Pence(row.allocation_pence()), ratio(row.has_closing_distance(), row.closing_distance()),
                Pence(row.taken_out_pence()), Pence(row.added_pence()),
                Pence(row.resource_allocation_pence()), Pence(row.movement_pence()),
                std::int64_t{row.services_delegated()}, std::int64_t{row.services_joint()}});
}

Table ReportTable(const v1::RegionalReport& report) {
  Table table({{"icb", "ICB"},
               {"name", "Name", 1},
               {"baseline_gbp", "Baseline £k", 2},
               {"target_gbp", "Target £k", 8},
               {"opening_distance", "Opening distance", 7},
               {"base_growth", "Growth", 6},
               {"base_growth_gbp", "Growth £k", 3},
               {"convergence", "Convergence", 6},
               {"convergence_gbp", "Convergence £k", 3},
               {"allocation_gbp", "Allocation £k"},
               {"closing_distance", "Closing distance", 5},
               {"taken_out_gbp", "Taken out £k", 9},
               {"added_gbp", "Added £k", 9},
               {"resource_allocation_gbp", "Resource £k", 8},
               {"movement_gbp", "Movement £k", 4},
               {"services_delegated", "Delegated", 2},
               {"services_joint", "Joint", 8}});
  for (const auto& row : report.rows()) AddReportRow(table, row);
  AddReportRow(table, report.total());
  return table;
}

// On a platform of the command's own the run is computed and published first, and the report is
// there once its event has arrived.
absl::Status PublishForOwnPlatform(Session& session, const Options& options) {
  RunChoice choice;
  choice.stream = options.stream;
  choice.year = options.year;
  ASSIGN_OR_RETURN(auto run, ComputedRun(session, choice));
  ASSIGN_OR_RETURN(auto approver, session.ClientAs("approver"));
  finance::v1::ApproveRunRequest approve;
  approve.set_name(run.name());
  approve.set_etag(run.etag());
  approve.set_request_id(NewUuid());
  ASSIGN_OR_RETURN(run, approver->Call(&finance::v1::FinanceService::Stub::ApproveRun, approve));
  finance::v1::PublishRunRequest publish;
  publish.set_name(run.name());
  publish.set_etag(run.etag());
  publish.set_request_id(NewUuid());
  return approver->Call(&finance::v1::FinanceService::Stub::PublishRun, publish).status();
}

absl::StatusOr<v1::RegionalReport> Report(Session& session, const Options& options) {
  v1::GetRegionalReportRequest request;
  request.set_region(options.region);
  request.set_financial_year(options.year);
  request.set_stream(options.stream);
  if (!options.as_of.empty()) {
    ASSIGN_OR_RETURN(Date date, Date::Parse(options.as_of));
    request.mutable_as_of()->set_year(date.year());
    request.mutable_as_of()->set_month(date.month());
    request.mutable_as_of()->set_day(date.day());
  }
  if (!options.client.endpoint.empty())
    return session.client().Call(&v1::ReportingService::Stub::GetRegionalReport, request);
  RETURN_IF_ERROR(PublishForOwnPlatform(session, options));
  ProgressBar bar("Waiting for the report");
  // The publication and the decisions are events of two services and arrive in any order. A report
  // of a date on which nothing was delegated waits in vain, so not for long.
  absl::Time end = absl::Now() + absl::Seconds(30);
  absl::Time end_of_decisions = absl::Now() + absl::Seconds(2);
  while (true) {
    auto report = session.client().Call(&v1::ReportingService::Stub::GetRegionalReport, request);
    if (!report.ok() && !absl::IsNotFound(report.status())) return report;
    bool decisions =
        report.ok() && report->total().services_delegated() + report->total().services_joint() > 0;
    absl::Time now = absl::Now();
    if (decisions || now > (report.ok() ? end_of_decisions : end)) return report;
    absl::SleepFor(absl::Milliseconds(20));
  }
}

int Region(const Options& options) {
  auto session = Session::Open(options.client);
  if (!session.ok()) return Fail(session.status());
  auto report = Report(**session, options);
  if (!report.ok()) return Fail(report.status());
  Format format = options.client.OutputFormat();
  if (format == Format::kTable) {
    std::cout << report->region_name() << " (" << report->region() << "): " << report->stream() << " "
              << report->financial_year() << ", from baseline to allocation (" << report->run() << ")\n\n";
  }
  ReportTable(*report).Print(std::cout, format, TerminalWidth());
  return 0;
}

}  // namespace

void AddReport(CLI::App& app, int& exit_code) {
  auto* group = app.add_subcommand("report", "Regional reports");
  group->require_subcommand(1);
  auto options = std::make_shared<Options>();
  auto* region =
      group->add_subcommand("region", "Each ICB's way from baseline to allocation, and what it commissions");
  region->add_option("--region", options->region, "Code of the region, e.g. Y60")->required();
  region->add_option("--year", options->year, "Financial year")->capture_default_str();
  region->add_option("--stream", options->stream, "Funding stream")->capture_default_str();
  region->add_option("--as-of", options->as_of,
                     "Date of the delegation status; default: the first day of the year");
  AddClientOptions(*region, options->client);
  region->footer(
      "A report shows what was published. With --endpoint, publish a run first (specom allocate\n"
      "--publish-as); without, the reference run is published on the command's own platform.\n\n"
      "Example:\n"
      "  specom report region --region Y60 --year 2025/26");
  region->callback([options, &exit_code] { exit_code = Region(*options); });
}

}  // namespace specom::cli
