// PostgreSQL behind Database: a schema of its own, serialisable writes, timeouts on the server.
#include <libpq-fe.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "libs/store/database.h"
#include "libs/store/socket_watch.h"

namespace specom::store {
namespace {

const Statement kCountTables{
    .name = "store.count_tables",
    .sql =
        "SELECT COUNT(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = :p1",
    .columns = {ColumnType::kInteger},
};

// Fails at once when another transaction has changed the row or is about to.
const Statement kReadAuditHead{
    .name = "store.read_audit_head",
    .sql = "SELECT sequence, hash FROM audit_head WHERE id = 1 FOR UPDATE NOWAIT",
    .columns = {ColumnType::kInteger, ColumnType::kText},
};

// A server or a network that stops answering is found out within seconds. The URL may say otherwise.
const std::map<std::string, std::string> kConnectionDefaults = {
    {"application_name", "specom"}, {"client_encoding", "UTF8"},  {"connect_timeout", "5"},
    {"keepalives_idle", "5"},       {"keepalives_interval", "2"}, {"keepalives_count", "3"},
    {"tcp_user_timeout", "10000"},
};

// What only moves a few bytes is given this long, and a commit, which waits for the disk, this long.
constexpr absl::Duration kShortExchange = absl::Seconds(5);
constexpr absl::Duration kLongestCommit = absl::Seconds(10);
// Beyond a deadline, so that the server's own timeout comes first where the server is there.
constexpr absl::Duration kGrace = absl::Seconds(1);

// For each connection. The server finds out within seconds that a client is gone without a word, and
// frees what it held: locks, the leadership, the connection.
constexpr char kConfigureSession[] =
    "SET TIME ZONE 'UTC'; SET idle_in_transaction_session_timeout = '5min'; SET tcp_keepalives_idle = 5; "
    "SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 10000";

struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, FreeResult>;

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

// libpq's keyword/value form of the URL, with the defaults for what it leaves out.
std::string ConnectionString(const Secret& url) {
  std::map<std::string, std::string> settings = kConnectionDefaults;
  std::unique_ptr<PQconninfoOption, FreeOptions> options(PQconninfoParse(url.Reveal().c_str(), nullptr));
  for (const PQconninfoOption* option = options.get(); option && option->keyword; ++option) {
    if (option->val != nullptr) settings[option->keyword] = option->val;
  }
  std::string text;
  for (const auto& [keyword, value] : settings) {
    absl::StrAppend(&text, keyword, "='");
    for (char c : value) {
      if (c == '\'' || c == '\\') text += '\\';
      text += c;
    }
    text += "' ";
  }
  return text;
}

// "ERROR:  duplicate key …\nDETAIL:  Key (id)=(7) …" → "duplicate key …": the rest holds users' data.
std::string FirstLine(const char* message) {
  std::string text = message == nullptr ? "" : message;
  text = text.substr(0, text.find('\n'));
  if (auto at = text.find(":  "); at != text.npos) text = text.substr(at + 3);
  return text;
}

// W3C's form only: it comes from a request and goes into a comment.
bool IsTraceparent(std::string_view text) {
  return text.size() == 55 && std::all_of(text.begin(), text.end(),
                                          [](unsigned char c) { return c == '-' || std::isxdigit(c) != 0; });
}

// A key for advisory locks, which live in the whole database.
std::int64_t LockKey(std::string_view kind, std::string_view schema, std::string_view name) {
  const std::string digest = Sha256().Part(kind).Part(schema).Part(name).HexDigest();
  return static_cast<std::int64_t>(std::stoull(digest.substr(0, 16), nullptr, 16));
}

class PostgresqlConnection final : public Connection {
 public:
  PostgresqlConnection(std::unique_ptr<soci::session> session, std::shared_ptr<SocketWatch> watch,
                       std::string schema)
      : Connection(std::move(session)),
        schema_(std::move(schema)),
        handle_(Handle()),
        limit_(std::move(watch), PQsocket(handle_)) {
    PQsetNoticeProcessor(
        handle_, [](void*, const char*) {}, nullptr);
    limit_.Set(kShortExchange);
    DoScript(absl::StrCat("SET search_path TO \"", schema_, "\"; ", kConfigureSession));
    limit_.Clear();
  }

  const Statement& CountTables() const override { return kCountTables; }

  // Runs SQL whose one result is a boolean.
  bool Asks(const std::string& sql) {
    Result result = Send(sql);
    return PQntuples(result.get()) == 1 && PQgetvalue(result.get(), 0, 0)[0] == 't';
  }

