// The mark of the event, the line and the balance commit together.
#include "tests/crash/child/statements.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "tests/crash/child/ledger.h"

namespace specom::crash {
namespace {

using store::Statement;

// No key keeps an event from having two lines, and nothing checks its order: that is for the judge.
constexpr std::array<EmbeddedFile, 2> kMigrations = {{
    {"postgresql/0001_statement.sql",
     "CREATE TABLE statement_line (position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id TEXT "
     "NOT NULL, sequence BIGINT NOT NULL, subject TEXT COLLATE \"C\" NOT NULL, aggregate_seq BIGINT NOT "
     "NULL, movement TEXT NOT NULL, change_pence BIGINT NOT NULL, balance_pence BIGINT NOT NULL);"
     "CREATE TABLE statement (subject TEXT COLLATE \"C\" PRIMARY KEY, change_pence BIGINT NOT NULL);"},
    {"sqlite/0001_statement.sql",
     "CREATE TABLE statement_line (position INTEGER PRIMARY KEY, event_id TEXT NOT NULL, sequence INTEGER "
     "NOT NULL, subject TEXT NOT NULL, aggregate_seq INTEGER NOT NULL, movement TEXT NOT NULL, change_pence "
     "INTEGER NOT NULL, balance_pence INTEGER NOT NULL) STRICT;"
     "CREATE TABLE statement (subject TEXT PRIMARY KEY, change_pence INTEGER NOT NULL) STRICT;"},
}};

const Statement kAddLine{
    .name = "statements.add_line",
    .sql =
        "INSERT INTO statement_line (event_id, sequence, subject, aggregate_seq, movement, change_pence, "
        "balance_pence) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7)"};
const Statement kAddChange{
    .name = "statements.add_change",
    .sql =
        "INSERT INTO statement (subject, change_pence) VALUES (:p1, :p2) ON CONFLICT (subject) DO UPDATE "
        "SET change_pence = statement.change_pence + excluded.change_pence"};

constexpr absl::Duration kLimit = absl::Seconds(10);

}  // namespace

std::span<const EmbeddedFile> StatementMigrations() {
  return kMigrations;
}

absl::Status Statements::Handle(const events::Event& event) {
  const std::optional<FundMoved> moved = ParseFundMoved(event.data);
  if (!moved) return absl::InvalidArgumentError(absl::StrCat("event ", event.id, " is not of a fund"));
  RequestContext context;
  context.deadline = clock_.Now() + kLimit;
  const absl::Status written = store_.Write(context, [&](store::UnitOfWork& work) -> absl::Status {
    ASSIGN_OR_RETURN(const bool first, work.MarkHandled(kStatementsGroup, event.id));
    if (!first) return absl::OkStatus();
    RETURN_IF_ERROR(work.Execute(kAddLine, {event.id, event.sequence, event.subject, event.aggregate_seq,
                                            moved->movement, moved->change.value(), moved->balance.value()})
                        .status());
    return work.Execute(kAddChange, {event.subject, moved->change.value()}).status();
  });
  if (written.ok()) last_handled_ = std::max(last_handled_.load(), event.sequence);
  return written;
}

}  // namespace specom::crash
