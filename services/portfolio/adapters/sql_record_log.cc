#include "services/portfolio/adapters/sql_record_log.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "libs/base/status.h"
#include "services/portfolio/domain/record_columns.h"
#include "services/portfolio/domain/text.h"

namespace specom::portfolio {
namespace {

using store::ColumnType;
using store::Statement;

const Statement kLastChange{
    .name = "portfolio.last_change",
    .sql = "SELECT change_number, recorded_at_us FROM registry_head",
    .columns = {ColumnType::kInteger, ColumnType::kInteger},
};
// Writers queue here: the second of two takes the number after the first's, or starts again.
const Statement kMoveHead{
    .name = "portfolio.move_head",
    .sql = "UPDATE registry_head SET change_number = :p1, recorded_at_us = :p2 WHERE change_number = :p3",
};
const Statement kInsertChange{
    .name = "portfolio.insert_change",
    .sql =
        "INSERT INTO registry_change (change_number, recorded_at_us, recorded_by, organisation, method, "
        "note, "
        "traceparent) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7)",
};
const Statement kInsertRecord{
    .name = "portfolio.insert_record",
    .sql =
        "INSERT INTO registry_record (kind, id, version, supersedes, change_number, recorded_at_us, "
        "effective_from, effective_to, provenance, inferred, body) "
        "VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11)",
};
const Statement kSelectRecords{
    .name = "portfolio.select_records",
    .sql =
        "SELECT kind, id, version, supersedes, recorded_at_us, effective_from, effective_to, provenance, "
        "inferred, "
        "body FROM registry_record WHERE change_number > :p1 ORDER BY kind, id, version",
    .columns = {ColumnType::kText, ColumnType::kText, ColumnType::kInteger, ColumnType::kInteger,
                ColumnType::kInteger, ColumnType::kText, ColumnType::kText, ColumnType::kText,
                ColumnType::kInteger, ColumnType::kText},
};
const Statement kSelectPackVersion{
    .name = "portfolio.select_pack_version",
    .sql = "SELECT COALESCE(MAX(version), 0) FROM reference_pack",
    .columns = {ColumnType::kInteger},
};
const Statement kInsertPackVersion{
    .name = "portfolio.insert_pack_version",
    .sql = "INSERT INTO reference_pack (version, change_number) VALUES (:p1, :p2)",
};

// The kind as it stands in the log.
template <class T>
constexpr std::string_view kKind = "";
template <>
constexpr std::string_view kKind<Organisation> = "organisation";
template <>
constexpr std::string_view kKind<Succession> = "succession";
template <>
constexpr std::string_view kKind<Programme> = "programme";
template <>
constexpr std::string_view kKind<ClinicalReferenceGroup> = "clinical_reference_group";
template <>
constexpr std::string_view kKind<Service> = "service";
template <>
constexpr std::string_view kKind<ServiceLine> = "service_line";
template <>
constexpr std::string_view kKind<Specification> = "specification";
template <>
constexpr std::string_view kKind<ProviderEligibility> = "provider_eligibility";
template <>
constexpr std::string_view kKind<AssessmentCriterion> = "assessment_criterion";
template <>
constexpr std::string_view kKind<ServiceAssessment> = "service_assessment";
template <>
constexpr std::string_view kKind<Decision> = "decision";

// The columns of a record that have a database column of their own.
template <class T>
constexpr bool kHasOwnId = !std::is_same_v<T, Succession>;
template <class T>
const std::string& FirstDayColumn() {
  static const std::string column = std::is_same_v<T, Succession> ? "date" : "effective_from";
  return column;
}

template <class T>
std::string BodyOf(const Record<T>& record) {
  nlohmann::json body = nlohmann::json::object();
  for (auto& [name, value] : ToColumns(record)) {
    bool apart = name == FirstDayColumn<T>() || name == "effective_to" || name == "provenance" ||
                 name == "inferred" || (kHasOwnId<T> && name == ColumnNames<T>().front());
    if (!apart && !value.empty()) body[name] = value;
  }
  return body.dump();
}

absl::Status Unreadable(std::string_view kind, const std::string& id, std::string_view why) {
  return absl::InternalError(Concat({"the ", kind, " record ", id, " in the log cannot be read: ", why}));
}

template <class T>
absl::Status ReadRow(const store::Row& row, std::vector<Record<T>>& records) {
  const std::string& id = row.Text(1);
  nlohmann::json body = nlohmann::json::parse(row.Text(9), nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) return Unreadable(kKind<T>, id, "its body is no JSON object");
  Columns columns;
  for (const auto& [name, value] : body.items()) {
    if (!value.is_string()) return Unreadable(kKind<T>, id, name);
    columns[name] = value.template get<std::string>();
  }
  if (kHasOwnId<T>) columns[ColumnNames<T>().front()] = id;
  columns[FirstDayColumn<T>()] = row.Text(5);
  columns["effective_to"] = row.Text(6);
  columns["provenance"] = row.Text(7);
  columns["inferred"] = row.Integer(8) != 0 ? "Y" : "N";
  std::vector<ColumnProblem> problems;
  Record<T> record = FromColumns<T>(columns, problems);
  if (!problems.empty()) {
    return Unreadable(kKind<T>, id, Concat({problems.front().column, ": ", problems.front().rule}));
  }
  record.version = static_cast<int>(row.Integer(2));
  record.supersedes = static_cast<int>(row.Integer(3));
  record.recorded_at = absl::FromUnixMicros(row.Integer(4));
  records.push_back(std::move(record));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Change> SqlRecordLog::LastChange(store::UnitOfWork& work) {
  ASSIGN_OR_RETURN(std::vector<store::Row> rows, work.Query(kLastChange));
  if (rows.size() != 1) return absl::InternalError("registry_head does not hold one row");
  if (rows[0].Integer(0) == 0) return Change{};
  return Change{rows[0].Integer(0), absl::FromUnixMicros(rows[0].Integer(1))};
}

absl::StatusOr<Records> SqlRecordLog::LoadAfter(store::UnitOfWork& work, std::int64_t change) {
  ASSIGN_OR_RETURN(std::vector<store::Row> rows, work.Query(kSelectRecords, {change}));
  Records records;
  for (const auto& row : rows) {
    bool known = false;
    absl::Status status;
    Records::ForEachKind(records, [&]<class T>(std::vector<Record<T>>& list) {
      if (row.Text(0) != kKind<T>) return;
      known = true;
      status = ReadRow(row, list);
    });
    RETURN_IF_ERROR(status);
    if (!known) return Unreadable(row.Text(0), row.Text(1), "its kind is not known to this program");
  }
  return records;
}

absl::Status SqlRecordLog::Append(store::UnitOfWork& work, const RequestContext& context,
                                  const Change& change, const std::string& note, const Records& records) {
  std::int64_t recorded_at = absl::ToUnixMicros(change.recorded_at);
  ASSIGN_OR_RETURN(std::int64_t moved,
                   work.Execute(kMoveHead, {change.number, recorded_at, change.number - 1}));
  if (moved != 1) return absl::AbortedError("another change of the registry came first");
  RETURN_IF_ERROR(
      work.Execute(kInsertChange, {change.number, recorded_at, context.principal.user,
                                   context.principal.organisation, context.method, note, context.traceparent})
          .status());
  absl::Status status;
  Records::ForEachKind(records, [&]<class T>(const std::vector<Record<T>>& list) {
    for (const auto& record : list) {
      if (!status.ok()) return;
      status = work.Execute(kInsertRecord,
                            {std::string(kKind<T>), record.id, std::int64_t{record.version},
                             std::int64_t{record.supersedes}, change.number,
                             absl::ToUnixMicros(record.recorded_at), record.effective.from.ToString(),
                             record.effective.to ? record.effective.to->ToString() : std::string(),
                             record.provenance, std::int64_t{record.inferred ? 1 : 0}, BodyOf(record)})
                   .status();
    }
  });
  return status;
}

absl::StatusOr<int> SqlRecordLog::ReferencePackVersion(store::UnitOfWork& work) {
  ASSIGN_OR_RETURN(std::vector<store::Row> rows, work.Query(kSelectPackVersion));
  return static_cast<int>(rows.at(0).Integer(0));
}

absl::Status SqlRecordLog::SetReferencePackVersion(store::UnitOfWork& work, int version,
                                                   const Change& change) {
  return work.Execute(kInsertPackVersion, {std::int64_t{version}, change.number}).status();
}

}  // namespace specom::portfolio
