// The judge: reads both databases row by row and compares them with what the answers mean.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/store/audit.h"
#include "tests/crash/child/statements.h"
#include "tests/crash/rounds/round.h"

namespace specom::crash {
namespace {

using store::ColumnType;
using store::Row;
using store::Statement;

const Statement kFundRows{.name = "judge.funds",
                          .sql = "SELECT fund, balance_pence FROM fund ORDER BY fund",
                          .columns = {ColumnType::kText, ColumnType::kInteger}};
const Statement kMovements{
    .name = "judge.movements",
    .sql = "SELECT movement, request_id, from_fund, to_fund, amount_pence FROM movement",
    .columns = {ColumnType::kText, ColumnType::kText, ColumnType::kText, ColumnType::kText,
                ColumnType::kInteger}};
const Statement kOutbox{
    .name = "judge.outbox",
    .sql = "SELECT COALESCE(sequence, 0), event_id, subject, aggregate_seq, published FROM outbox ORDER BY 1",
    .columns = {ColumnType::kInteger, ColumnType::kText, ColumnType::kText, ColumnType::kInteger,
                ColumnType::kInteger}};
const Statement kOutcomes{.name = "judge.outcomes",
                          .sql = "SELECT request_id, resource FROM idempotency",
                          .columns = {ColumnType::kText, ColumnType::kText}};
const Statement kAudit{.name = "judge.audit",
                       .sql = "SELECT resource, request_id FROM audit_record",
                       .columns = {ColumnType::kText, ColumnType::kText}};
const Statement kLines{
    .name = "judge.lines",
    .sql =
        "SELECT event_id, sequence, subject, aggregate_seq, movement, change_pence, balance_pence FROM "
        "statement_line ORDER BY position",
    .columns = {ColumnType::kText, ColumnType::kInteger, ColumnType::kText, ColumnType::kInteger,
                ColumnType::kText, ColumnType::kInteger, ColumnType::kInteger}};
const Statement kChanges{.name = "judge.changes",
                         .sql = "SELECT subject, change_pence FROM statement",
                         .columns = {ColumnType::kText, ColumnType::kInteger}};
const Statement kHandled{.name = "judge.handled",
                         .sql = "SELECT event_id FROM handled_event WHERE consumer_group = :p1",
                         .columns = {ColumnType::kText}};

using Rows = std::vector<Row>;

class Judgement {
 public:
  Judgement(const std::vector<Movement>& requests, const std::vector<std::optional<Answer>>& answers)
      : requests_(requests), answers_(answers) {}

  absl::Status Read(store::Store& ledger, store::Store& statements) {
    const absl::Status read = ledger.Read(RequestContext(), [&](store::UnitOfWork& work) -> absl::Status {
      ASSIGN_OR_RETURN(funds_, work.Query(kFundRows));
      ASSIGN_OR_RETURN(movements_, work.Query(kMovements));
      ASSIGN_OR_RETURN(outbox_, work.Query(kOutbox));
      ASSIGN_OR_RETURN(outcomes_, work.Query(kOutcomes));
      ASSIGN_OR_RETURN(audit_, work.Query(kAudit));
      return absl::OkStatus();
    });
    if (!read.ok()) return read;
    ASSIGN_OR_RETURN(chain_, store::VerifyAudit(ledger, RequestContext()));
    return statements.Read(RequestContext(), [&](store::UnitOfWork& work) -> absl::Status {
      ASSIGN_OR_RETURN(lines_, work.Query(kLines));
      ASSIGN_OR_RETURN(changes_, work.Query(kChanges));
      ASSIGN_OR_RETURN(handled_, work.Query(kHandled, {std::string(kStatementsGroup)}));
      return absl::OkStatus();
    });
  }

