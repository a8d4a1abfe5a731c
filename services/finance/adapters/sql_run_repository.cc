// Every statement is a named constant; a run's columns stand once, in the order of kRunColumns.
#include "services/finance/adapters/sql_run_repository.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "services/finance/adapters/allocation_proto.h"
#include "services/finance/adapters/rows.h"

namespace specom::finance {
namespace {

using store::ColumnType;
using store::Row;
using store::Statement;
using store::Value;

#define SPECOM_RUN_COLUMNS                                                                                \
  "run_id, input_set, stream, financial_year, method_version, state, version, fence, attempts, worker, "  \
  "created_by, create_time_us, complete_time_us, approved_by, approve_time_us, published_by, "            \
  "publish_time_us, superseded_by, failure, result_digest, allocation_pence, icbs_equal, icbs_compared, " \
  "icbs_different, comparison_source"

constexpr ColumnType kText = ColumnType::kText;
constexpr ColumnType kInteger = ColumnType::kInteger;

const std::vector<ColumnType>& RunColumns() {
  static const std::vector<ColumnType> columns = {
      kText, kText, kText,    kText,    kText,    kText,    kInteger, kInteger, kInteger,
      kText, kText, kInteger, kInteger, kText,    kInteger, kText,    kInteger, kText,
      kText, kText, kInteger, kInteger, kInteger, kText,    kText};
  return columns;
}

const Statement& FindRun() {
  static const Statement statement = {"find_run", "SELECT " SPECOM_RUN_COLUMNS " FROM run WHERE run_id = :p1",
                                      RunColumns()};
  return statement;
}

const Statement& FindPublishedRun() {
  static const Statement statement = {
      "find_published_run",
      "SELECT " SPECOM_RUN_COLUMNS
      " FROM run WHERE stream = :p1 AND financial_year = :p2 AND state = 'published'",
      RunColumns()};
  return statement;
}

const Statement& ListRunsLatestFirst() {
  static const Statement statement = {
      "list_runs",
      "SELECT " SPECOM_RUN_COLUMNS
      " FROM run WHERE (create_time_us, run_id) < (:p1, :p2)"
      " AND (:p3 = '' OR stream = :p4) AND (:p5 = '' OR financial_year = :p6) AND (:p7 = '' OR state = :p8)"
      " AND (:p9 = 'all' OR state IN ('published', 'superseded') OR EXISTS"
      " (SELECT 1 FROM run_holder h WHERE h.run_id = run.run_id AND " SPECOM_REACHED_BY(
          ":p10", ":p11") "))"
      " ORDER BY create_time_us DESC, run_id DESC LIMIT :p12",
      RunColumns()};
  return statement;
}

const Statement& InsertRun() {
  static const Statement statement = {
      "insert_run",
      "INSERT INTO run (" SPECOM_RUN_COLUMNS
      ") VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11, :p12, :p13, :p14, :p15, :p16,"
      " :p17, :p18, :p19, :p20, :p21, :p22, :p23, :p24, :p25)"};
  return statement;
}

const Statement& UpdateRun() {
  static const Statement statement = {
      "update_run",
      "UPDATE run SET state = :p1, version = :p2, fence = :p3, attempts = :p4, worker = :p5,"
      " complete_time_us = :p6, approved_by = :p7, approve_time_us = :p8, published_by = :p9,"
      " publish_time_us = :p10, superseded_by = :p11, failure = :p12, result_digest = :p13,"
      " allocation_pence = :p14, icbs_equal = :p15, icbs_compared = :p16, icbs_different = :p17,"
      " comparison_source = :p18 WHERE run_id = :p19 AND version = :p20"};
  return statement;
}

const Statement& InsertRunHolder() {
  static const Statement statement = {
      "insert_run_holder",
      "INSERT INTO run_holder (run_id, organisation) VALUES (:p1, :p2) ON CONFLICT DO NOTHING"};
  return statement;
}

const Statement& FindRunHolder() {
  static const Statement statement = {
      "find_run_holder",
      "SELECT h.organisation FROM run_holder h WHERE h.run_id = :p1 AND " SPECOM_REACHED_BY(":p2",
                                                                                            ":p3") " LIMIT 1",
      {kText}};
  return statement;
}

const Statement& InsertAllocation() {
  static const Statement statement = {"insert_run_allocation",
                                      "INSERT INTO run_allocation (run_id, level, position, code, "
                                      "allocation) VALUES (:p1, :p2, :p3, :p4, :p5)"};
  return statement;
}

const Statement& ListAllocationRows() {
  static const Statement statement = {
      "list_run_allocations",
      "SELECT allocation FROM run_allocation WHERE run_id = :p1 AND level = :p2 AND position >= :p3"
      " ORDER BY position LIMIT :p4",
      {kText}};
  return statement;
}

absl::StatusOr<Run> RunFrom(const Row& row) {
  Run run;
  run.id = RunId(row.Text(0));
  run.input_set = InputSetId(row.Text(1));
  run.stream = row.Text(2);
  ASSIGN_OR_RETURN(run.year, FinancialYear::Parse(row.Text(3)));
  run.method_version = row.Text(4);
  std::optional<RunState> state = ParseRunState(row.Text(5));
  if (!state)
    return absl::DataLossError(absl::StrCat("run ", run.id.value(), " has the state ", row.Text(5)));
  run.state = *state;
  run.version = row.Integer(6);
  run.fence = row.Integer(7);
  run.attempts = static_cast<int>(row.Integer(8));
  run.worker = row.Text(9);
  run.created_by = row.Text(10);
  run.create_time = absl::FromUnixMicros(row.Integer(11));
  run.complete_time = OptionalTime(row, 12);
  run.approved_by = row.Text(13);
  run.approve_time = OptionalTime(row, 14);
  run.published_by = row.Text(15);
  run.publish_time = OptionalTime(row, 16);
  run.superseded_by = RunId(row.Text(17));
  run.failure = row.Text(18);
  run.result_digest = row.Text(19);
  run.allocation = Pence(row.Integer(20));
  if (!row.IsNull(21)) {
    PublishedComparison& comparison = run.comparison.emplace();
    comparison.icbs_equal = static_cast<int>(row.Integer(21));
    comparison.icbs_compared = static_cast<int>(row.Integer(22));
    comparison.icbs_different = absl::StrSplit(row.Text(23), ' ', absl::SkipEmpty());
    comparison.source = row.Text(24);
  }
  return run;
}

// The columns that change: state, version, fence, attempts, worker.
std::vector<Value> ClaimValues(const Run& run) {
  return {std::string(ToString(run.state)), run.version, run.fence, std::int64_t{run.attempts}, run.worker};
}

// The columns that change later, from complete_time_us to comparison_source without create_time_us.
std::vector<Value> OutcomeValues(const Run& run) {
  const auto& comparison = run.comparison;
  return {TimeValue(run.complete_time),
          run.approved_by,
          TimeValue(run.approve_time),
          run.published_by,
          TimeValue(run.publish_time),
          run.superseded_by.value(),
          run.failure,
          run.result_digest,
          run.allocation.value(),
          comparison ? Value(std::int64_t{comparison->icbs_equal}) : Value(),
          comparison ? Value(std::int64_t{comparison->icbs_compared}) : Value(),
          comparison ? absl::StrJoin(comparison->icbs_different, " ") : std::string(),
          comparison ? comparison->source : std::string()};
}

std::string LevelName(AllocationLevel level) {
  switch (level) {
    case AllocationLevel::kIcb:
      return "icb";
    case AllocationLevel::kRegion:
      return "region";
    case AllocationLevel::kEngland:
      return "england";
  }
  return "";
}

absl::StatusOr<std::optional<Run>> OneRun(store::UnitOfWork& work, const Statement& statement,
                                          const std::vector<Value>& parameters) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, work.Query(statement, parameters));
  if (rows.empty()) return std::nullopt;
  return RunFrom(rows.front());
}

}  // namespace

