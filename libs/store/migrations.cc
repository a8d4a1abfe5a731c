#include "libs/store/migrations.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "libs/store/store_migrations.h"

namespace specom::store {
namespace {

constexpr char kLedger[] = "schema_migration";

const Statement kListApplied{
    .name = "store.list_migrations",
    .sql = "SELECT component, version, name, checksum FROM schema_migration ORDER BY component, version",
    .columns = {ColumnType::kText, ColumnType::kInteger, ColumnType::kText, ColumnType::kText},
};
const Statement kRecordApplied{
    .name = "store.record_migration",
    .sql =
        "INSERT INTO schema_migration (component, version, name, checksum, applied_at_us) "
        "VALUES (:p1, :p2, :p3, :p4, :p5)",
};

struct Applied {
  std::string name;
  std::string checksum;
};
using Ledger = std::map<std::pair<std::string, int>, Applied>;

absl::Status BadName(std::string_view path) {
  return MakeError(
      absl::StatusCode::kInvalidArgument, "MIGRATION_NAME",
      absl::StrCat("the migration ", std::string(path),
                   " must be named {sqlite|postgresql}/NNNN_name.sql, numbered 1, 2, 3… without gaps"),
      {{"path", std::string(path)}});
}

absl::Status AddComponent(std::string_view component, Engine engine, std::span<const EmbeddedFile> files,
                          std::vector<Migration>& migrations) {
  const std::string folder = std::string(ToString(engine)) + "/";
  std::map<int, Migration> found;
  for (const EmbeddedFile& file : files) {
    if (!file.path.starts_with(folder)) continue;
    std::string name(file.path.substr(folder.size()));
    int version = 0;
    if (name.size() < 10 || name[4] != '_' || !name.ends_with(".sql") ||
        !absl::SimpleAtoi(name.substr(0, 4), &version) || found.contains(version)) {
      return BadName(file.path);
    }
    name = name.substr(5, name.size() - 9);
    found[version] = {.component = std::string(component),
                      .version = version,
                      .name = name,
                      .checksum = Sha256Hex(file.content),
                      .sql = file.content};
  }
  int expected = 1;
  for (auto& [version, migration] : found) {
    if (version != expected++) return BadName(absl::StrCat(folder, version, "_", migration.name, ".sql"));
    migrations.push_back(std::move(migration));
  }
  return absl::OkStatus();
}

absl::StatusOr<Ledger> ReadLedger(Connection& connection) {
  Ledger ledger;
  ASSIGN_OR_RETURN(std::vector<Row> tables,
                   connection.Query(connection.CountTables(), {std::string(kLedger)}));
  if (tables.at(0).Integer(0) == 0) return ledger;
  ASSIGN_OR_RETURN(std::vector<Row> rows, connection.Query(kListApplied, {}));
  for (const Row& row : rows) {
    ledger[{row.Text(0), static_cast<int>(row.Integer(1))}] = {row.Text(2), row.Text(3)};
  }
  return ledger;
}

absl::Status ChangedError(const Migration& migration) {
  return MakeError(
      absl::StatusCode::kFailedPrecondition, "MIGRATION_CHANGED",
      absl::StrCat("migration ", migration.version, " (", migration.name, ") of the ", migration.component,
                   " ran with another text than this program has; restore the text and add a new "
                   "migration instead"),
      {{"component", migration.component},
       {"version", absl::StrCat(migration.version)},
       {"name", migration.name}});
}

absl::Status AheadError(const std::string& component, int version, const std::string& name) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "SCHEMA_AHEAD",
                   absl::StrCat("the database has migration ", version, " (", name, ") of the ", component,
                                ", which this program does not know; use the newer program"),
                   {{"component", component}, {"version", absl::StrCat(version)}, {"name", name}});
}

}  // namespace

absl::StatusOr<std::vector<Migration>> MigrationsFor(Engine engine, std::span<const EmbeddedFile> service) {
  std::vector<Migration> migrations;
  RETURN_IF_ERROR(AddComponent("store", engine, store_migrations(), migrations));
  RETURN_IF_ERROR(AddComponent("service", engine, service, migrations));
  return migrations;
}

absl::StatusOr<int> RunMigrations(Connection& connection, const std::vector<Migration>& migrations,
                                  absl::Time now) {
  ASSIGN_OR_RETURN(Ledger ledger, ReadLedger(connection));
  std::vector<const Migration*> pending;
  for (const Migration& migration : migrations) {
    auto applied = ledger.extract({migration.component, migration.version});
    if (applied.empty()) {
      pending.push_back(&migration);
    } else if (applied.mapped().checksum != migration.checksum) {
      return ChangedError(migration);
    }
  }
  if (!ledger.empty()) {
    const auto& [key, applied] = *ledger.begin();
    return AheadError(key.first, key.second, applied.name);
  }
  for (const Migration* migration : pending) {
    RETURN_IF_ERROR(connection.RunScript(absl::StrCat("migration ", migration->version, " (", migration->name,
                                                      ") of the ", migration->component),
                                         migration->sql));
    RETURN_IF_ERROR(
        connection
            .Execute(kRecordApplied, {migration->component, std::int64_t{migration->version}, migration->name,
                                      migration->checksum, absl::ToUnixMicros(now)})
            .status());
  }
  return static_cast<int>(pending.size());
}

absl::StatusOr<SchemaState> StateOfSchema(Connection& connection, const std::vector<Migration>& migrations) {
  ASSIGN_OR_RETURN(Ledger ledger, ReadLedger(connection));
  return SchemaState{.current = static_cast<int>(ledger.size()),
                     .required = static_cast<int>(migrations.size())};
}

}  // namespace specom::store
