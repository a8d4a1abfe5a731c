// SQLite worlds are copies of one migrated pair of files; PostgreSQL worlds are one
// pair of schemas, emptied before each round, and a topic of their own.
#include "tests/crash/rounds/world.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "libs/events/redis_connection.h"
#include "tests/crash/child/ledger.h"
#include "tests/crash/child/statements.h"

namespace specom::crash {
namespace {

constexpr char kLedgerFile[] = "ledger.db";
constexpr char kStatementsFile[] = "statements.db";

std::string NewName() {
  return "crash_" + Sha256Hex(NewUuid()).substr(0, 12);
}

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("specom_" + NewName())) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path Path(const char* name) const { return path_ / name; }
  store::DatabaseConfig Database(const char* name) const {
    return {.url = Secret("sqlite:" + Path(name).string()), .schema = {}, .connections = 2};
  }

 private:
  const std::filesystem::path path_;
};

class EmbeddedWorld final : public World {
 public:
  explicit EmbeddedWorld(const Folder& migrated) {
    for (const char* name : {kLedgerFile, kStatementsFile}) {
      std::filesystem::copy_file(migrated.Path(name), folder_.Path(name));
    }
  }

  std::vector<std::string> Arguments() const override {
    return {folder_.Database(kLedgerFile).url.Reveal(),     "-",  //
            folder_.Database(kStatementsFile).url.Reveal(), "-", "-", "crash.ledger"};
  }
  absl::Status LoseBus() override { return absl::OkStatus(); }
  absl::StatusOr<std::unique_ptr<store::Store>> OpenLedger() override {
    return store::OpenStore(folder_.Database(kLedgerFile), clock_);
  }
  absl::StatusOr<std::unique_ptr<store::Store>> OpenStatements() override {
    return store::OpenStore(folder_.Database(kStatementsFile), clock_);
  }

 private:
  SystemClock clock_;
  Folder folder_;
};

class EmbeddedWorlds final : public Worlds {
 public:
  absl::Status Prepare() {
    ASSIGN_OR_RETURN(auto ledger, store::OpenStore(migrated_.Database(kLedgerFile), clock_));
    RETURN_IF_ERROR(ledger->Migrate(LedgerMigrations()).status());
    ASSIGN_OR_RETURN(auto statements, store::OpenStore(migrated_.Database(kStatementsFile), clock_));
    return statements->Migrate(StatementMigrations()).status();
  }
  absl::StatusOr<std::unique_ptr<World>> Make() override {
    return std::make_unique<EmbeddedWorld>(migrated_);
  }

 private:
  SystemClock clock_;
  Folder migrated_;
};

// The schemas of both services, made once; a round finds them as the migrations left them.
class Schemas {
 public:
  Schemas(std::unique_ptr<store::Store> admin, Secret url) : admin_(std::move(admin)), url_(std::move(url)) {}
  ~Schemas() {
    Run(absl::StrCat("DROP SCHEMA IF EXISTS ", Name("ledger"), ", ", Name("statements"), " CASCADE"))
        .IgnoreError();
  }

  absl::Status Prepare() {
    ASSIGN_OR_RETURN(auto ledger, Open("ledger"));
    RETURN_IF_ERROR(ledger->Migrate(LedgerMigrations()).status());
    ASSIGN_OR_RETURN(auto statements, Open("statements"));
    RETURN_IF_ERROR(statements->Migrate(StatementMigrations()).status());
    const store::Statement list{
        .name = "crash.list_tables",
        .sql =
            "SELECT schemaname || '.' || tablename FROM pg_tables WHERE "
            "schemaname IN (:p1, :p2) AND tablename NOT IN ('schema_migration', 'fund', 'audit_head')",
        .columns = {store::ColumnType::kText}};
    return admin_->Read(RequestContext(), [&](store::UnitOfWork& work) -> absl::Status {
      ASSIGN_OR_RETURN(const auto rows, work.Query(list, {Name("ledger"), Name("statements")}));
      reset_ = absl::StrCat("SET LOCAL session_replication_role = replica; UPDATE ", Name("ledger"),
                            ".fund SET balance_pence = ", kOpeningBalance.value());
      for (const char* service : {"ledger", "statements"}) {
        absl::StrAppend(&reset_, "; UPDATE ", Name(service), ".audit_head SET sequence = 0, hash = ''");
      }
      for (const store::Row& row : rows) absl::StrAppend(&reset_, "; DELETE FROM ", row.Text(0));
      return absl::OkStatus();
    });
  }
  // Empties what a round has left. Tables that only ever grow do not object: triggers rest meanwhile.
  absl::Status Reset() { return Run(reset_); }

