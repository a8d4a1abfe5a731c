#include "tests/crash/simulation/stored_state.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/store/audit.h"

namespace specom::crash {
namespace {

using store::ColumnType;
using store::Row;
using store::Statement;

constexpr ColumnType kText = ColumnType::kText;
constexpr ColumnType kInteger = ColumnType::kInteger;

const Statement kRuns{
    .name = "judge.runs",
    .sql =
        "SELECT run_id, input_set, stream || ' ' || financial_year, state, version, fence, attempts, "
        "created_by, approved_by, published_by, superseded_by FROM run",
    .columns = {kText, kText, kText, kText, kInteger, kInteger, kInteger, kText, kText, kText, kText}};
const Statement kEvents{.name = "judge.events",
                        .sql = "SELECT topic, subject, type, aggregate_seq FROM outbox ORDER BY id",
                        .columns = {kText, kText, kText, kInteger}};
const Statement kOutcomes{
    .name = "judge.outcomes", .sql = "SELECT COUNT(*) FROM idempotency", .columns = {kInteger}};

constexpr std::string_view kPackage = "specom.events.v1.";
// Who does what every start does.
constexpr std::string_view kService = "specom/finance";

int Number(const Row& row, std::size_t column) {
  return static_cast<int>(row.Integer(column));
}

}  // namespace

absl::StatusOr<StoredState> ReadStoredState(store::Store& store) {
  StoredState state;
  const absl::Status read = store.Read(RequestContext(), [&](store::UnitOfWork& work) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<Row> runs, work.Query(kRuns));
    for (const Row& row : runs) {
      ModelRun& run = state.runs[absl::StrCat("runs/", row.Text(0))];
      run.input_set = absl::StrCat("inputSets/", row.Text(1));
      run.pot = row.Text(2);
      run.state = row.Text(3);
      run.version = Number(row, 4);
      run.fence = Number(row, 5);
      run.attempts = Number(row, 6);
      run.author = row.Text(7);
      run.approver = row.Text(8);
      run.publisher = row.Text(9);
      if (!row.Text(10).empty()) run.superseded_by = absl::StrCat("runs/", row.Text(10));
      run.jobs = 0;
    }
    ASSIGN_OR_RETURN(const std::vector<Row> events, work.Query(kEvents));
    for (const Row& row : events) {
      ModelRun& run = state.runs[row.Text(1)];
      const bool job = row.Text(0) == "specom.finance.jobs";
      if (job) {
        ++run.jobs;
      } else {
        run.events.push_back(row.Text(2).substr(kPackage.size()));
      }
      const std::int64_t expected = job ? run.jobs : std::ssize(run.events);
      if (row.Integer(3) != expected) {
        state.gaps.push_back(absl::StrCat("event ", expected, " of ", row.Text(1), " in ", row.Text(0),
                                          " has number ", row.Integer(3)));
      }
    }
    return absl::OkStatus();
  });
  if (!read.ok()) return read;
  return state;
}

absl::StatusOr<StoredRecord> ReadStoredRecord(store::Store& store) {
  StoredRecord record;
  const absl::Status read = store.Read(RequestContext(), [&](store::UnitOfWork& work) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<store::AuditRecord> records,
                     store::ListAudit(work, {}, 0, std::numeric_limits<int>::max()));
    for (auto it = records.rbegin(); it != records.rend(); ++it) {
      if (it->user == kService || it->user.empty()) continue;
      record.audit.push_back(absl::StrCat(it->user, " ", it->entry.action, " ", it->entry.resource));
    }
    ASSIGN_OR_RETURN(const std::vector<Row> outcomes, work.Query(kOutcomes));
    record.outcomes = static_cast<std::size_t>(outcomes.at(0).Integer(0));
    return absl::OkStatus();
  });
  if (!read.ok()) return read;
  ASSIGN_OR_RETURN(const store::AuditVerification chain, store::VerifyAudit(store, RequestContext()));
  for (const store::AuditFinding& finding : chain.findings) record.audit_faults.push_back(finding.text);
  return record;
}

}  // namespace specom::crash
