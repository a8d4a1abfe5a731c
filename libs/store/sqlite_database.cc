// SQLite behind Database: one file in WAL mode, every commit on disk before it is reported.
#include <fcntl.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/base/status.h"
#include "libs/store/database.h"

namespace specom::store {
namespace {

// WAL lets readers go on beside the writer; FULL makes every commit durable before it is reported.
constexpr char kConfigure[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = "
    "OFF;";
constexpr char kRefuseWrites[] = "PRAGMA query_only = ON;";
const Statement kCountTables{
    .name = "store.count_tables",
    .sql = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = :p1",
    .columns = {ColumnType::kInteger},
};
const Statement kReadAuditHead{
    .name = "store.read_audit_head",
    .sql = "SELECT sequence, hash FROM audit_head WHERE id = 1",
    .columns = {ColumnType::kInteger, ColumnType::kText},
};

// Virtual machine steps between two looks at the deadline: some ten thousandths of a second.
constexpr int kStepsBetweenLooks = 4000;
// How long another process may keep the write lock before the transaction is given up and retried.
constexpr int kBusyLimitMs = 5000;
// About what a commit takes: a longer sleep is time in which nobody writes.
constexpr int kBusyStepMs = 1;

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(std::unique_ptr<soci::session> session, Access access)
      : Connection(std::move(session)), handle_(Handle()) {
    sqlite_api::sqlite3_extended_result_codes(handle_, 1);
    sqlite_api::sqlite3_busy_handler(handle_, &SqliteConnection::OnBusy, this);
    sqlite_api::sqlite3_progress_handler(handle_, kStepsBetweenLooks, &SqliteConnection::OnProgress, this);
    DoScript(kConfigure);
    if (access == Access::kRead) DoScript(kRefuseWrites);
  }

  const Statement& CountTables() const override { return kCountTables; }

 protected:
  void DoBegin(Access access) override {
    int moved = 0;
    sqlite_api::sqlite3_file_control(handle_, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (moved != 0) throw soci::sqlite3_soci_error("the file was moved or removed", SQLITE_READONLY_DBMOVED);
    switch (access) {
      case Access::kRead:
        DoScript("BEGIN DEFERRED");
        break;
      case Access::kWrite:
      case Access::kAuditedWrite:
      case Access::kOutbox:
        DoScript("BEGIN IMMEDIATE");
        break;
      case Access::kMigrate:
        DoScript("BEGIN EXCLUSIVE");
        break;
    }
  }

  const Statement& ReadAuditHead() const override { return kReadAuditHead; }

  void DoCommit() override { DoScript("COMMIT"); }

  void DoRollback() override {
    // Some errors, a full disk among them, have rolled it back already.
    if (sqlite_api::sqlite3_get_autocommit(handle_) == 0) DoScript("ROLLBACK");
  }

  void DoScript(const std::string& sql) override {
    int result = sqlite_api::sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) throw soci::sqlite3_soci_error(sqlite_api::sqlite3_errmsg(handle_), result);
  }

  Failure Explain(const std::exception& error, std::string_view statement, bool) override {
    const auto* known = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
    if (known == nullptr) return {.status = StatementError(statement, error.what())};
    const std::string detail = known->get_error_message();
    switch (known->result()) {
      case SQLITE_CONSTRAINT_UNIQUE:
      case SQLITE_CONSTRAINT_PRIMARYKEY:
      case SQLITE_CONSTRAINT_ROWID:
        return {.status = AlreadyExistsError(statement, detail)};
      case SQLITE_CONSTRAINT_DATATYPE:
        return {.status = StatementError(statement, detail)};
      case SQLITE_READONLY_DBMOVED:
        return {.status = UnavailableError(detail), .lost = true};
    }
    switch (known->result() & 0xff) {
      case SQLITE_CONSTRAINT:
        return {.status = BrokenConstraintError(statement, detail)};
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        return {.status = ConflictError(), .conflict = true};
      case SQLITE_INTERRUPT: {
        absl::Status status = bounds() != nullptr ? bounds()->Check() : absl::OkStatus();
        return {.status = status.ok() ? StatementError(statement, detail) : status};
      }
      case SQLITE_FULL:
      case SQLITE_NOMEM:
        return {.status = FullError(detail)};
      case SQLITE_IOERR:
      case SQLITE_CANTOPEN:
        return {.status = UnavailableError(detail), .lost = true};
      case SQLITE_CORRUPT:
      case SQLITE_NOTADB:
        return {.status = MakeError(
                    absl::StatusCode::kDataLoss, "DATABASE_DAMAGED",
                    absl::StrCat("the database file is damaged: ", detail, "; restore it from a copy")),
                .lost = true};
      default:
        return {.status = StatementError(statement, detail)};
    }
  }

 private:
  sqlite_api::sqlite3* Handle() {
    return static_cast<soci::sqlite3_session_backend*>(session().get_backend())->conn_;
  }

  // Another process writes: wait for it while there is time.
  static int OnBusy(void* self, int times) {
    const Bounds* bounds = static_cast<SqliteConnection*>(self)->bounds();
    if ((bounds != nullptr && bounds->Passed()) || times * kBusyStepMs >= kBusyLimitMs) return 0;
    sqlite_api::sqlite3_sleep(kBusyStepMs);
    return 1;
  }

  static int OnProgress(void* self) {
    const Bounds* bounds = static_cast<SqliteConnection*>(self)->bounds();
    return bounds != nullptr && bounds->Passed() ? 1 : 0;
  }

  sqlite_api::sqlite3* handle_;
};

// A file name of letters, digits, '.', '_' and '-'; different names stay different.
std::string FileNameOf(std::string_view name) {
  std::string safe;
  for (char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '.' || c == '_' || c == '-') {
      safe += c;
    } else {
      absl::StrAppendFormat(&safe, "%%%02x", byte);
    }
  }
  return safe;
}

void Unlock(void* lock) {
  const auto* descriptor = static_cast<int*>(lock);
  close(*descriptor);
  delete descriptor;
}

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(std::string path) : path_(std::move(path)) {}

