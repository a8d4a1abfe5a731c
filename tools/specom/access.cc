// specom access: who may call what and why, as a table of the contract and asked of a running platform.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/rpc/access_rules.h"
#include "libs/rpc/roles.h"
#include "specom/common/v1/access_service.grpc.pb.h"
#include "specom/common/v1/audit_service.pb.h"
#include "tools/specom/access_table.h"
#include "tools/specom/commands.h"
#include "tools/specom/session.h"

namespace specom::cli {
namespace {

namespace v1 = common::v1;

struct Options {
  ClientOptions client;
  std::string method;
  std::string user;
  std::vector<std::string> roles;
  std::string organisation;
  std::string resource;
};

// "PublishRun" -> "specom.finance.v1.FinanceService/PublishRun"; a name in full stays as it is.
absl::StatusOr<std::string> FullMethod(const std::string& name) {
  if (name.find('/') != name.npos) return name;
  std::vector<std::string> found;
  for (const rpc::MethodTraits& method : rpc::EveryMethod()) {
    if (method.full_method.ends_with("/" + name)) found.push_back(method.full_method);
  }
  if (found.empty()) {
    return absl::InvalidArgumentError("--method: there is no method " + name +
                                      "; specom access table lists all");
  }
  if (found.size() > 1) {
    return absl::InvalidArgumentError("--method: " + name + " is ambiguous; say one of " +
                                      absl::StrJoin(found, ", "));
  }
  return found.front();
}

absl::StatusOr<v1::ExplainAccessRequest> RequestFrom(const Options& options) {
  v1::ExplainAccessRequest request;
  ASSIGN_OR_RETURN(*request.mutable_method(), FullMethod(options.method));
  for (const std::string& word : options.roles) {
    auto role = ParseRole(word);
    if (!role) return absl::InvalidArgumentError("--roles: \"" + word + "\" is no role");
    request.add_roles(rpc::ToProto(*role));
  }
  request.set_user(options.user);
  request.set_organisation(options.organisation);
  request.set_resource(options.resource);
  return request;
}

int ExplainAccess(Options options) {
  auto request = RequestFrom(options);
  if (!request.ok()) return Fail(request.status());
  options.client.user = "administrator";
  options.client.roles = "administrator";
  auto session = Session::Open(options.client);
  if (!session.ok()) return Fail(session.status());
  auto explanation = (*session)->client().Call(&v1::AccessService::Stub::ExplainAccess, *request);
  if (!explanation.ok()) return Fail(explanation.status());
  Table table({{"check", "Check"}, {"passed", "Passed"}, {"finding", "Finding"}});
  for (const auto& check : explanation->checks())
    table.AddRow({check.check(), check.passed(), check.finding()});
  if (options.client.OutputFormat() != Format::kTable) {
    table.Print(std::cout, options.client.OutputFormat(), TerminalWidth());
    return 0;
  }
  std::cout << (explanation->allowed() ? "Allowed: " : "Denied: ") << request->method() << "\n";
  for (const auto& check : explanation->checks()) {
    std::cout << "  " << (check.passed() ? "ok       " : "MISSING  ") << check.check() << ": "
              << check.finding() << "\n";
  }
  return 0;
}

int PrintTable(const std::string& format) {
  if (format == "markdown") {
    std::cout << AccessMarkdown();
    return 0;
  }
  AccessTable().Print(std::cout,
                      format == "csv"    ? Format::kCsv
                      : format == "json" ? Format::kJson
                                         : Format::kTable,
                      TerminalWidth());
  return 0;
}

void AddExplainAccess(CLI::App& group, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command =
      group.add_subcommand("explain", "Whether such a caller may call a method, and what is missing");
  command->add_option("--method", options->method, "e.g. PublishRun, or in full")->required();
  command->add_option("--roles", options->roles, "Roles of the caller in question, e.g. icb")
      ->required()
      ->delimiter(',');
  command->add_option("--organisation", options->organisation, "ODS code that the caller acts for");
  command->add_option("--caller", options->user, "Who the caller is, e.g. an e-mail address");
  command->add_option("--resource", options->resource, "What the method would be called for, e.g. runs/3f2a");
  AddConnectionOptions(*command, options->client);
  command->footer(
      "Asked as an administrator, of the platform at the endpoint.\n\n"
      "Example:\n"
      "  specom access explain --method PublishRun --roles icb --organisation QOQ");
  command->callback([options, &exit_code] { exit_code = ExplainAccess(*options); });
}

}  // namespace

void AddAccess(CLI::App& app, int& exit_code) {
  auto* group = app.add_subcommand("access", "Who may call what, and why");
  group->require_subcommand(1);
  AddExplainAccess(*group, exit_code);
  auto format = std::make_shared<std::string>("table");
  auto* table = group->add_subcommand("table", "Every method with its scope and the roles that may call it");
  table->add_option("--format", *format, "table, csv, json or markdown")
      ->check(CLI::IsMember({"table", "csv", "json", "markdown"}))
      ->capture_default_str();
  table->footer("The markdown is what stands in README.md.\n\nExample:\n  specom access table");
  table->callback([format, &exit_code] { exit_code = PrintTable(*format); });
}

}  // namespace specom::cli
