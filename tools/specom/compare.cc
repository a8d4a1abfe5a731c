// specom compare: two runs of one stream, ICB by ICB.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>

#include "libs/base/status.h"
#include "specom/finance/v1/finance_service.grpc.pb.h"
#include "tools/specom/commands.h"
#include "tools/specom/runs.h"

namespace specom::cli {
namespace {

namespace v1 = finance::v1;

struct Options {
  ClientOptions client;
  std::string base;
  std::string other;
};

void AddComparisonRow(Table& table, const v1::ComparisonRow& row) {
  table.AddRow({row.icb(), row.name(), Pence(row.base_pence()), Pence(row.other_pence()),
                Pence(row.difference_pence()), Ratio{row.difference_ratio()},
                row.has_base_closing_distance() ? Cell(Ratio{row.base_closing_distance()}) : Cell(),
                row.has_other_closing_distance() ? Cell(Ratio{row.other_closing_distance()}) : Cell()});
}

// A run that exists, or one that is computed first: from a folder of inputs, or from the reference
// inputs of "stream:year".
absl::StatusOr<std::string> RunOf(Session& session, const std::string& text) {
  RunChoice choice;
  auto colon = text.find(':');
  if (std::filesystem::is_directory(text)) {
    choice.inputs = text;
  } else if (colon != text.npos) {
    choice.stream = text.substr(0, colon);
    choice.year = text.substr(colon + 1);
  } else {
    return RunName(text);
  }
  ASSIGN_OR_RETURN(auto run, ComputedRun(session, choice));
  return run.name();
}

int Compare(const Options& options) {
  auto session = Session::Open(options.client);
  if (!session.ok()) return Fail(session.status());
  v1::CompareRunsRequest request;
  for (auto [text, into] : {std::pair(&options.base, request.mutable_base_run()),
                            std::pair(&options.other, request.mutable_other_run())}) {
    auto run = RunOf(**session, *text);
    if (!run.ok()) return Fail(run.status());
    *into = *run;
  }
  auto comparison = (*session)->client().Call(&v1::FinanceService::Stub::CompareRuns, request);
  if (!comparison.ok()) return Fail(comparison.status());
  Table table({{"icb", "ICB"},
               {"name", "Name", 1},
               {"base_gbp", "Base £k", 2},
               {"other_gbp", "Other £k", 2},
               {"difference_gbp", "Difference £k"},
               {"difference_ratio", "Difference", 1},
               {"base_closing_distance", "Base distance", 3},
               {"other_closing_distance", "Other distance", 3}});
  for (const auto& row : comparison->rows()) AddComparisonRow(table, row);
  AddComparisonRow(table, comparison->england());
  Format format = options.client.OutputFormat();
  table.Print(std::cout, format, TerminalWidth());
  if (format == Format::kTable) {
    std::cout << "\nInputs\n";
    for (const auto& difference : comparison->input_differences()) std::cout << "  - " << difference << "\n";
  }
  return 0;
}

}  // namespace

void AddCompare(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("compare", "Two runs of one stream, ICB by ICB");
  command
      ->add_option("base", options->base,
                   "The run to compare with: runs/…, a folder of inputs, or stream:year")
      ->required();
  command->add_option("other", options->other, "The other run, likewise")->required();
  AddClientOptions(*command, options->client);
  command->footer(
      "Examples:\n"
      "  specom compare specialised:2025/26 ./my-inputs\n"
      "  specom compare --endpoint 127.0.0.1:7400 runs/1c2f… runs/9e0a…");
  command->callback([options, &exit_code] { exit_code = Compare(*options); });
}

}  // namespace specom::cli