  std::string Name(const char* service) const { return absl::StrCat(name_, "_", service); }
  absl::StatusOr<std::unique_ptr<store::Store>> Open(const char* service) const {
    return store::OpenStore({.url = url_, .schema = Name(service), .connections = 1}, clock_);
  }
  const Secret& url() const { return url_; }

 private:
  absl::Status Run(const std::string& sql) {
    return admin_->Write(RequestContext(), [&](store::UnitOfWork& work) -> absl::Status {
      for (std::string_view rest = sql; !rest.empty();) {
        const std::string_view one = rest.substr(0, rest.find("; "));
        RETURN_IF_ERROR(work.Execute({.name = "crash.reset", .sql = one}).status());
        rest.remove_prefix(std::min(rest.size(), one.size() + 2));
      }
      return absl::OkStatus();
    });
  }

  const std::unique_ptr<store::Store> admin_;
  const Secret url_;
  const std::string name_ = NewName();
  std::string reset_;
  SystemClock clock_;
};

class ProductionWorld final : public World {
 public:
  ProductionWorld(const Schemas& schemas, events::RedisConnection& redis, Secret redis_url)
      : schemas_(schemas), redis_(redis), redis_url_(std::move(redis_url)) {}
  ~ProductionWorld() override { LoseBus().IgnoreError(); }

  std::vector<std::string> Arguments() const override {
    return {schemas_.url().Reveal(),     schemas_.Name("ledger"), schemas_.url().Reveal(),
            schemas_.Name("statements"), redis_url_.Reveal(),     topic_};
  }
  absl::Status LoseBus() override {
    return redis_.Call({"DEL", topic_, topic_ + ":mark", topic_ + ":dead"}).status();
  }
  absl::StatusOr<std::unique_ptr<store::Store>> OpenLedger() override { return schemas_.Open("ledger"); }
  absl::StatusOr<std::unique_ptr<store::Store>> OpenStatements() override {
    return schemas_.Open("statements");
  }

 private:
  const Schemas& schemas_;
  events::RedisConnection& redis_;
  const Secret redis_url_;
  const std::string topic_ = "specom.test." + NewName();
};

class ProductionWorlds final : public Worlds {
 public:
  ProductionWorlds(std::unique_ptr<Schemas> schemas, events::RedisEndpoint redis, Secret redis_url)
      : schemas_(std::move(schemas)), redis_(std::move(redis)), redis_url_(std::move(redis_url)) {}

  absl::StatusOr<std::unique_ptr<World>> Make() override {
    RETURN_IF_ERROR(redis_.Call({"PING"}).status());
    RETURN_IF_ERROR(schemas_->Reset());
    return std::make_unique<ProductionWorld>(*schemas_, redis_, redis_url_);
  }

 private:
  const std::unique_ptr<Schemas> schemas_;
  events::RedisConnection redis_;
  const Secret redis_url_;
};

absl::StatusOr<Secret> Environment(const char* name) {
  const char* value = std::getenv(name);
  if (value != nullptr) return Secret(value);
  return absl::FailedPreconditionError(
      absl::StrCat(name, " is not set; run through ./tools/test or ./tools/bench"));
}

}  // namespace

std::string_view ToString(Setting setting) {
  return setting == Setting::kEmbedded ? "embedded" : "production";
}

absl::StatusOr<std::unique_ptr<Worlds>> NewWorlds(Setting setting) {
  if (setting == Setting::kEmbedded) {
    auto worlds = std::make_unique<EmbeddedWorlds>();
    RETURN_IF_ERROR(worlds->Prepare());
    return worlds;
  }
  static const SystemClock clock;
  ASSIGN_OR_RETURN(const Secret database_url, Environment("SPECOM_TEST_POSTGRESQL"));
  ASSIGN_OR_RETURN(const Secret redis_url, Environment("SPECOM_TEST_REDIS"));
  ASSIGN_OR_RETURN(events::RedisEndpoint endpoint, events::ParseRedisUrl(redis_url));
  ASSIGN_OR_RETURN(auto admin,
                   store::OpenStore({.url = database_url, .schema = "public", .connections = 1}, clock));
  auto schemas = std::make_unique<Schemas>(std::move(admin), database_url);
  RETURN_IF_ERROR(schemas->Prepare());
  return std::make_unique<ProductionWorlds>(std::move(schemas), std::move(endpoint), redis_url);
}

}  // namespace specom::crash