  std::vector<std::string> Findings(int handlers) {
    RequestsHaveOneEffectEach();
    if (handlers == 1) RefusalsFollowFromTheOrder();
    MoneyIsConserved();
    OutboxHasNoGaps();
    StatementsAreTheOutbox();
    EveryMovementIsAuditedOnce();
    return std::move(findings_);
  }

 private:
  template <class... Words>
  void Expect(bool fact, const Words&... otherwise) {
    if (!fact) findings_.push_back(absl::StrCat(otherwise...));
  }

  // An accepted request is one movement as it was asked for, a refused one is none, and there are no
  // others; every answer is remembered.
  void RequestsHaveOneEffectEach() {
    std::map<std::string, std::vector<const Row*>> by_request;
    for (const Row& row : movements_) by_request[row.Text(1)].push_back(&row);
    std::map<std::string, std::vector<std::string>> remembered;
    for (const Row& row : outcomes_) remembered[row.Text(0)].push_back(row.Text(1));
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      const std::string id = RequestId(i);
      const std::vector<const Row*> made = by_request[id];
      by_request.erase(id);
      Expect(remembered[id] == std::vector{answers_[i]->movement}, "the outcome of ", id,
             " is not remembered");
      if (answers_[i]->movement.empty()) {
        Expect(answers_[i]->reason == kInsufficientFunds, id, " was refused: ", answers_[i]->reason);
        Expect(made.empty(), id, " was refused and has ", made.size(), " effects");
        continue;
      }
      Expect(made.size() == 1, id, " was accepted and has ", made.size(), " effects");
      if (made.size() != 1) continue;
      const Movement& asked = requests_[i];
      Expect(made[0]->Text(0) == answers_[i]->movement && made[0]->Text(2) == asked.from &&
                 made[0]->Text(3) == asked.to && made[0]->Integer(4) == asked.amount.value(),
             id, " has another effect than was asked for and answered");
    }
    for (const auto& [id, made] : by_request) Expect(false, made.size(), " effects of nobody's request ", id);
  }

  // With one handler requests take effect in the order in which they were made.
  void RefusalsFollowFromTheOrder() {
    std::map<std::string, std::int64_t> balances;
    for (std::string_view fund : kFunds) balances[std::string(fund)] = kOpeningBalance.value();
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      const auto& [from, to, amount] = requests_[i];
      const bool possible = balances[from] >= amount.value();
      Expect(possible == answers_[i]->reason.empty(), RequestId(i), " should have been ",
             possible ? "accepted" : "refused");
      if (!possible) continue;
      balances[from] -= amount.value();
      balances[to] += amount.value();
    }
  }

