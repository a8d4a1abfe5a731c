// Every statement is a named constant. What is read back is checked against the digest that names it.
#include "services/finance/adapters/sql_input_set_repository.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/finance/adapters/inputs/policy_json.h"
#include "services/finance/adapters/rows.h"

namespace specom::finance {
namespace {

using store::ColumnType;
using store::Row;
using store::Statement;
using store::Value;

constexpr ColumnType kText = ColumnType::kText;
constexpr ColumnType kInteger = ColumnType::kInteger;
constexpr ColumnType kReal = ColumnType::kReal;

#define SPECOM_INPUT_SET_COLUMNS                                                                 \
  "digest, reference, icb_count, baseline_line_count, baseline_pence, policy_json, created_by, " \
  "create_time_us"
// Reference inputs, inputs of a public run, and those that the viewer reaches as drafts.
#define SPECOM_VISIBLE_TO(organisation, region)                                                            \
  "(reference = 1"                                                                                         \
  " OR EXISTS (SELECT 1 FROM run r WHERE r.input_set = digest AND r.state IN ('published', 'superseded'))" \
  " OR EXISTS (SELECT 1 FROM input_set_holder h WHERE h.digest = input_set.digest AND " SPECOM_REACHED_BY( \
      organisation, region) "))"

const std::vector<ColumnType>& RecordColumns() {
  static const std::vector<ColumnType> columns = {kText,    kInteger, kInteger, kInteger,
                                                  kInteger, kText,    kText,    kInteger};
  return columns;
}

const Statement& FindInputSet() {
  static const Statement statement = {"find_input_set",
                                      "SELECT " SPECOM_INPUT_SET_COLUMNS " FROM input_set WHERE digest = :p1",
                                      RecordColumns()};
  return statement;
}

const Statement& FindVisibleDigest() {
  static const Statement statement = {
      "find_visible_input_set",
      "SELECT digest FROM input_set WHERE digest = :p1 AND " SPECOM_VISIBLE_TO(":p2", ":p3"),
      {kText}};
  return statement;
}

const Statement& ListInputSetsLatestFirst() {
  static const Statement statement = {"list_input_sets",
                                      "SELECT " SPECOM_INPUT_SET_COLUMNS
                                      " FROM input_set WHERE (create_time_us, digest) < (:p1, :p2)"
                                      " AND (:p3 = '' OR stream = :p4) AND (:p5 = '' OR financial_year = :p6)"
                                      " AND (:p7 = 'all' OR " SPECOM_VISIBLE_TO(":p8", ":p9") ")"
                                      " ORDER BY create_time_us DESC, digest DESC LIMIT :p10",
                                      RecordColumns()};
  return statement;
}

const Statement& InsertInputSet() {
  static const Statement statement = {
      "insert_input_set",
      "INSERT INTO input_set (" SPECOM_INPUT_SET_COLUMNS
      ", stream, financial_year) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10)"};
  return statement;
}

const Statement& InsertBaselineLine() {
  static const Statement statement = {
      "insert_baseline_line",
      "INSERT INTO baseline_line (digest, position, icb, component, reason, amount_pence)"
      " VALUES (:p1, :p2, :p3, :p4, :p5, :p6)"};
  return statement;
}

const Statement& InsertNeedRow() {
  static const Statement statement = {
      "insert_need_row",
      "INSERT INTO need_row (digest, position, icb, name, region, region_name, population, opening_need,"
      " closing_need) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9)"};
  return statement;
}

const Statement& InsertInputSetHolder() {
  static const Statement statement = {
      "insert_input_set_holder",
      "INSERT INTO input_set_holder (digest, organisation) VALUES (:p1, :p2) ON CONFLICT DO NOTHING"};
  return statement;
}

const Statement& ListLines() {
  static const Statement statement = {
      "list_baseline_lines",
      "SELECT position, icb, component, reason, amount_pence FROM baseline_line"
      " WHERE digest = :p1 AND position >= :p2 AND (:p3 = '' OR icb = :p4) ORDER BY position LIMIT :p5",
      {kInteger, kText, kText, kText, kInteger}};
  return statement;
}

const Statement& ListNeed() {
  static const Statement statement = {
      "list_need_rows",
      "SELECT icb, name, region, region_name, population, opening_need, closing_need FROM need_row"
      " WHERE digest = :p1 ORDER BY position",
      {kText, kText, kText, kText, kReal, kReal, kReal}};
  return statement;
}

absl::StatusOr<InputSetRecord> RecordFrom(const Row& row) {
  std::vector<FileProblem> problems;
  std::optional<AllocationPolicy> policy = ReadPolicyJson("policy.json", row.Text(5), problems);
  if (!policy) {
    return absl::DataLossError(absl::StrCat("the policy of input set ", row.Text(0), " cannot be read: ",
                                            problems.empty() ? "" : ToString(problems.front())));
  }
  InputSetRecord record;
  record.id = InputSetId(row.Text(0));
  record.policy = *std::move(policy);
  record.reference = row.Integer(1) == 1;
  record.icb_count = static_cast<int>(row.Integer(2));
  record.baseline_line_count = static_cast<int>(row.Integer(3));
  record.baseline = Pence(row.Integer(4));
  record.created_by = row.Text(6);
  record.create_time = absl::FromUnixMicros(row.Integer(7));
  return record;
}

Value RealValue(const std::optional<double>& value) {
  return value ? Value(*value) : Value();
}

absl::Status Damaged(const InputSetId& id) {
  return MakeError(
      absl::StatusCode::kDataLoss, kInputsDamaged,
      absl::StrCat(ResourceName(id), " no longer has the content that its digest names; import it again"),
      {{"input_set", ResourceName(id)}});
}

}  // namespace

absl::StatusOr<std::optional<InputSetRecord>> SqlInputSetRepository::Find(store::UnitOfWork& work,
                                                                          const InputSetId& id) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, work.Query(FindInputSet(), {id.value()}));
  if (rows.empty()) return std::nullopt;
  return RecordFrom(rows.front());
}