absl::StatusOr<std::optional<Run>> SqlRunRepository::Find(store::UnitOfWork& work, const RunId& id) {
  return OneRun(work, FindRun(), {id.value()});
}

absl::StatusOr<std::optional<Run>> SqlRunRepository::FindPublished(store::UnitOfWork& work,
                                                                   const std::string& stream,
                                                                   FinancialYear year) {
  return OneRun(work, FindPublishedRun(), {stream, year.ToString()});
}

absl::Status SqlRunRepository::Insert(store::UnitOfWork& work, const Run& run) {
  std::vector<Value> values = {run.id.value(), run.input_set.value(), run.stream, run.year.ToString(),
                               run.method_version};
  for (Value& value : ClaimValues(run)) values.push_back(std::move(value));
  values.push_back(run.created_by);
  values.push_back(absl::ToUnixMicros(run.create_time));
  for (Value& value : OutcomeValues(run)) values.push_back(std::move(value));
  return work.Execute(InsertRun(), values).status();
}

absl::Status SqlRunRepository::Update(store::UnitOfWork& work, const Run& run) {
  std::vector<Value> values = ClaimValues(run);
  for (Value& value : OutcomeValues(run)) values.push_back(std::move(value));
  values.push_back(run.id.value());
  values.push_back(run.version - 1);
  ASSIGN_OR_RETURN(std::int64_t changed, work.Execute(UpdateRun(), values));
  if (changed == 1) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kAborted, kStaleEtag,
      absl::StrCat(ResourceName(run.id), " was changed by somebody else; get it again and decide again"),
      {{"run", ResourceName(run.id)}});
}

