// The store over a pool of connections: transactions that are run again when they meet others.
#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "libs/base/crash_point.h"
#include "libs/base/status.h"
#include "libs/store/audit_chain.h"
#include "libs/store/connection_pool.h"
#include "libs/store/database.h"
#include "libs/store/idempotency.h"
#include "libs/store/migrations.h"
#include "libs/store/outbox.h"
#include "libs/store/store.h"

namespace specom::store {
namespace {

// A transaction that meets others is run this often before the caller is told.
constexpr int kMaxAttempts = 24;
constexpr absl::Duration kFirstPause = absl::Milliseconds(2);
constexpr absl::Duration kLongestPause = absl::Milliseconds(100);
// The relay's own work has no caller to set a deadline, nor has the question whether the database is
// there.
constexpr absl::Duration kBackgroundLimit = absl::Seconds(10);
constexpr absl::Duration kPingLimit = absl::Seconds(5);

const Statement kPing{.name = "store.ping", .sql = "SELECT 1", .columns = {ColumnType::kInteger}};

// Up to twice as long after each attempt, at random, so that those who met do not meet again.
void PauseAfter(int attempt, const Bounds& bounds) {
  thread_local std::minstd_rand random{std::random_device()()};
  const absl::Duration longest = std::min(kLongestPause, kFirstPause * (1 << std::min(attempt - 1, 6)));
  const absl::Duration pause = longest * std::uniform_real_distribution<double>(0, 1)(random);
  absl::SleepFor(std::min(pause, bounds.Remaining()));
}

class SqlUnitOfWork final : public UnitOfWork {
 public:
  SqlUnitOfWork(Connection& connection, const Clock& clock) : connection_(connection), clock_(clock) {}

  absl::StatusOr<std::int64_t> Execute(const Statement& statement,
                                       const std::vector<Value>& parameters) override {
    absl::StatusOr<std::int64_t> changed = connection_.Execute(statement, parameters);
    PassCrashPoint(CrashPoint::kAfterState);
    return changed;
  }
  absl::StatusOr<std::vector<Row>> Query(const Statement& statement,
                                         const std::vector<Value>& parameters) override {
    return connection_.Query(statement, parameters);
  }
  absl::Status Publish(const OutboxEvent& event) override {
    absl::Status appended = AppendEvent(connection_, event);
    PassCrashPoint(CrashPoint::kAfterOutbox);
    return appended;
  }
  absl::StatusOr<std::optional<IdempotencyRecord>> FindOutcome(const RequestContext& context) override {
    return store::FindOutcome(connection_, context);
  }
  absl::Status RememberOutcome(const RequestContext& context, const IdempotencyRecord& record) override {
    return store::RememberOutcome(connection_, context, record, clock_.Now());
  }
  absl::StatusOr<bool> MarkHandled(std::string_view group, std::string_view event_id) override {
    return store::MarkHandled(connection_, group, event_id, clock_.Now());
  }
  absl::Status Audit(const RequestContext& context, const AuditEntry& entry) override {
    absl::Status appended = AppendAuditRecord(connection_, context, entry, clock_.Now());
    PassCrashPoint(CrashPoint::kAfterState);
    return appended;
  }

 private:
  Connection& connection_;
  const Clock& clock_;
};

// Rolls back unless it was committed, also when an exception passes through.
class Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(connection) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (!committed_) connection_.Rollback();
  }

  absl::Status Commit(const Bounds& bounds) {
    RETURN_IF_ERROR(connection_.failure());
    RETURN_IF_ERROR(bounds.Check());
    RETURN_IF_ERROR(connection_.Commit());
    committed_ = true;
    return absl::OkStatus();
  }

 private:
  Connection& connection_;
  bool committed_ = false;
};

class SqlStore final : public Store {
 public:
  SqlStore(std::unique_ptr<Database> database, int connections, const Clock& clock)
      : database_(std::move(database)), clock_(clock) {
    // SQLite has one writer at a time: it waits here, in turn, and not in the file's lock.
    const bool sqlite = engine() == Engine::kSqlite;
    writers_ = std::make_unique<ConnectionPool>(sqlite ? 1 : connections,
                                                [this] { return database_->Connect(Access::kWrite); });
    if (sqlite) {
      readers_ = std::make_unique<ConnectionPool>(std::max(1, connections - 1),
                                                  [this] { return database_->Connect(Access::kRead); });
    }
  }

  Engine engine() const override { return database_->engine(); }

  absl::Status Write(const RequestContext& context,
                     const std::function<absl::Status(UnitOfWork&)>& function) override {
    PassCrashPoint(CrashPoint::kBeforeBegin);
    absl::Status written = Transact(Access::kWrite, context, [&](Connection& connection) -> absl::Status {
      SqlUnitOfWork work(connection, clock_);
      RETURN_IF_ERROR(function(work));
      PassCrashPoint(CrashPoint::kBeforeCommit);
      return absl::OkStatus();
    });
    if (written.ok()) PassCrashPoint(CrashPoint::kAfterCommit);
    return written;
  }

  absl::Status Read(const RequestContext& context,
                    const std::function<absl::Status(UnitOfWork&)>& function) override {
    return Transact(Access::kRead, context, [&](Connection& connection) {
      SqlUnitOfWork work(connection, clock_);
      return function(work);
    });
  }

