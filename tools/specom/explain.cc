// specom explain: every step of one ICB's way from baseline to allocation.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/util/json_util.h"
#include "libs/base/csv.h"
#include "specom/finance/v1/finance_service.grpc.pb.h"
#include "tools/specom/commands.h"
#include "tools/specom/runs.h"

namespace specom::cli {
namespace {

namespace v1 = finance::v1;

struct Options {
  ClientOptions client;
  RunChoice choice;
  std::string icb;
};

std::string ValueText(const v1::StepValue& value) {
  switch (value.value_case()) {
    case v1::StepValue::kAmountPence:
      return Pounds(Pence(value.amount_pence()));
    case v1::StepValue::kRatio:
      return absl::StrFormat("%.12f", value.ratio());
    case v1::StepValue::kNumber:
      return absl::StrFormat("%.6f", value.number());
    case v1::StepValue::kText:
      return value.text();
    case v1::StepValue::VALUE_NOT_SET:
      return "";
  }
  return "";
}

// The source's number in the list below the steps, from 1; added when it is new.
std::size_t NumberOf(const std::string& source, std::vector<std::string>& sources) {
  auto at = std::find(sources.begin(), sources.end(), source);
  if (at == sources.end()) at = sources.insert(at, source);
  return static_cast<std::size_t>(at - sources.begin()) + 1;
}

void PrintTerminal(const v1::Explanation& explanation) {
  std::cout << explanation.icb() << " " << explanation.icb_name() << ": " << explanation.stream() << " "
            << explanation.financial_year() << " (" << explanation.run() << ")\n\nBaseline ledger\n";
  Table ledger({{"component", "Component"}, {"reason", "Reason", 1}, {"amount_gbp", "£k"}});
  for (const auto& line : explanation.baseline_lines()) {
    ledger.AddRow({line.component(), line.reason(), Pence(line.amount_pence())});
  }
  ledger.Print(std::cout, Format::kTable, TerminalWidth());
  std::vector<std::string> sources;
  int number = 0;
  for (const auto& step : explanation.steps()) {
    std::cout << "\n"
              << ++number << ". " << step.title() << "\n   " << step.sentence() << "\n   " << step.formula()
              << "\n";
    for (const auto& input : step.inputs())
      std::cout << "     " << input.name() << " = " << ValueText(input) << "\n";
    std::cout << "   → " << step.result().name() << " = " << ValueText(step.result()) << "\n";
    if (!step.source().empty()) std::cout << "   Source [" << NumberOf(step.source(), sources) << "]\n";
  }
  std::cout << "\nSources\n";
  for (std::size_t i = 0; i < sources.size(); ++i) std::cout << "  [" << i + 1 << "] " << sources[i] << "\n";
}

void PrintCsv(const v1::Explanation& explanation) {
  std::string text;
  AppendCsvLine(text, {"number", "step", "title", "formula", "inputs", "result", "value", "source"});
  int number = 0;
  for (const auto& step : explanation.steps()) {
    std::string inputs;
    for (const auto& input : step.inputs()) {
      absl::StrAppend(&inputs, inputs.empty() ? "" : "; ", input.name(), " = ", ValueText(input));
    }
    AppendCsvLine(text, {absl::StrCat(++number), step.step(), step.title(), step.formula(), inputs,
                         step.result().name(), ValueText(step.result()), step.source()});
  }
  std::cout << text;
}

int Explain(const Options& options) {
  auto session = Session::Open(options.client);
  if (!session.ok()) return Fail(session.status());
  auto run = ComputedRun(**session, options.choice);
  if (!run.ok()) return Fail(run.status());
  v1::ExplainAllocationRequest request;
  request.set_run(run->name());
  request.set_icb(options.icb);
  auto explanation = (*session)->client().Call(&v1::FinanceService::Stub::ExplainAllocation, request);
  if (!explanation.ok()) return Fail(explanation.status());
  switch (options.client.OutputFormat()) {
    case Format::kTable:
      PrintTerminal(*explanation);
      break;
    case Format::kCsv:
      PrintCsv(*explanation);
      break;
    case Format::kJson: {
      std::string json;
      google::protobuf::util::JsonPrintOptions pretty;
      pretty.add_whitespace = true;
      pretty.preserve_proto_field_names = true;
      if (!google::protobuf::util::MessageToJsonString(*explanation, &json, pretty).ok()) {
        return Fail(absl::InternalError("the explanation could not be written as JSON"));
      }
      std::cout << json;
      break;
    }
  }
  return 0;
}

}  // namespace

void AddExplain(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("explain", "Every step of one ICB's way from baseline to allocation");
  AddRunChoice(*command, options->choice);
  command->add_option("--icb", options->icb, "ODS code of the ICB, e.g. QOQ")->required();
  AddClientOptions(*command, options->client);
  command->footer(
      "Examples:\n"
      "  specom explain --stream specialised --year 2025/26 --icb QOQ\n"
      "  specom explain --inputs ./my-inputs --icb QHM --format json");
  command->callback([options, &exit_code] { exit_code = Explain(*options); });
}

}  // namespace specom::cli
