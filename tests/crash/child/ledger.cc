// Both funds, the movement, its audit record, the outcome of the request and the events commit together.
#include "tests/crash/child/ledger.h"

#include <array>
#include <map>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "libs/store/audit.h"

namespace specom::crash {
namespace {

using store::ColumnType;
using store::Statement;

constexpr std::array<EmbeddedFile, 2> kMigrations = {{
    {"postgresql/0001_fund.sql",
     "CREATE TABLE fund (fund TEXT COLLATE \"C\" PRIMARY KEY, balance_pence BIGINT NOT NULL CHECK "
     "(balance_pence >= 0));"
     "CREATE TABLE movement (movement TEXT COLLATE \"C\" PRIMARY KEY, request_id TEXT NOT NULL, from_fund "
     "TEXT NOT NULL, to_fund TEXT NOT NULL, amount_pence BIGINT NOT NULL CHECK (amount_pence > 0));"
     "INSERT INTO fund VALUES ('QHM', 100000), ('QOP', 100000), ('QRV', 100000), ('QWO', 100000), ('QYG', "
     "100000);"},
    {"sqlite/0001_fund.sql",
     "CREATE TABLE fund (fund TEXT PRIMARY KEY, balance_pence INTEGER NOT NULL CHECK (balance_pence >= 0)) "
     "STRICT;"
     "CREATE TABLE movement (movement TEXT PRIMARY KEY, request_id TEXT NOT NULL, from_fund TEXT NOT NULL, "
     "to_fund TEXT NOT NULL, amount_pence INTEGER NOT NULL CHECK (amount_pence > 0)) STRICT;"
     "INSERT INTO fund VALUES ('QHM', 100000), ('QOP', 100000), ('QRV', 100000), ('QWO', 100000), ('QYG', "
     "100000);"},
}};

const Statement kFindBalance{.name = "ledger.find_balance",
                             .sql = "SELECT balance_pence FROM fund WHERE fund = :p1",
                             .columns = {ColumnType::kInteger}};
const Statement kSetBalance{.name = "ledger.set_balance",
                            .sql = "UPDATE fund SET balance_pence = :p2 WHERE fund = :p1"};
// No key on request_id: what the store promises must not be propped up here.
const Statement kInsertMovement{
    .name = "ledger.insert_movement",
    .sql =
        "INSERT INTO movement (movement, request_id, from_fund, to_fund, amount_pence) VALUES (:p1, :p2, "
        ":p3, :p4, :p5)"};

absl::StatusOr<Pence> BalanceOf(store::UnitOfWork& work, const std::string& fund) {
  ASSIGN_OR_RETURN(std::vector<store::Row> rows, work.Query(kFindBalance, {fund}));
  if (rows.empty()) return absl::NotFoundError(absl::StrCat("there is no fund ", fund));
  return Pence(rows[0].Integer(0));
}

}  // namespace

std::span<const EmbeddedFile> LedgerMigrations() {
  return kMigrations;
}

std::string Serialise(const FundMoved& moved) {
  return absl::StrCat(moved.movement, " ", moved.change.value(), " ", moved.balance.value());
}

std::optional<FundMoved> ParseFundMoved(std::string_view data) {
  const std::vector<std::string> words = absl::StrSplit(std::string(data), ' ');
  std::int64_t change = 0, balance = 0;
  if (words.size() != 3 || !absl::SimpleAtoi(words[1], &change) || !absl::SimpleAtoi(words[2], &balance)) {
    return std::nullopt;
  }
  return FundMoved{words[0], Pence(change), Pence(balance)};
}

absl::Status Ledger::Change(store::UnitOfWork& work, const std::string& name, const std::string& fund,
                            Pence change) {
  ASSIGN_OR_RETURN(const Pence before, BalanceOf(work, fund));
  ASSIGN_OR_RETURN(const Pence after, Add(before, change));
  if (after < Pence(0)) {
    return MakeError(absl::StatusCode::kFailedPrecondition, kInsufficientFunds,
                     absl::StrCat(fund, " has only ", before.ToPounds()), {{"fund", fund}});
  }
  RETURN_IF_ERROR(work.Execute(kSetBalance, {fund, after.value()}).status());
  return work.Publish({.topic = topic_,
                       .id = NewUuid(),
                       .type = "specom.crash.FundMoved",
                       .subject = absl::StrCat("funds/", fund),
                       .data = Serialise({name, change, after}),
                       .traceparent = {},
                       .time = clock_.Now()});
}

absl::StatusOr<std::string> Ledger::Move(const RequestContext& context, const Movement& movement) {
  const auto move = [&](store::UnitOfWork& work) -> absl::StatusOr<std::pair<std::string, std::string>> {
    const std::string name = absl::StrCat("movements/", NewUuid());
    // In the order of the funds, so that two movements never wait for each other.
    std::map<std::string, Pence> changes = {{movement.from, -movement.amount},
                                            {movement.to, movement.amount}};
    for (const auto& [fund, change] : changes) RETURN_IF_ERROR(Change(work, name, fund, change));
    RETURN_IF_ERROR(work.Execute(kInsertMovement, {name, context.idempotency.request_id, movement.from,
                                                   movement.to, movement.amount.value()})
                        .status());
    RETURN_IF_ERROR(work.Audit(context, {.resource = name, .action = "moved"}));
    return std::pair(name, name);
  };
  const auto load = [](store::UnitOfWork&, const std::string& name) -> absl::StatusOr<std::string> {
    return name;
  };
  return store::WriteOnce<std::string>(store_, context, move, load);
}

}  // namespace specom::crash
