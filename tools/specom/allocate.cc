// specom allocate: what every ICB, region or England is allocated.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "specom/finance/v1/finance_service.grpc.pb.h"
#include "tools/specom/commands.h"
#include "tools/specom/runs.h"

namespace specom::cli {
namespace {

namespace v1 = finance::v1;

struct Options {
  ClientOptions client;
  RunChoice choice;
  std::string by = "icb";
  // A date; empty: that of the run.
  std::string footprint;
  std::string publish_as;
};

template <class T>
std::optional<T> If(bool present, T value) {
  return present ? std::optional<T>(value) : std::nullopt;
}

Table AllocationTable(const std::vector<v1::Allocation>& allocations) {
  Table table({{"icb", "Code"},
               {"name", "Name", 1},
               {"region", "Region", 9},
               {"baseline_gbp", "Baseline £k", 2},
               {"target_gbp", "Target £k", 8},
               {"opening_distance", "Opening distance", 6},
               {"base_growth", "Growth", 4},
               {"distance_before_convergence", "Before convergence", 10},
               {"convergence", "Convergence", 5},
               {"allocation_gbp", "Allocation £k"},
               {"closing_distance", "Closing distance", 3},
               {"hcdd_gbp", "HCDD £k", 11},
               {"physical_health_gbp", "Physical £k", 11},
               {"mental_health_gbp", "Mental £k", 11},
               {"adjustments_gbp", "Adjustments £k", 11},
               {"resource_allocation_gbp", "Resource £k", 7}});
  for (const auto& a : allocations) {
    table.AddRow({a.code(), a.name(), a.region(), MoneyCell(a.baseline_pence()),
                  MoneyCell(If(a.has_opening_target_pence(), a.opening_target_pence())),
                  RatioCell(If(a.has_opening_distance(), a.opening_distance())), RatioCell(a.base_growth()),
                  RatioCell(If(a.has_distance_before_convergence(), a.distance_before_convergence())),
                  RatioCell(If(a.has_convergence(), a.convergence())), MoneyCell(a.allocation_pence()),
                  RatioCell(If(a.has_closing_distance(), a.closing_distance())),
                  MoneyCell(If(a.has_taken_out_pence(), a.taken_out_pence())),
                  MoneyCell(If(a.has_retained_pence(), a.retained_pence())),
                  MoneyCell(If(a.has_pass_through_pence(), a.pass_through_pence())),
                  MoneyCell(If(a.has_adjustments_pence(), a.adjustments_pence())),
                  MoneyCell(a.resource_allocation_pence())});
  }
  return table;
}

absl::Status Publish(Session& session, v1::Run& run, const std::string& approver) {
  ASSIGN_OR_RETURN(auto client, session.ClientAs(approver));
  if (run.state() == v1::RUN_STATE_COMPUTED) {
    v1::ApproveRunRequest approve;
    approve.set_name(run.name());
    approve.set_etag(run.etag());
    approve.set_request_id(NewUuid());
    ASSIGN_OR_RETURN(run, client->Call(&v1::FinanceService::Stub::ApproveRun, approve));
  }
  if (run.state() == v1::RUN_STATE_APPROVED) {
    v1::PublishRunRequest publish;
    publish.set_name(run.name());
    publish.set_etag(run.etag());
    publish.set_request_id(NewUuid());
    ASSIGN_OR_RETURN(run, client->Call(&v1::FinanceService::Stub::PublishRun, publish));
  }
  return absl::OkStatus();
}

// "42 of 42 ICBs equal the published 2025/26 figures to the whole £k"
std::string ComparisonSentence(const v1::Run& run) {
  const auto& comparison = run.published_comparison();
  std::string text =
      absl::StrCat(comparison.icbs_equal(), " of ", comparison.icbs_compared(), " ICBs equal the published ",
                   run.financial_year(), " figures to the whole £k");
  if (comparison.icbs_different_size() > 0) absl::StrAppend(&text, "; different:");
  for (const auto& icb : comparison.icbs_different()) absl::StrAppend(&text, " ", icb);
  return text;
}

// Restated figures are not the published ones, so that they are not compared to them.
std::string FootprintSentence(Date date) {
  return absl::StrCat("Figures on the ICBs of ", date.ToString(),
                      ": those of replaced ICBs stand with their successors, split by shares of the "
                      "registered population that are inferred where an ICB was divided");
}

int Allocate(const Options& options) {
  v1::AllocationLevel level = options.by == "icb"      ? v1::ALLOCATION_LEVEL_ICB
                              : options.by == "region" ? v1::ALLOCATION_LEVEL_REGION
                                                       : v1::ALLOCATION_LEVEL_ENGLAND;
  std::optional<Date> footprint;
  if (!options.footprint.empty()) {
    auto date = Date::Parse(options.footprint);
    if (!date.ok()) return Fail(date.status());
    footprint = *date;
  }
  auto session = Session::Open(options.client);
  if (!session.ok()) return Fail(session.status());
  auto run = ComputedRun(**session, options.choice);
  if (!run.ok()) return Fail(run.status());
  if (!options.publish_as.empty()) {
    if (absl::Status published = Publish(**session, *run, options.publish_as); !published.ok())
      return Fail(published);
  }
  auto allocations = Allocations(**session, run->name(), level, footprint);
  if (!allocations.ok()) return Fail(allocations.status());
  Format format = options.client.OutputFormat();
  AllocationTable(*allocations).Print(std::cout, format, TerminalWidth());
  if (!std::cout.flush()) return Fail(absl::DataLossError("the output could not be written in full"));
  std::ostream& notes = format == Format::kTable ? std::cout : std::cerr;
  if (format == Format::kTable)
    notes << "\n" << run->stream() << " " << run->financial_year() << ", " << run->name() << "\n";
  if (!options.publish_as.empty()) notes << "Published by " << run->published_by() << ".\n";
  if (footprint) {
    notes << FootprintSentence(*footprint) << "\n";
  } else if (run->has_published_comparison()) {
    notes << ComparisonSentence(*run) << "\n";
  }
  return 0;
}

}  // namespace

void AddAllocate(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("allocate", "What every ICB, region or England is allocated");
  AddRunChoice(*command, options->choice);
  command->add_option("--by", options->by, "Rows: icb, region or england")
      ->check(CLI::IsMember({"icb", "region", "england"}))
      ->capture_default_str();
  command->add_option(
      "--footprint", options->footprint,
      "The ICBs of that date, e.g. 2026-04-01, with the figures of those they replaced; shares "
      "of a divided ICB are inferred where the registry says so");
  command->add_option(
      "--publish-as", options->publish_as,
      "Approve and publish the run as this user, who is not its author; with --token-file: the "
      "file with the token of the approver");
  AddClientOptions(*command, options->client);
  command->footer(
      "Examples:\n"
      "  specom allocate --stream specialised --year 2025/26\n"
      "  specom allocate --stream core --year 2025/26 --by region --format csv\n"
      "  specom allocate --footprint 2026-04-01\n"
      "  specom allocate --inputs ./my-inputs --format csv > allocations.csv\n"
      "  specom allocate --endpoint 127.0.0.1:7400 --publish-as director");
  command->callback([options, &exit_code] { exit_code = Allocate(*options); });
}

}  // namespace specom::cli
