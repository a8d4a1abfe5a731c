// Every statement is a named constant. An event that arrives late changes nothing that a later one
// has said, so that the order of arrival leaves no trace.
#include "services/reporting/adapters/sql_read_model.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"

namespace specom::reporting {
namespace {

using store::ColumnType;
using store::Row;
using store::Statement;
using store::Value;

constexpr ColumnType kInteger = ColumnType::kInteger;
constexpr ColumnType kReal = ColumnType::kReal;
constexpr ColumnType kText = ColumnType::kText;

// Above every financial year, for the first page of a list.
constexpr std::string_view kAfterEveryYear = "9999/00";

const Statement kInsertRun{
    .name = "reporting.insert_run",
    .sql =
        "INSERT INTO published_run (run, stream, financial_year, publish_time_us, superseded, event_id, "
        "event_time_us, event_sequence) "
        "VALUES (:p1, :p2, :p3, :p4, (SELECT COUNT(*) FROM superseded_run WHERE run = :p5), :p6, :p7, :p8) "
        "ON CONFLICT (run) DO NOTHING",
};
const Statement kInsertAllocation{
    .name = "reporting.insert_allocation",
    .sql =
        "INSERT INTO published_allocation (run, region, code, name, region_name, baseline_pence, "
        "target_pence, "
        "opening_distance, base_growth, convergence, allocation_pence, closing_distance, taken_out_pence, "
        "added_pence, resource_allocation_pence) "
        "VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11, :p12, :p13, :p14, :p15)",
};
const Statement kInsertSuperseded{
    .name = "reporting.insert_superseded",
    .sql = "INSERT INTO superseded_run (run) VALUES (:p1) ON CONFLICT (run) DO NOTHING",
};
const Statement kMarkSuperseded{
    .name = "reporting.mark_superseded",
    .sql = "UPDATE published_run SET superseded = 1 WHERE run = :p1",
};
const Statement kUpsertDecision{
    .name = "reporting.upsert_decision",
    .sql =
        "INSERT INTO decision (name, form, decided_on, recorded_at_us, effective_from, effective_to, icbs, "
        "services, "
        "names_lines, event_id, event_time_us, event_sequence) "
        "VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11, :p12) "
        "ON CONFLICT (name) DO UPDATE SET form = excluded.form, decided_on = excluded.decided_on, "
        "recorded_at_us = excluded.recorded_at_us, effective_from = excluded.effective_from, "
        "effective_to = excluded.effective_to, icbs = excluded.icbs, services = excluded.services, "
        "names_lines = excluded.names_lines, event_id = excluded.event_id, event_time_us = "
        "excluded.event_time_us, "
        "event_sequence = excluded.event_sequence "
        "WHERE decision.event_sequence < excluded.event_sequence",
};
const Statement kInsertCorrected{
    .name = "reporting.insert_corrected",
    .sql = "INSERT INTO corrected_decision (name) VALUES (:p1) ON CONFLICT (name) DO NOTHING",
};
const Statement kUpsertIcb{
    .name = "reporting.upsert_icb",
    .sql =
        "INSERT INTO icb (code, event_sequence) VALUES (:p1, :p2) "
        "ON CONFLICT (code) DO UPDATE SET event_sequence = excluded.event_sequence "
        "WHERE icb.event_sequence < excluded.event_sequence",
};
const Statement kDeleteSuccessions{
    .name = "reporting.delete_successions",
    .sql = "DELETE FROM icb_succession WHERE predecessor = :p1",
};
const Statement kInsertSuccession{
    .name = "reporting.insert_succession",
    .sql = "INSERT INTO icb_succession (predecessor, successor, from_day) VALUES (:p1, :p2, :p3)",
};
const Statement kFindCurrentRun{
    .name = "reporting.find_current_run",
    .sql =
        "SELECT run, publish_time_us, event_id, event_time_us, event_sequence FROM published_run "
        "WHERE stream = :p1 AND financial_year = :p2 ORDER BY superseded, publish_time_us DESC, run DESC "
        "LIMIT 1",
    .columns = {kText, kInteger, kText, kInteger, kInteger},
};
const Statement kListAllocations{
    .name = "reporting.list_allocations",
    .sql =
        "SELECT code, name, region_name, baseline_pence, target_pence, opening_distance, base_growth, "
        "convergence, "
        "allocation_pence, closing_distance, taken_out_pence, added_pence, resource_allocation_pence "
        "FROM published_allocation WHERE run = :p1 AND region = :p2 ORDER BY code",
    .columns = {kText, kText, kText, kInteger, kInteger, kReal, kReal, kReal, kInteger, kReal, kInteger,
                kInteger, kInteger},
};
const Statement kListDecisions{
    .name = "reporting.list_decisions",
    .sql =
        "SELECT name, form, decided_on, recorded_at_us, effective_from, effective_to, icbs, services, "
        "names_lines, "
        "event_id, event_time_us, event_sequence FROM decision "
        "WHERE NOT EXISTS (SELECT 1 FROM corrected_decision c WHERE c.name = decision.name) ORDER BY name",
    .columns = {kText, kText, kText, kInteger, kText, kText, kText, kText, kInteger, kText, kInteger,
                kInteger},
};
const Statement kListSuccessions{
    .name = "reporting.list_successions",
    .sql = "SELECT predecessor, successor, from_day FROM icb_succession ORDER BY predecessor, successor",
    .columns = {kText, kText, kText},
};
// Of each stream and year the run that stands: see kFindCurrentRun.
const Statement kListReports{
    .name = "reporting.list_reports",
    .sql =
        "SELECT a.region, a.name, r.financial_year, r.stream, r.run, r.publish_time_us "
        "FROM published_run r JOIN published_allocation a ON a.run = r.run AND a.code = a.region "
        "WHERE (:p1 = '' OR a.region = :p2) AND NOT EXISTS (SELECT 1 FROM published_run b "
        "  WHERE b.stream = r.stream AND b.financial_year = r.financial_year AND "
        "  (1 - b.superseded, b.publish_time_us, b.run) > (1 - r.superseded, r.publish_time_us, r.run)) "
        "AND (r.financial_year < :p3 OR (r.financial_year = :p4 AND (r.stream, a.region) > (:p5, :p6))) "
        "ORDER BY r.financial_year DESC, r.stream, a.region LIMIT :p7",
    .columns = {kText, kText, kText, kText, kText, kInteger},
};

struct FormWord {
  CommissioningForm form;
  std::string_view word;
};
constexpr FormWord kForms[] = {{CommissioningForm::kNhsEngland, "nhs_england"},
                               {CommissioningForm::kJoint, "joint"},
                               {CommissioningForm::kDelegated, "delegated"}};

std::string WordOf(CommissioningForm form) {
  for (const FormWord& known : kForms) {
    if (known.form == form) return std::string(known.word);
  }
  return "";
}

absl::StatusOr<CommissioningForm> FormOf(const std::string& word) {
  for (const FormWord& known : kForms) {
    if (known.word == word) return known.form;
  }
  return absl::DataLossError(absl::StrCat("the read model holds the form ", word));
}

template <class Code>
std::string Joined(const std::set<Code>& codes) {
  return absl::StrJoin(codes, " ", [](std::string* out, const Code& code) { out->append(code.value()); });
}

template <class Code>
std::set<Code> Split(const std::string& text) {
  std::set<Code> codes;
  const std::vector<std::string> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  for (const std::string& word : words) codes.insert(Code(word));
  return codes;
}

Value OptionalPence(const std::optional<Pence>& pence) {
  return pence ? Value(pence->value()) : Value();
}
Value OptionalRatio(const std::optional<double>& ratio) {
  return ratio ? Value(*ratio) : Value();
}

absl::Status KeepFact(store::UnitOfWork& work, const EventStamp& stamp,
                      const AllocationsPublished& published) {
  const PublishedRun& run = published.run;
  ASSIGN_OR_RETURN(const std::int64_t inserted,
                   work.Execute(kInsertRun, {run.name.value(), run.stream, run.year.ToString(),
                                             absl::ToUnixMicros(run.publish_time), run.name.value(), stamp.id,
                                             absl::ToUnixMicros(stamp.time), stamp.sequence}));
  // A run is published once, with all of its allocations.
  if (inserted == 0) return absl::OkStatus();
  for (const Allocation& a : published.allocations) {
    RETURN_IF_ERROR(
        work.Execute(kInsertAllocation,
                     {run.name.value(), a.region.value(), a.code, a.name, a.region_name, a.baseline.value(),
                      OptionalPence(a.target), OptionalRatio(a.opening_distance), a.base_growth,
                      OptionalRatio(a.convergence), a.allocation.value(), OptionalRatio(a.closing_distance),
                      a.taken_out.value(), a.added.value(), a.resource_allocation.value()})
            .status());
  }
  return absl::OkStatus();
}

absl::Status KeepFact(store::UnitOfWork& work, const EventStamp&, const RunSuperseded& superseded) {
  RETURN_IF_ERROR(work.Execute(kInsertSuperseded, {superseded.run.value()}).status());
  return work.Execute(kMarkSuperseded, {superseded.run.value()}).status();
}

absl::Status KeepFact(store::UnitOfWork& work, const EventStamp& stamp, const DecisionLearnt& learnt) {
  const Decision& decision = learnt.decision;
  const std::optional<Date> to = decision.effective.to;
  RETURN_IF_ERROR(work.Execute(kUpsertDecision,
                               {decision.name.value(), WordOf(decision.form), decision.decided_on.ToString(),
                                absl::ToUnixMicros(decision.recorded_at), decision.effective.from.ToString(),
                                to ? Value(to->ToString()) : Value(), Joined(decision.icbs),
                                Joined(decision.services), std::int64_t{decision.names_lines}, stamp.id,
                                absl::ToUnixMicros(stamp.time), stamp.sequence})
                      .status());
  if (learnt.corrects.empty()) return absl::OkStatus();
  return work.Execute(kInsertCorrected, {learnt.corrects.value()}).status();
}

absl::Status KeepFact(store::UnitOfWork& work, const EventStamp& stamp, const IcbsLearnt& learnt) {
  for (const IcbLearnt& icb : learnt.icbs) {
    ASSIGN_OR_RETURN(const std::int64_t changed, work.Execute(kUpsertIcb, {icb.icb.value(), stamp.sequence}));
    if (changed == 0) continue;
    RETURN_IF_ERROR(work.Execute(kDeleteSuccessions, {icb.icb.value()}).status());
    for (const Succession& succession : icb.successions) {
      RETURN_IF_ERROR(work.Execute(kInsertSuccession, {icb.icb.value(), succession.successor.value(),
                                                       succession.from.ToString()})
                          .status());
    }
  }
  return absl::OkStatus();
}

std::optional<Pence> PenceOrNothing(const Row& row, std::size_t column) {
  if (row.IsNull(column)) return std::nullopt;
  return Pence(row.Integer(column));
}

Allocation AllocationFrom(const Row& row, const RegionCode& region) {
  Allocation a;
  a.code = row.Text(0);
  a.name = row.Text(1);
  a.region = region;
  a.region_name = row.Text(2);
  a.baseline = Pence(row.Integer(3));
  a.target = PenceOrNothing(row, 4);
  a.opening_distance = row.OptionalReal(5);
  a.base_growth = row.Real(6);
  a.convergence = row.OptionalReal(7);
  a.allocation = Pence(row.Integer(8));
  a.closing_distance = row.OptionalReal(9);
  a.taken_out = Pence(row.Integer(10));
  a.added = Pence(row.Integer(11));
  a.resource_allocation = Pence(row.Integer(12));
  return a;
}

EventStamp StampFrom(const Row& row, std::size_t column) {
  return {.id = row.Text(column),
          .time = absl::FromUnixMicros(row.Integer(column + 1)),
          .sequence = row.Integer(column + 2)};
}

absl::StatusOr<Decision> DecisionFrom(const Row& row) {
  Decision decision;
  decision.name = DecisionName(row.Text(0));
  ASSIGN_OR_RETURN(decision.form, FormOf(row.Text(1)));
  ASSIGN_OR_RETURN(decision.decided_on, Date::Parse(row.Text(2)));
  decision.recorded_at = absl::FromUnixMicros(row.Integer(3));
  ASSIGN_OR_RETURN(decision.effective.from, Date::Parse(row.Text(4)));
  if (!row.IsNull(5)) {
    ASSIGN_OR_RETURN(decision.effective.to, Date::Parse(row.Text(5)));
  }
  decision.icbs = Split<IcbCode>(row.Text(6));
  decision.services = Split<ServiceId>(row.Text(7));
  decision.names_lines = row.Integer(8) != 0;
  decision.learnt_from = StampFrom(row, 9);
  return decision;
}

}  // namespace

absl::Status SqlReadModel::Keep(store::UnitOfWork& work, const EventStamp& stamp, const Fact& fact) {
  return std::visit([&](const auto& what) { return KeepFact(work, stamp, what); }, fact);
}

absl::StatusOr<std::optional<PublishedRun>> SqlReadModel::FindCurrentRun(store::UnitOfWork& work,
                                                                         const std::string& stream,
                                                                         FinancialYear year) {
  ASSIGN_OR_RETURN(const std::vector<Row> rows, work.Query(kFindCurrentRun, {stream, year.ToString()}));
  if (rows.empty()) return std::nullopt;
  PublishedRun run;
  run.name = RunName(rows[0].Text(0));
  run.stream = stream;
  run.year = year;
  run.publish_time = absl::FromUnixMicros(rows[0].Integer(1));
  run.learnt_from = StampFrom(rows[0], 2);
  return run;
}

absl::StatusOr<std::vector<Allocation>> SqlReadModel::AllocationsOf(store::UnitOfWork& work,
                                                                    const RunName& run,
                                                                    const RegionCode& region) {
  ASSIGN_OR_RETURN(const std::vector<Row> rows, work.Query(kListAllocations, {run.value(), region.value()}));
  std::vector<Allocation> allocations;
  for (const Row& row : rows) allocations.push_back(AllocationFrom(row, region));
  return allocations;
}

absl::StatusOr<Commissioning> SqlReadModel::LoadCommissioning(store::UnitOfWork& work) {
  std::vector<Decision> decisions;
  ASSIGN_OR_RETURN(const std::vector<Row> decision_rows, work.Query(kListDecisions));
  for (const Row& row : decision_rows) {
    ASSIGN_OR_RETURN(Decision decision, DecisionFrom(row));
    decisions.push_back(std::move(decision));
  }
  std::vector<Succession> successions;
  ASSIGN_OR_RETURN(const std::vector<Row> succession_rows, work.Query(kListSuccessions));
  for (const Row& row : succession_rows) {
    ASSIGN_OR_RETURN(const Date from, Date::Parse(row.Text(2)));
    successions.push_back({IcbCode(row.Text(0)), IcbCode(row.Text(1)), from});
  }
  return Commissioning(std::move(decisions), std::move(successions));
}

absl::StatusOr<std::vector<ReportSummary>> SqlReadModel::ListReports(store::UnitOfWork& work,
                                                                     const RegionCode& region,
                                                                     const std::optional<ReportKey>& after,
                                                                     int limit) {
  const std::string year = after ? after->year.ToString() : std::string(kAfterEveryYear);
  ASSIGN_OR_RETURN(
      const std::vector<Row> rows,
      work.Query(kListReports, {region.value(), region.value(), year, year, after ? after->stream : "",
                                after ? after->region.value() : "", std::int64_t{limit}}));
  std::vector<ReportSummary> reports;
  for (const Row& row : rows) {
    ReportSummary& report = reports.emplace_back();
    report.region = RegionCode(row.Text(0));
    report.region_name = row.Text(1);
    ASSIGN_OR_RETURN(report.year, FinancialYear::Parse(row.Text(2)));
    report.stream = row.Text(3);
    report.run = RunName(row.Text(4));
    report.publish_time = absl::FromUnixMicros(row.Integer(5));
  }
  return reports;
}

}  // namespace specom::reporting