  bool TakesLock(std::int64_t key) {
    limit_.Set(kShortExchange);
    const bool taken = Asks(absl::StrCat("SELECT pg_try_advisory_lock(", key, ")"));
    limit_.Clear();
    return taken;
  }

 protected:
  void DoBegin(Access access) override {
    access_ = access;
    std::string sql;
    if (IsTraceparent(bounds()->traceparent()))
      sql = absl::StrCat("/*traceparent='", bounds()->traceparent(), "'*/ ");
    switch (access) {
      case Access::kRead:
        sql += "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        break;
      case Access::kWrite:
      case Access::kAuditedWrite:
        sql += "BEGIN ISOLATION LEVEL SERIALIZABLE";
        break;
      // Not watched for serialisability: each of its reads would weigh on every writer.
      case Access::kOutbox:
        sql += "BEGIN ISOLATION LEVEL REPEATABLE READ";
        break;
      // Each statement sees what was committed while the lock was waited for.
      case Access::kMigrate:
        sql += "BEGIN ISOLATION LEVEL READ COMMITTED";
        break;
    }
    armed_ = bounds()->Remaining();
    limit_.Set(armed_ + kGrace);
    DoScript(absl::StrCat(sql, "; ", StatementTimeout(armed_), "; ", IdleTimeout(armed_)));
    // Waits in turn, before the transaction's state of the database is taken: LOCK takes none.
    if (access == Access::kAuditedWrite) DoScript("LOCK TABLE audit_head IN EXCLUSIVE MODE");
    if (access == Access::kMigrate) {
      DoScript(absl::StrCat("SELECT pg_advisory_xact_lock(", LockKey("migrate", schema_, ""), ")"));
      // Asked first: a user without the right to make schemas may own one that exists.
      if (!Asks(absl::StrCat("SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = '",
                             schema_, "')"))) {
        DoScript(absl::StrCat("CREATE SCHEMA \"", schema_, "\""));
      }
    }
  }

  void DoCommit() override {
    limit_.Set(kLongestCommit);
    Result result = Send("COMMIT");
    limit_.Clear();
    // The answer to the commit of a failed transaction.
    if (std::string_view(PQcmdStatus(result.get())) != "COMMIT") {
      throw soci::postgresql_soci_error("the transaction was rolled back", "25P02");
    }
  }

  void DoRollback() override {
    limit_.Set(kShortExchange);
    if (PQtransactionStatus(handle_) != PQTRANS_IDLE) DoScript("ROLLBACK");
    limit_.Clear();
  }

  void DoScript(const std::string& sql) override { Send(sql); }

  void BeforeStatement() override {
    // The server's timeout counts for each statement anew: make it shorter as time runs out.
    const absl::Duration remaining = bounds()->Remaining();
    if (remaining >= armed_ * 0.75) return;
    armed_ = remaining;
    DoScript(StatementTimeout(armed_));
  }

  // Whoever has locked rows already must not queue behind one that may want them.
  void DoHoldAuditHead() override {
    if (access_ == Access::kWrite) DoScript("LOCK TABLE audit_head IN ROW EXCLUSIVE MODE NOWAIT");
  }
  const Statement& ReadAuditHead() const override { return kReadAuditHead; }

  Failure Explain(const std::exception& error, std::string_view statement, bool reused) override {
    const auto* known = dynamic_cast<const soci::postgresql_soci_error*>(&error);
    if (limit_.Passed()) {
      return {.status = UnavailableError("it gave no answer in the time allowed"), .lost = true};
    }
    const std::string detail = FirstLine(PQerrorMessage(handle_));
    const std::string state = known != nullptr ? known->sqlstate() : std::string();
    const std::string kind = state.substr(0, 2);
    if (PQstatus(handle_) != CONNECTION_OK || kind == "08" || state.starts_with("57P")) {
      return {.status = UnavailableError(detail), .lost = true};
    }
    if (known == nullptr) return {.status = StatementError(statement, error.what())};
    if (state == "40001" || state == "40P01" || state == "55P03")
      return {.status = ConflictError(), .conflict = true};
    // The plan was made before a migration.
    if (state == "0A000" && reused) return {.status = ConflictError(), .conflict = true};
    if (state == "57014") return {.status = TimedOut()};
    if (state == "23505" || state == "23P01") return {.status = AlreadyExistsError(statement, detail)};
    if (kind == "23" || state == "P0001") return {.status = BrokenConstraintError(statement, detail)};
    if (state == "53100" || state == "53200") return {.status = FullError(detail)};
    if (state == "53300") return {.status = UnavailableError(detail), .lost = true};
    if (state == "22021" || state == "22P05") {
      return {.status = MakeError(absl::StatusCode::kInvalidArgument, "TEXT_NOT_UTF8",
                                  "a text is not valid UTF-8 and cannot be stored; send it as UTF-8")};
    }
    // A primary that became a standby.
    if (state == "25006" && access_ != Access::kRead)
      return {.status = UnavailableError(detail), .lost = true};
    return {.status = StatementError(statement, detail)};
  }