absl::StatusOr<InputSet> SqlInputSetRepository::Load(store::UnitOfWork& work, const InputSetId& id) {
  ASSIGN_OR_RETURN(std::optional<InputSetRecord> record, Find(work, id));
  if (!record) return Damaged(id);
  InputSet inputs;
  inputs.policy = std::move(record->policy);
  ASSIGN_OR_RETURN(std::vector<PlacedBaselineLine> lines,
                   Lines(work, id, IcbCode(), 0, std::numeric_limits<int>::max()));
  for (PlacedBaselineLine& placed : lines) inputs.baseline.push_back(std::move(placed.line));
  ASSIGN_OR_RETURN(std::vector<Row> rows, work.Query(ListNeed(), {id.value()}));
  for (const Row& row : rows) {
    inputs.need.push_back({IcbCode(row.Text(0)), row.Text(1), RegionCode(row.Text(2)), row.Text(3),
                           row.OptionalReal(4), row.OptionalReal(5), row.OptionalReal(6)});
  }
  if (InputDigest(inputs) != id.value()) return Damaged(id);
  return inputs;
}

absl::Status SqlInputSetRepository::Insert(store::UnitOfWork& work, const InputSetRecord& record,
                                           const InputSet& inputs) {
  const std::string& digest = record.id.value();
  RETURN_IF_ERROR(
      work.Execute(InsertInputSet(),
                   {digest, std::int64_t{record.reference ? 1 : 0}, std::int64_t{record.icb_count},
                    std::int64_t{record.baseline_line_count}, record.baseline.value(),
                    WritePolicyJson(inputs.policy), record.created_by, absl::ToUnixMicros(record.create_time),
                    inputs.policy.stream, inputs.policy.financial_year.ToString()})
          .status());
  std::int64_t position = 0;
  for (const BaselineLine& line : inputs.baseline) {
    RETURN_IF_ERROR(work.Execute(InsertBaselineLine(), {digest, position++, line.icb.value(), line.component,
                                                        line.reason, line.amount.value()})
                        .status());
  }
  position = 0;
  for (const NeedRow& row : inputs.need) {
    RETURN_IF_ERROR(
        work.Execute(InsertNeedRow(),
                     {digest, position++, row.icb.value(), row.name, row.region.value(), row.region_name,
                      RealValue(row.population), RealValue(row.opening_need), RealValue(row.closing_need)})
            .status());
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> SqlInputSetRepository::AddHolder(store::UnitOfWork& work, const InputSetId& id,
                                                      const std::string& organisation) {
  if (organisation.empty()) return false;
  ASSIGN_OR_RETURN(std::int64_t added, work.Execute(InsertInputSetHolder(), {id.value(), organisation}));
  return added == 1;
}

absl::StatusOr<bool> SqlInputSetRepository::IsVisible(store::UnitOfWork& work, const InputSetId& id,
                                                      const Viewer& viewer) {
  if (viewer.sees_everything) return true;
  ASSIGN_OR_RETURN(std::vector<Row> rows,
                   work.Query(FindVisibleDigest(), {id.value(), viewer.organisation, viewer.region}));
  return !rows.empty();
}

absl::StatusOr<std::vector<InputSetRecord>> SqlInputSetRepository::List(store::UnitOfWork& work,
                                                                        const InputSetFilter& filter,
                                                                        const Viewer& viewer,
                                                                        const std::optional<LatestKey>& after,
                                                                        int limit) {
  const std::string year = filter.year ? filter.year->ToString() : "";
  ASSIGN_OR_RETURN(
      std::vector<Row> rows,
      work.Query(ListInputSetsLatestFirst(), {TimeOf(after), IdOf(after), filter.stream, filter.stream, year,
                                              year, std::string(viewer.sees_everything ? "all" : "some"),
                                              viewer.organisation, viewer.region, std::int64_t{limit}}));
  std::vector<InputSetRecord> records;
  for (const Row& row : rows) {
    ASSIGN_OR_RETURN(InputSetRecord record, RecordFrom(row));
    records.push_back(std::move(record));
  }
  return records;
}

absl::StatusOr<std::vector<PlacedBaselineLine>> SqlInputSetRepository::Lines(
    store::UnitOfWork& work, const InputSetId& id, const IcbCode& icb, std::int64_t position, int limit) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, work.Query(ListLines(), {id.value(), position, icb.value(),
                                                                   icb.value(), std::int64_t{limit}}));
  std::vector<PlacedBaselineLine> lines;
  for (const Row& row : rows) {
    lines.push_back(
        {row.Integer(0), {IcbCode(row.Text(1)), row.Text(2), row.Text(3), Pence(row.Integer(4))}});
  }
  return lines;
}

}  // namespace specom::finance
