// Brings a schema from any earlier state to the newest, once, forwards only.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/embedded_file.h"
#include "libs/store/connection.h"
#include "libs/store/store.h"

namespace specom::store {

struct Migration {
  // "store" for the store's own tables, "service" for the service's.
  std::string component;
  int version = 0;
  std::string name;
  // SHA-256 of the text.
  std::string checksum;
  std::string_view sql;
};

// The store's own migrations for the engine, then the service's, each in order. INVALID_ARGUMENT/
// MIGRATION_NAME when a file is not named "{sqlite|postgresql}/NNNN_name.sql" or the numbers are not 1, 2, 3…
absl::StatusOr<std::vector<Migration>> MigrationsFor(Engine engine, std::span<const EmbeddedFile> service);

// Runs, in the open transaction, those that have not run; how many. FAILED_PRECONDITION/MIGRATION_CHANGED
// when the text of one that ran is not what it was, FAILED_PRECONDITION/SCHEMA_AHEAD when the
// database has one that is not among them.
absl::StatusOr<int> RunMigrations(Connection& connection, const std::vector<Migration>& migrations,
                                  absl::Time now);

// How many of them have run, and those that the database has beyond them.
absl::StatusOr<SchemaState> StateOfSchema(Connection& connection, const std::vector<Migration>& migrations);

}  // namespace specom::store