 private:
  PGconn* Handle() { return static_cast<soci::postgresql_session_backend*>(session().get_backend())->conn_; }

  // 0: none. The server takes 32 bits.
  static std::int64_t ServerMilliseconds(absl::Duration duration) {
    if (duration == absl::InfiniteDuration()) return 0;
    return std::clamp<std::int64_t>(absl::ToInt64Milliseconds(duration), 1,
                                    std::numeric_limits<std::int32_t>::max());
  }
  static std::string StatementTimeout(absl::Duration remaining) {
    return absl::StrCat("SET LOCAL statement_timeout = ", ServerMilliseconds(remaining));
  }
  // A client that fell silent keeps its locks no longer than it could have used them.
  static std::string IdleTimeout(absl::Duration remaining) {
    return absl::StrCat("SET LOCAL idle_in_transaction_session_timeout = ",
                        ServerMilliseconds(remaining + kGrace));
  }

  // The server's clock may be ahead of ours by a little.
  absl::Status TimedOut() const {
    absl::Status status = bounds() != nullptr ? bounds()->Check() : absl::OkStatus();
    if (!status.ok()) return status;
    return MakeError(
        absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
        "the database cancelled the statement when the time allowed for it had passed; ask again with "
        "a longer deadline");
  }

  Result Send(const std::string& sql) {
    Result result(PQexec(handle_, sql.c_str()));
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
      throw soci::postgresql_soci_error(FirstLine(PQerrorMessage(handle_)),
                                        state != nullptr ? state : "08006");
    }
    return result;
  }

  const std::string schema_;
  PGconn* handle_;
  SocketLimit limit_;
  Access access_ = Access::kRead;
  absl::Duration armed_;
};

class PostgresqlDatabase final : public Database {
 public:
  PostgresqlDatabase(const Secret& url, std::string schema)
      : connection_string_(ConnectionString(url)), schema_(std::move(schema)) {}

  Engine engine() const override { return Engine::kPostgresql; }

  absl::StatusOr<std::unique_ptr<Connection>> Connect(Access) override {
    absl::StatusOr<std::unique_ptr<PostgresqlConnection>> connection = Open();
    if (!connection.ok()) return connection.status();
    return *std::move(connection);
  }

  // A lock of a session: the server frees it when the connection goes, however that happens.
  absl::StatusOr<Leadership> TryLeadership(std::string_view name) override {
    const auto release = [](void* held) { delete static_cast<PostgresqlConnection*>(held); };
    ASSIGN_OR_RETURN(std::unique_ptr<PostgresqlConnection> connection, Open());
    try {
      if (!connection->TakesLock(LockKey("leader", schema_, name))) return Leadership(nullptr, release);
    } catch (const soci::soci_error& error) {
      return UnavailableError(error.get_error_message());
    }
    return Leadership(connection.release(), release);
  }

 private:
  absl::StatusOr<std::unique_ptr<PostgresqlConnection>> Open() {
    try {
      auto session = std::make_unique<soci::session>(soci::postgresql, connection_string_.Reveal());
      return std::make_unique<PostgresqlConnection>(std::move(session), watch_, schema_);
    } catch (const soci::soci_error& error) {
      return UnavailableError(
          absl::StrCat(FirstLine(error.get_error_message().c_str()),
                       "; check that the server runs, and the host, port, database, user and "
                       "password of the database URL"));
    }
  }

  const Secret connection_string_;
  const std::string schema_;
  const std::shared_ptr<SocketWatch> watch_ = std::make_shared<SocketWatch>();
};

}  // namespace

std::unique_ptr<Database> NewPostgresqlDatabase(const Secret& url, std::string schema) {
  return std::make_unique<PostgresqlDatabase>(url, std::move(schema));
}

}  // namespace specom::store
