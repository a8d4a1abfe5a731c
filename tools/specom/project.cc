// specom project: a run carried forward, with years to target.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "specom/finance/v1/finance_service.grpc.pb.h"
#include "tools/specom/commands.h"
#include "tools/specom/runs.h"

namespace specom::cli {
namespace {

namespace v1 = finance::v1;

struct Options {
  ClientOptions client;
  RunChoice choice;
  int years = 10;
  double tolerance = 0.01;
  bool by_year = false;
};

Table SummaryTable(const v1::Projection& projection) {
  Table table({{"icb", "ICB"},
               {"name", "Name", 1},
               {"region", "Region", 6},
               {"opening_distance", "Opening distance", 2},
               {"final_year", "Final year", 5},
               {"final_allocation_gbp", "Final allocation £k", 4},
               {"final_distance", "Final distance", 3},
               {"years_to_target", "Years to target"}});
  for (const auto& row : projection.rows()) {
    const auto& last = row.years(row.years_size() - 1);
    table.AddRow({row.icb(), row.name(), row.region(), Ratio{row.opening_distance()}, last.financial_year(),
                  Pence(last.allocation_pence()), Ratio{last.closing_distance()},
                  row.has_years_to_target() ? Cell(std::int64_t{row.years_to_target()})
                                            : Cell(absl::StrCat("more than ", row.years_size()))});
  }
  return table;
}

Table YearTable(const v1::Projection& projection) {
  Table table({{"icb", "ICB"},
               {"name", "Name", 5},
               {"financial_year", "Year"},
               {"baseline_gbp", "Baseline £k", 4},
               {"target_gbp", "Target £k", 3},
               {"base_growth", "Growth", 2},
               {"convergence", "Convergence", 2},
               {"allocation_gbp", "Allocation £k", 1},
               {"closing_distance", "Closing distance"}});
  for (const auto& row : projection.rows()) {
    for (const auto& year : row.years()) {
      table.AddRow({row.icb(), row.name(), year.financial_year(), Pence(year.baseline_pence()),
                    Pence(year.target_pence()), Ratio{year.base_growth()}, Ratio{year.convergence()},
                    Pence(year.allocation_pence()), Ratio{year.closing_distance()}});
    }
  }
  return table;
}

int Project(const Options& options) {
  auto session = Session::Open(options.client);
  if (!session.ok()) return Fail(session.status());
  auto run = ComputedRun(**session, options.choice);
  if (!run.ok()) return Fail(run.status());
  v1::ProjectAllocationsRequest request;
  request.set_run(run->name());
  request.set_years(options.years);
  request.set_tolerance(options.tolerance);
  auto projection = (*session)->client().Call(&v1::FinanceService::Stub::ProjectAllocations, request);
  if (!projection.ok()) return Fail(projection.status());
  Format format = options.client.OutputFormat();
  Table table = options.by_year ? YearTable(*projection) : SummaryTable(*projection);
  table.Print(std::cout, format, TerminalWidth());
  if (format == Format::kTable) {
    std::cout << "\nAssumptions\n";
    for (const auto& assumption : projection->assumptions()) std::cout << "  - " << assumption << "\n";
  }
  return 0;
}

}  // namespace

void AddProject(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command =
      app.add_subcommand("project", "A run carried forward over several years, with years to target");
  AddRunChoice(*command, options->choice);
  command->add_option("--years", options->years, "Years to project, 1 to 50")
      ->check(CLI::Range(1, 50))
      ->capture_default_str();
  command->add_option("--tolerance", options->tolerance, "At target within this distance, e.g. 0.01 for 1%")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_flag("--by-year", options->by_year, "A row for every ICB and year");
  AddClientOptions(*command, options->client);
  command->footer(
      "Examples:\n"
      "  specom project --years 10 --stream specialised --year 2025/26\n"
      "  specom project --years 20 --tolerance 0.025 --by-year --format csv");
  command->callback([options, &exit_code] { exit_code = Project(*options); });
}

}  // namespace specom::cli
