#include "tools/specom/runs.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "google/longrunning/operations.grpc.pb.h"
#include "libs/base/csv.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "specom/finance/v1/finance_service.grpc.pb.h"
#include "tools/specom/progress.h"

namespace specom::cli {
namespace {

namespace v1 = finance::v1;
using Finance = v1::FinanceService;
using Operations = google::longrunning::Operations;

// Streams are words joined by hyphens; underscores are taken for hyphens.
std::string Slug(const std::string& stream) {
  return absl::StrReplaceAll(stream, {{"_", "-"}});
}

absl::StatusOr<std::string> ReadInputFile(const std::filesystem::path& path) {
  std::error_code error;
  auto size = std::filesystem::file_size(path, error);
  if (error) return absl::NotFoundError(absl::StrCat(path.string(), " cannot be read: ", error.message()));
  constexpr std::uintmax_t kLargest = 12 << 20;
  if (size > kLargest) {
    return absl::InvalidArgumentError(absl::StrCat(path.string(), " has ", size, " bytes; at most ", kLargest,
                                                   " are taken. Leave out rows that are not ICBs."));
  }
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return absl::NotFoundError(absl::StrCat(path.string(), " cannot be read"));
  return text.str();
}

// All missing files at once.
absl::StatusOr<v1::InputFiles> ReadInputs(const std::string& folder) {
  v1::InputFiles files;
  std::vector<std::string> problems;
  auto read = [&](const char* name, std::string* into) {
    auto content = ReadInputFile(std::filesystem::path(folder) / name);
    if (content.ok()) {
      *into = *std::move(content);
    } else {
      problems.emplace_back(content.status().message());
    }
  };
  read("baseline.csv", files.mutable_baseline_csv());
  read("need.csv", files.mutable_need_csv());
  read("policy.json", files.mutable_policy_json());
  if (problems.empty()) return files;
  std::string message = "the input folder needs baseline.csv, need.csv and policy.json";
  for (const auto& problem : problems) absl::StrAppend(&message, "\n  ", problem);
  return absl::InvalidArgumentError(message);
}

absl::Status PrintProblems(const v1::CheckInputsResponse& checked) {
  for (const auto& problem : checked.problems()) {
    std::cerr << ToString(FileProblem{problem.file(), problem.row(), problem.column(), problem.value(),
                                      problem.rule()})
              << "\n";
  }
  int count = checked.problems_size() + checked.further_problems();
  return absl::InvalidArgumentError(absl::StrCat(count, count == 1 ? " problem" : " problems",
                                                 " in the input files; nothing was imported. Mend ",
                                                 count == 1 ? "it" : "them", " and run the command again."));
}

absl::StatusOr<std::string> ImportFolder(Session& session, const RunChoice& choice) {
  v1::CheckInputsRequest check;
  ASSIGN_OR_RETURN(*check.mutable_files(), ReadInputs(choice.inputs));
  ASSIGN_OR_RETURN(auto checked, session.client().Call(&Finance::Stub::CheckInputs, check));
  if (checked.problems_size() > 0) return PrintProblems(checked);
  v1::ImportInputsRequest import;
  *import.mutable_files() = check.files();
  import.set_request_id(NewUuid());
  ASSIGN_OR_RETURN(auto input_set, session.client().Call(&Finance::Stub::ImportInputs, import));
  bool other_stream = choice.stream_named && input_set.stream() != Slug(choice.stream);
  bool other_year = choice.year_named && input_set.financial_year() != choice.year;
  if (other_stream || other_year) {
    return absl::InvalidArgumentError(absl::StrCat(
        choice.inputs, "/policy.json is for ", input_set.stream(), " ", input_set.financial_year(),
        " and the command asks for ", choice.stream, " ", choice.year, ". Use --stream ", input_set.stream(),
        " --year ", input_set.financial_year(), ", or the folder of the other policy."));
  }
  return input_set.name();
}

}  // namespace

std::string RunName(const std::string& text) {
  return text.starts_with("runs/") ? text : "runs/" + text;
}

void AddRunChoice(CLI::App& command, RunChoice& choice) {
  command
      .add_option("--stream", choice.stream,
                  "Funding stream, e.g. specialised or core; with --inputs: theirs")
      ->each([&choice](const std::string&) { choice.stream_named = true; })
      ->capture_default_str();
  command.add_option("--year", choice.year, "Financial year, e.g. 2025/26; with --inputs: theirs")
      ->each([&choice](const std::string&) { choice.year_named = true; })
      ->capture_default_str();
  auto* inputs = command.add_option(
      "--inputs", choice.inputs,
      "Folder with baseline.csv, need.csv and policy.json instead of the reference inputs");
  command.add_option("--run", choice.run, "A run that exists, runs/…")->excludes(inputs);
}

absl::StatusOr<v1::Run> ComputedRun(Session& session, const RunChoice& choice) {
  v1::GetRunRequest get;
  if (!choice.run.empty()) {
    get.set_name(RunName(choice.run));
    return session.client().Call(&Finance::Stub::GetRun, get);
  }
  v1::CreateRunRequest create;
  create.set_request_id(NewUuid());
  if (choice.inputs.empty()) {
    create.set_stream(Slug(choice.stream));
    create.set_financial_year(choice.year);
  } else {
    ASSIGN_OR_RETURN(*create.mutable_input_set(), ImportFolder(session, choice));
  }
  ProgressBar bar("Allocating");
  ASSIGN_OR_RETURN(auto operation, session.client().Call(&Finance::Stub::CreateRun, create));
  while (!operation.done()) {
    google::longrunning::WaitOperationRequest wait;
    wait.set_name(operation.name());
    wait.mutable_timeout()->set_nanos(500'000'000);
    ASSIGN_OR_RETURN(operation, session.client().Call(&Operations::Stub::WaitOperation, wait));
    v1::RunProgress progress;
    if (operation.metadata().UnpackTo(&progress))
      bar.Show(progress.percent(), v1::RunState_Name(progress.state()));
  }
  if (operation.has_error()) {
    return absl::Status(static_cast<absl::StatusCode>(operation.error().code()), operation.error().message());
  }
  v1::Run run;
  if (!operation.response().UnpackTo(&run)) return absl::InternalError("the operation holds no run");
  return run;
}

absl::StatusOr<std::vector<v1::Allocation>> Allocations(Session& session, const std::string& run,
                                                        v1::AllocationLevel level,
                                                        const std::optional<Date>& footprint) {
  std::vector<v1::Allocation> all;
  v1::ListAllocationsRequest request;
  request.set_parent(run);
  request.set_level(level);
  request.set_page_size(1000);
  if (footprint) {
    request.mutable_footprint_date()->set_year(footprint->year());
    request.mutable_footprint_date()->set_month(footprint->month());
    request.mutable_footprint_date()->set_day(footprint->day());
  }
  do {
    ASSIGN_OR_RETURN(auto page, session.client().Call(&Finance::Stub::ListAllocations, request));
    for (auto& allocation : *page.mutable_allocations()) all.push_back(std::move(allocation));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

}  // namespace specom::cli
