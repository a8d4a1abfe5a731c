// Read from the contract, so that the table is never older than what is enforced.
#include "tools/specom/access_table.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/rpc/access_rules.h"
#include "specom/common/v1/access_service.pb.h"
#include "specom/common/v1/audit_service.pb.h"

namespace specom::cli {
namespace {

// A static library's descriptors are there when something of their file is used.
std::vector<rpc::MethodTraits> LinkedMethods() {
  common::v1::AccessExplanation::descriptor();
  common::v1::AuditRecord::descriptor();
  return rpc::EveryMethod();
}

// "specom.finance.v1.FinanceService/GetRun" -> "FinanceService", "GetRun"
std::pair<std::string, std::string> ServiceAndMethod(const std::string& full_method) {
  const std::size_t slash = full_method.find('/');
  const std::size_t dot = full_method.rfind('.', slash);
  return {full_method.substr(dot + 1, slash - dot - 1), full_method.substr(slash + 1)};
}

void AppendRow(std::string& out, const std::vector<std::string>& cells) {
  out += "|";
  for (const std::string& cell : cells) absl::StrAppend(&out, " ", cell, cell.empty() ? "|" : " |");
  out += "\n";
}

std::vector<std::string> WithRoles(std::vector<std::string> cells) {
  for (Role role : rpc::kEveryRole) cells.emplace_back(ToString(role));
  return cells;
}

}  // namespace

Table AccessTable() {
  std::vector<Column> columns = {{"service", "Service", 1}, {"method", "Method"}, {"scope", "Scope"}};
  for (Role role : rpc::kEveryRole)
    columns.push_back({std::string(ToString(role)), std::string(ToString(role))});
  Table table(std::move(columns));
  for (const rpc::MethodTraits& method : LinkedMethods()) {
    auto [service, name] = ServiceAndMethod(method.full_method);
    std::vector<Cell> cells = {service, name, std::string(rpc::ScopeName(method.scope))};
    for (Role role : rpc::kEveryRole) {
      cells.push_back(method.access.allow.contains(role) ? Cell(std::string("yes")) : Cell());
    }
    table.AddRow(std::move(cells));
  }
  return table;
}

std::string AccessMarkdown() {
  std::string out;
  AppendRow(out, WithRoles({"method", "scope"}));
  AppendRow(out, std::vector<std::string>(2 + std::size(rpc::kEveryRole), "---"));
  for (const rpc::MethodTraits& method : LinkedMethods()) {
    auto [service, name] = ServiceAndMethod(method.full_method);
    std::vector<std::string> cells = {absl::StrCat("`", service, "/", name, "`"),
                                      std::string(rpc::ScopeName(method.scope))};
    for (Role role : rpc::kEveryRole) cells.emplace_back(method.access.allow.contains(role) ? "yes" : "");
    AppendRow(out, cells);
  }
  out += "\n";
  AppendRow(out, WithRoles({"reaches"}));
  AppendRow(out, std::vector<std::string>(1 + std::size(rpc::kEveryRole), "---"));
  std::vector<std::string> drafts = {"drafts"};
  for (Role role : rpc::kEveryRole) drafts.emplace_back(rpc::DraftsReachedBy(role));
  AppendRow(out, drafts);
  return out;
}

}  // namespace specom::cli