  absl::StatusOr<std::vector<OutboxRecord>> UnpublishedEvents(int limit) override {
    std::vector<OutboxRecord> records;
    bool unnumbered = false;
    const auto list = [&](Connection& connection) -> absl::Status {
      ASSIGN_OR_RETURN(unnumbered, HasUnnumbered(connection));
      ASSIGN_OR_RETURN(records, ListUnpublished(connection, limit));
      return absl::OkStatus();
    };
    RETURN_IF_ERROR(Transact(Access::kRead, Background(), list));
    if (!unnumbered || records.size() == static_cast<std::size_t>(limit)) return records;
    RETURN_IF_ERROR(Transact(Access::kOutbox, Background(),
                             [&](Connection& connection) { return NumberEvents(connection, limit); }));
    RETURN_IF_ERROR(Transact(Access::kRead, Background(), list));
    return records;
  }

  absl::Status MarkPublished(std::span<const std::int64_t> sequences) override {
    if (sequences.empty()) return absl::OkStatus();
    return Transact(Access::kOutbox, Background(),
                    [&](Connection& connection) { return MarkEventsPublished(connection, sequences); });
  }

  absl::StatusOr<std::vector<OutboxRecord>> PublishedEvents(std::string_view topic, std::int64_t after,
                                                            int limit) override {
    std::vector<OutboxRecord> records;
    RETURN_IF_ERROR(Transact(Access::kRead, Background(), [&](Connection& connection) -> absl::Status {
      ASSIGN_OR_RETURN(records, ListPublished(connection, topic, after, limit));
      return absl::OkStatus();
    }));
    return records;
  }

  absl::StatusOr<std::int64_t> LastPublished(std::string_view topic) override {
    std::int64_t last = 0;
    RETURN_IF_ERROR(Transact(Access::kRead, Background(), [&](Connection& connection) -> absl::Status {
      ASSIGN_OR_RETURN(last, FindLastPublished(connection, topic));
      return absl::OkStatus();
    }));
    return last;
  }

  absl::StatusOr<Leadership> TryLeadership(std::string_view name) override {
    return database_->TryLeadership(name);
  }

  absl::StatusOr<int> Migrate(std::span<const EmbeddedFile> files) override {
    ASSIGN_OR_RETURN(std::vector<Migration> migrations, MigrationsFor(engine(), files));
    int count = 0;
    RETURN_IF_ERROR(Transact(Access::kMigrate, RequestContext(), [&](Connection& connection) -> absl::Status {
      ASSIGN_OR_RETURN(count, RunMigrations(connection, migrations, clock_.Now()));
      return absl::OkStatus();
    }));
    return count;
  }

  absl::StatusOr<SchemaState> CheckSchema(std::span<const EmbeddedFile> files) override {
    ASSIGN_OR_RETURN(std::vector<Migration> migrations, MigrationsFor(engine(), files));
    SchemaState state;
    RETURN_IF_ERROR(Transact(Access::kRead, Background(), [&](Connection& connection) -> absl::Status {
      ASSIGN_OR_RETURN(state, StateOfSchema(connection, migrations));
      return absl::OkStatus();
    }));
    return state;
  }

  absl::Status Ping() override {
    return Transact(Access::kRead, Background(kPingLimit),
                    [](Connection& connection) { return connection.Query(kPing, {}).status(); });
  }

 private:
  RequestContext Background(absl::Duration limit = kBackgroundLimit) const {
    RequestContext context;
    context.deadline = clock_.Now() + limit;
    return context;
  }

  absl::Status Transact(Access access, const RequestContext& context,
                        const std::function<absl::Status(Connection&)>& operation) {
    ConnectionPool& pool = access == Access::kRead && readers_ != nullptr ? *readers_ : *writers_;
    const Bounds bounds(clock_, context);
    for (int attempt = 1;; ++attempt) {
      {
        ASSIGN_OR_RETURN(ConnectionPool::Lease connection, pool.Acquire(bounds));
        const absl::Status status = Attempt(*connection, access, bounds, operation);
        if (connection->lost()) pool.DropIdle();
        // The server was restarted since the connection was last used; nothing has run on it.
        const bool stale = connection->lost() && !connection->begun() && !connection.fresh();
        if (!connection->conflicted() && !stale) return status;
        if (attempt == kMaxAttempts) return connection->failure();
        if (stale) continue;
        // The end of the audit chain is taken by others: from now on wait for it in turn.
        if (access == Access::kWrite && connection->held_audit_head()) {
          access = Access::kAuditedWrite;
          continue;
        }
      }
      PauseAfter(attempt, bounds);
    }
  }

  static absl::Status Attempt(Connection& connection, Access access, const Bounds& bounds,
                              const std::function<absl::Status(Connection&)>& operation) {
    RETURN_IF_ERROR(connection.Begin(access, bounds));
    Transaction transaction(connection);
    RETURN_IF_ERROR(operation(connection));
    return transaction.Commit(bounds);
  }

  const std::unique_ptr<Database> database_;
  const Clock& clock_;
  // PostgreSQL: for everything.
  std::unique_ptr<ConnectionPool> writers_;
  std::unique_ptr<ConnectionPool> readers_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenStore(const DatabaseConfig& config, const Clock& clock) {
  if (const std::vector<std::string> problems = config.Verify(); !problems.empty()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "DATABASE_CONFIG", absl::StrJoin(problems, "; "));
  }
  const std::string& url = config.url.Reveal();
  std::unique_ptr<Database> database = url.starts_with("sqlite:")
                                           ? NewSqliteDatabase(url.substr(7))
                                           : NewPostgresqlDatabase(config.url, config.schema);
  auto store = std::make_unique<SqlStore>(std::move(database), config.connections, clock);
  RETURN_IF_ERROR(store->Ping());
  return store;
}

}  // namespace specom::store