  Engine engine() const override { return Engine::kSqlite; }

  absl::StatusOr<std::unique_ptr<Connection>> Connect(Access access) override {
    std::error_code ignored;
    if (opened_ && !std::filesystem::exists(path_, ignored)) {
      return UnavailableError(absl::StrCat(path_, " is gone; put the file back"));
    }
    try {
      auto session = std::make_unique<soci::session>(soci::sqlite3, absl::StrCat("dbname=\"", path_, "\""));
      auto connection = std::make_unique<SqliteConnection>(std::move(session), access);
      opened_ = true;
      return connection;
    } catch (const std::exception& error) {
      const auto* known = dynamic_cast<const soci::soci_error*>(&error);
      return UnavailableError(
          absl::StrCat(path_, ": ", known ? known->get_error_message() : error.what(),
                       "; check that its folder exists, that this user may write there, and "
                       "that the file is an SQLite database"));
    }
  }

  absl::StatusOr<Leadership> TryLeadership(std::string_view name) override {
    const std::string path = absl::StrCat(path_, ".", FileNameOf(name), ".lock");
    const int descriptor = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0) return UnavailableError(absl::StrCat(path, ": ", std::strerror(errno)));
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return Leadership(new int(descriptor), &Unlock);
    const int reason = errno;
    close(descriptor);
    if (reason == EWOULDBLOCK) return Leadership(nullptr, &Unlock);
    return UnavailableError(absl::StrCat(path, ": ", std::strerror(reason)));
  }

 private:
  const std::string path_;
  std::atomic<bool> opened_ = false;
};

}  // namespace

std::unique_ptr<Database> NewSqliteDatabase(std::string path) {
  return std::make_unique<SqliteDatabase>(std::move(path));
}

}  // namespace specom::store