  void MoneyIsConserved() {
    std::map<std::string, std::int64_t> expected;
    for (std::string_view fund : kFunds) expected[std::string(fund)] = kOpeningBalance.value();
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (answers_[i]->movement.empty()) continue;
      expected[requests_[i].from] -= requests_[i].amount.value();
      expected[requests_[i].to] += requests_[i].amount.value();
    }
    std::int64_t total = 0;
    Expect(funds_.size() == expected.size(), "there are ", funds_.size(), " funds");
    for (const Row& row : funds_) {
      total += row.Integer(1);
      Expect(row.Integer(1) == expected[row.Text(0)], row.Text(0), " holds ", row.Integer(1), " and not ",
             expected[row.Text(0)], " pence");
    }
    Expect(total == std::ssize(kFunds) * kOpeningBalance.value(), "all funds together hold ", total,
           " pence");
    for (const Row& row : changes_) {
      const std::string fund = row.Text(0).substr(std::string_view("funds/").size());
      Expect(kOpeningBalance.value() + row.Integer(1) == expected[fund], "the statement of ", fund,
             " comes to ", kOpeningBalance.value() + row.Integer(1), " and not ", expected[fund], " pence");
    }
  }

  // Two events for each movement, numbered 1, 2, 3 … in the outbox and within each fund, all published.
  void OutboxHasNoGaps() {
    Expect(outbox_.size() == 2 * movements_.size(), movements_.size(), " movements have ", outbox_.size(),
           " events");
    std::int64_t sequence = 0;
    std::map<std::string, std::int64_t> in_subject;
    for (const Row& row : outbox_) {
      ++sequence;
      Expect(row.Integer(0) == sequence, "event ", row.Text(1), " has sequence ", row.Integer(0), " and not ",
             sequence);
      const std::int64_t expected = ++in_subject[row.Text(2)];
      Expect(row.Integer(3) == expected, "event ", row.Text(1), " has number ", row.Integer(3), " and not ",
             expected, " of ", row.Text(2));
      Expect(row.Integer(4) == 1, "event ", row.Text(1), " is not marked as published");
    }
  }

  // Line by line what the outbox holds, in its order, once; each with the balance that it leads to.
  void StatementsAreTheOutbox() {
    Expect(lines_.size() == outbox_.size(), outbox_.size(), " events have ", lines_.size(), " lines");
    for (std::size_t i = 0; i < std::min(lines_.size(), outbox_.size()); ++i) {
      Expect(lines_[i].Text(0) == outbox_[i].Text(1), "line ", i + 1, " is of event ", lines_[i].Text(0),
             " (", lines_[i].Integer(1), ") and not ", outbox_[i].Text(1));
    }
    std::map<std::string, std::int64_t> balances;
    std::map<std::string, std::int64_t> change_of_movement;
    for (const Row& line : lines_) {
      auto [balance, _] = balances.try_emplace(line.Text(2), kOpeningBalance.value());
      balance->second += line.Integer(5);
      Expect(balance->second == line.Integer(6), line.Text(2), " has ", line.Integer(6), " after line ",
             line.Integer(3), " and not ", balance->second);
      change_of_movement[line.Text(4)] += line.Integer(5);
    }
    for (const auto& [movement, change] : change_of_movement) {
      Expect(change == 0, movement, " changed the total by ", change, " pence");
    }
    std::set<std::string> handled, published;
    for (const Row& row : handled_) handled.insert(row.Text(0));
    for (const Row& row : outbox_) published.insert(row.Text(1));
    Expect(handled == published, handled.size(), " of ", published.size(), " events are marked as handled");
  }

  void EveryMovementIsAuditedOnce() {
    for (const store::AuditFinding& finding : chain_.findings) Expect(false, "audit chain: ", finding.text);
    std::multiset<std::pair<std::string, std::string>> made, audited;
    for (const Row& row : movements_) made.emplace(row.Text(0), row.Text(1));
    for (const Row& row : audit_) audited.emplace(row.Text(0), row.Text(1));
    Expect(made == audited, made.size(), " movements have ", audited.size(), " audit records");
    Expect(chain_.record_count == std::ssize(audit_), "the audit chain has ", chain_.record_count, " of ",
           audit_.size(), " records");
  }

  const std::vector<Movement>& requests_;
  const std::vector<std::optional<Answer>>& answers_;
  Rows funds_, movements_, outbox_, outcomes_, audit_, lines_, changes_, handled_;
  store::AuditVerification chain_;
  std::vector<std::string> findings_;
};

}  // namespace

std::vector<std::string> Judge(World& world, const Plan& plan, const std::vector<Movement>& requests,
                               const std::vector<std::optional<Answer>>& answers) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!answers[i]) return {RequestId(i) + " was never answered"};
  }
  absl::StatusOr<std::unique_ptr<store::Store>> ledger = world.OpenLedger();
  absl::StatusOr<std::unique_ptr<store::Store>> statements = world.OpenStatements();
  if (!ledger.ok()) return {ledger.status().ToString()};
  if (!statements.ok()) return {statements.status().ToString()};
  Judgement judgement(requests, answers);
  if (absl::Status read = judgement.Read(**ledger, **statements); !read.ok()) return {read.ToString()};
  return judgement.Findings(plan.handlers);
}

}  // namespace specom::crash