absl::StatusOr<bool> SqlRunRepository::AddHolder(store::UnitOfWork& work, const RunId& id,
                                                 const std::string& organisation) {
  if (organisation.empty()) return false;
  ASSIGN_OR_RETURN(std::int64_t added, work.Execute(InsertRunHolder(), {id.value(), organisation}));
  return added == 1;
}

absl::StatusOr<bool> SqlRunRepository::IsHeldFor(store::UnitOfWork& work, const RunId& id,
                                                 const Viewer& viewer) {
  ASSIGN_OR_RETURN(std::vector<Row> rows,
                   work.Query(FindRunHolder(), {id.value(), viewer.organisation, viewer.region}));
  return !rows.empty();
}

absl::StatusOr<std::vector<Run>> SqlRunRepository::List(store::UnitOfWork& work, const RunFilter& filter,
                                                        const Viewer& viewer,
                                                        const std::optional<LatestKey>& after, int limit) {
  const std::string year = filter.year ? filter.year->ToString() : "";
  const std::string state = filter.state ? std::string(ToString(*filter.state)) : "";
  ASSIGN_OR_RETURN(
      std::vector<Row> rows,
      work.Query(ListRunsLatestFirst(), {TimeOf(after), IdOf(after), filter.stream, filter.stream, year, year,
                                         state, state, std::string(viewer.sees_everything ? "all" : "some"),
                                         viewer.organisation, viewer.region, std::int64_t{limit}}));
  std::vector<Run> runs;
  for (const Row& row : rows) {
    ASSIGN_OR_RETURN(Run run, RunFrom(row));
    runs.push_back(std::move(run));
  }
  return runs;
}

absl::Status SqlRunRepository::SaveResult(store::UnitOfWork& work, const RunId& id,
                                          const AllocationResult& result) {
  auto save = [&](AllocationLevel level, const std::vector<Allocation>& allocations) -> absl::Status {
    std::int64_t position = 0;
    for (const Allocation& allocation : allocations) {
      RETURN_IF_ERROR(
          work.Execute(InsertAllocation(), {id.value(), LevelName(level), position++, allocation.code,
                                            Base64Encode(ToProto(allocation).SerializeAsString())})
              .status());
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(save(AllocationLevel::kIcb, result.icbs));
  RETURN_IF_ERROR(save(AllocationLevel::kRegion, result.regions));
  return save(AllocationLevel::kEngland, {result.england});
}

absl::StatusOr<std::vector<Allocation>> SqlRunRepository::Allocations(store::UnitOfWork& work,
                                                                      const RunId& id, AllocationLevel level,
                                                                      std::int64_t position, int limit) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, work.Query(ListAllocationRows(), {id.value(), LevelName(level),
                                                                            position, std::int64_t{limit}}));
  std::vector<Allocation> allocations;
  for (const Row& row : rows) {
    std::string bytes;
    v1::Allocation proto;
    if (!Base64Decode(row.Text(0), bytes) || !proto.ParseFromString(bytes)) {
      return absl::DataLossError(absl::StrCat("an allocation of run ", id.value(), " cannot be read"));
    }
    allocations.push_back(FromProto(proto));
  }
  return allocations;
}

}  // namespace specom::finance
