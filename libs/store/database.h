// Where connections come from, and what else differs between SQLite and PostgreSQL.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/store/connection.h"
#include "libs/store/store.h"

namespace specom::store {

using Leadership = std::unique_ptr<void, void (*)(void*)>;

class Database {
 public:
  virtual ~Database() = default;

  virtual Engine engine() const = 0;
  // A connection for transactions of this kind. UNAVAILABLE, with what to check, when the database
  // cannot be reached.
  virtual absl::StatusOr<std::unique_ptr<Connection>> Connect(Access access) = 0;
  // See Store::TryLeadership.
  virtual absl::StatusOr<Leadership> TryLeadership(std::string_view name) = 0;
};

// The file is made when it does not exist, but not once it has been there: a file that was moved
// away is missed, not replaced by an empty one.
std::unique_ptr<Database> NewSqliteDatabase(std::string path);
// url: libpq's; schema: a plain SQL name.
std::unique_ptr<Database> NewPostgresqlDatabase(const Secret& url, std::string schema);

}  // namespace specom::store
