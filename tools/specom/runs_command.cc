// specom runs and specom policies: what the platform holds, and the life of a run.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "absl/strings/ascii.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "specom/finance/v1/finance_service.grpc.pb.h"
#include "tools/specom/commands.h"
#include "tools/specom/runs.h"

namespace specom::cli {
namespace {

namespace v1 = finance::v1;
using Finance = v1::FinanceService;

struct Options {
  ClientOptions client;
  std::string run;
  std::string note;
  std::string stream;
};

// "computed" for RUN_STATE_COMPUTED
std::string StateWord(v1::RunState state) {
  return absl::AsciiStrToLower(v1::RunState_Name(state).substr(sizeof("RUN_STATE_") - 1));
}

absl::Status List(Session& session, const Options& options) {
  v1::ListRunsRequest request;
  request.set_stream(options.stream);
  request.set_page_size(100);
  Table table({{"run", "Run"},
               {"stream", "Stream", 1},
               {"financial_year", "Year", 1},
               {"state", "State"},
               {"allocation_gbp", "Allocation £k", 2},
               {"created_by", "Author", 3},
               {"approved_by", "Approved by", 4},
               {"published_by", "Published by", 4}});
  do {
    ASSIGN_OR_RETURN(auto page, session.client().Call(&Finance::Stub::ListRuns, request));
    for (const auto& run : page.runs()) {
      table.AddRow({run.name(), run.stream(), run.financial_year(), StateWord(run.state()),
                    Pence(run.allocation_pence()), run.created_by(), run.approved_by(), run.published_by()});
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  table.Print(std::cout, options.client.OutputFormat(), TerminalWidth());
  return absl::OkStatus();
}

absl::StatusOr<v1::Run> GetRun(Session& session, const Options& options) {
  v1::GetRunRequest get;
  get.set_name(RunName(options.run));
  return session.client().Call(&Finance::Stub::GetRun, get);
}

absl::Status Approve(Session& session, const Options& options) {
  ASSIGN_OR_RETURN(auto run, GetRun(session, options));
  v1::ApproveRunRequest request;
  request.set_name(run.name());
  request.set_etag(run.etag());
  request.set_note(options.note);
  request.set_request_id(NewUuid());
  ASSIGN_OR_RETURN(run, session.client().Call(&Finance::Stub::ApproveRun, request));
  std::cout << run.name() << " is approved by " << run.approved_by() << "\n";
  return absl::OkStatus();
}

absl::Status Publish(Session& session, const Options& options) {
  ASSIGN_OR_RETURN(auto run, GetRun(session, options));
  v1::PublishRunRequest request;
  request.set_name(run.name());
  request.set_etag(run.etag());
  request.set_request_id(NewUuid());
  ASSIGN_OR_RETURN(run, session.client().Call(&Finance::Stub::PublishRun, request));
  std::cout << run.name() << " is published by " << run.published_by() << "\n";
  return absl::OkStatus();
}

absl::Status Policies(Session& session, const Options& options) {
  v1::ListPoliciesRequest request;
  request.set_stream(options.stream);
  request.set_page_size(100);
  Table table({{"policy", "Policy"},
               {"stream", "Stream", 3},
               {"financial_year", "Year", 3},
               {"title", "Title", 1},
               {"source", "Source", 2}});
  do {
    ASSIGN_OR_RETURN(auto page, session.client().Call(&Finance::Stub::ListPolicies, request));
    for (const auto& policy : page.policies()) {
      table.AddRow(
          {policy.name(), policy.stream(), policy.financial_year(), policy.title(), policy.source()});
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  table.Print(std::cout, options.client.OutputFormat(), TerminalWidth());
  return absl::OkStatus();
}

using Action = absl::Status (*)(Session&, const Options&);

void OnCall(CLI::App* command, int& exit_code, const std::shared_ptr<Options>& options, Action action) {
  AddClientOptions(*command, options->client);
  command->callback([options, action, &exit_code] {
    auto session = Session::Open(options->client);
    absl::Status status = session.ok() ? action(**session, *options) : session.status();
    exit_code = status.ok() ? 0 : Fail(status);
  });
}

}  // namespace

void AddRuns(CLI::App& app, int& exit_code) {
  auto* group = app.add_subcommand("runs", "Allocation runs: list, approve, publish");
  group->require_subcommand(1);
  group->footer(
      "Examples:\n"
      "  specom runs list --endpoint 127.0.0.1:7400\n"
      "  specom runs approve runs/1c2f… --user director --endpoint 127.0.0.1:7400\n"
      "  specom runs publish runs/1c2f… --user director --endpoint 127.0.0.1:7400");
  auto options = std::make_shared<Options>();
  auto* list = group->add_subcommand("list", "Runs, latest first");
  list->add_option("--stream", options->stream, "Only this funding stream");
  OnCall(list, exit_code, options, List);
  auto* approve = group->add_subcommand("approve", "Approve a computed run of another author");
  approve->add_option("run", options->run, "The run, runs/…")->required();
  approve->add_option("--note", options->note, "A note for the record");
  OnCall(approve, exit_code, options, Approve);
  auto* publish = group->add_subcommand("publish", "Publish an approved run");
  publish->add_option("run", options->run, "The run, runs/…")->required();
  OnCall(publish, exit_code, options, Publish);
}

void AddPolicies(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("policies", "The allocation policies that ship with the platform");
  command->add_option("--stream", options->stream, "Only this funding stream");
  command->footer("Example:\n  specom policies --stream core");
  OnCall(command, exit_code, options, Policies);
}

}  // namespace specom::cli
