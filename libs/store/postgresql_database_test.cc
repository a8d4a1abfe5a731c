// Proves what only PostgreSQL can be asked: connections that the server ends, before, during and at
// the end of a transaction, and schemas that keep apart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libs/store/store_test_case.h"

namespace specom::store {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::IsOkAndHolds;
using ::specom::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::NotNull;

const Statement kBackend{
    .name = "test.backend", .sql = "SELECT pg_backend_pid()", .columns = {ColumnType::kInteger}};
const Statement kEndBackend{
    .name = "test.end_backend",
    .sql = "SELECT CASE WHEN pg_terminate_backend(CAST(:p1 AS INTEGER)) THEN 1 ELSE 0 END",
    .columns = {ColumnType::kInteger}};
const Statement kLives{.name = "test.lives",
                       .sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE pid = :p1",
                       .columns = {ColumnType::kInteger}};

class PostgresqlDatabaseTest : public StoreTestCase {
 protected:
  PostgresqlDatabaseTest() : StoreTestCase(Engine::kPostgresql) {}

  std::int64_t Backend(Store& store) {
    std::int64_t backend = 0;
    EXPECT_THAT(store.Read(Caller(),
                           [&](UnitOfWork& work) -> absl::Status {
                             ASSIGN_OR_RETURN(std::vector<Row> rows, work.Query(kBackend));
                             backend = rows.at(0).Integer(0);
                             return absl::OkStatus();
                           }),
                IsOk());
    return backend;
  }

  // Ends the server's process of another connection, and waits until it has gone.
  void EndBackend(std::int64_t backend) {
    EXPECT_THAT(Write([&](UnitOfWork& work) { return work.Query(kEndBackend, {backend}).status(); }), IsOk());
    std::int64_t alive = 1;
    while (alive != 0) {
      ASSERT_THAT(store_->Read(Caller(),
                               [&](UnitOfWork& work) -> absl::Status {
                                 ASSIGN_OR_RETURN(std::vector<Row> rows, work.Query(kLives, {backend}));
                                 alive = rows.at(0).Integer(0);
                                 return absl::OkStatus();
                               }),
                  IsOk());
    }
  }
};

TEST_F(PostgresqlDatabaseTest, AConnectionThatBrokeWhileIdleIsReplacedUnnoticed) {
  std::unique_ptr<Store> store = database_.Open(clock_, 1);
  ASSERT_THAT(store, NotNull());
  const std::int64_t backend = Backend(*store);
  EndBackend(backend);
  EXPECT_THAT(store->Write(Caller(), [&](UnitOfWork& work) { return InsertItem(work, "a"); }), IsOk());
  EXPECT_NE(Backend(*store), backend);
  EXPECT_EQ(Count(), 1);
}

TEST_F(PostgresqlDatabaseTest, AConnectionThatBreaksInATransactionIsToldAndReplaced) {
  std::unique_ptr<Store> store = database_.Open(clock_, 1);
  ASSERT_THAT(store, NotNull());
  const std::int64_t backend = Backend(*store);
  const absl::Status status = store->Write(Caller(), [&](UnitOfWork& work) -> absl::Status {
    RETURN_IF_ERROR(InsertItem(work, "lost"));
    EndBackend(backend);
    return InsertItem(work, "lost too");
  });
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE"));
  EXPECT_GT(RetryAfterMilliseconds(status), 0);
  EXPECT_EQ(Count(), 0);
  EXPECT_THAT(store->Write(Caller(), [&](UnitOfWork& work) { return InsertItem(work, "next"); }), IsOk());
}

TEST_F(PostgresqlDatabaseTest, ACommitWithoutAnAnswerIsToldAsUnknownAndCanBeLearnt) {
  // The server ends the connection while it commits.
  ASSERT_THAT(
      Write([&](UnitOfWork& work) -> absl::Status {
        RETURN_IF_ERROR(work.Execute({.name = "test.function",
                                      .sql = "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
                                             "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); "
                                             "PERFORM pg_sleep(30); RETURN NULL; END'"})
                            .status());
        return work
            .Execute({.name = "test.trigger",
                      .sql =
                          "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON item DEFERRABLE INITIALLY DEFERRED "
                          "FOR EACH ROW WHEN (NEW.amount = 1) EXECUTE FUNCTION die()"})
            .status();
      }),
      IsOk());
  std::int64_t amount = 1;
  const auto make = [&] {
    return WriteOnce<std::string>(
        *store_, Caller("request-1"),
        [&](UnitOfWork& work) -> absl::StatusOr<std::pair<std::string, std::string>> {
          RETURN_IF_ERROR(InsertItem(work, "a", amount));
          return std::pair(std::string("items/a"), std::string("made"));
        },
        [&](UnitOfWork&, const std::string&) -> absl::StatusOr<std::string> { return std::string("found"); });
  };
  EXPECT_THAT(make(), StatusIs(absl::StatusCode::kUnavailable, "COMMIT_UNKNOWN"));
  amount = 2;
  EXPECT_THAT(make(), IsOkAndHolds("made"));
  EXPECT_THAT(make(), IsOkAndHolds("found"));
}

TEST_F(PostgresqlDatabaseTest, AServerThatIsNotThereIsToldWithWhatToCheck) {
  // A port that was free a moment ago.
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(listener);
  const DatabaseConfig config{
      .url = Secret(absl::StrCat("postgresql://u:hunter2@127.0.0.1:", ntohs(address.sin_port), "/d")),
      .schema = "finance"};
  const absl::Status status = OpenStore(config, clock_).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("check that the server runs"));
  EXPECT_THAT(status.ToString(), ::testing::Not(HasSubstr("hunter2")));
}

TEST_F(PostgresqlDatabaseTest, LeadershipEndsWithItsConnection) {
  auto held = store_->TryLeadership("relay");
  ASSERT_THAT(held, IsOkAndHolds(NotNull()));
  std::int64_t holder = 0;
  ASSERT_THAT(
      store_->Read(Caller(),
                   [&](UnitOfWork& work) -> absl::Status {
                     ASSIGN_OR_RETURN(
                         std::vector<Row> rows,
                         work.Query({.name = "test.holder",
                                     .sql = "SELECT pid FROM pg_stat_activity WHERE query LIKE "
                                            "'SELECT pg_try_advisory_lock(%' AND pid IN (SELECT pid FROM "
                                            "pg_locks WHERE locktype = 'advisory' AND granted) "
                                            "ORDER BY backend_start DESC LIMIT 1",
                                     .columns = {ColumnType::kInteger}}));
                     holder = rows.at(0).Integer(0);
                     return absl::OkStatus();
                   }),
      IsOk());
  EndBackend(holder);
  EXPECT_THAT(store_->TryLeadership("relay"), IsOkAndHolds(NotNull()));
}

TEST_F(PostgresqlDatabaseTest, SchemasKeepServicesApart) {
  TestDatabase other(Engine::kPostgresql);
  std::unique_ptr<Store> store = other.Open(clock_);
  ASSERT_THAT(store, NotNull());
  ASSERT_THAT(store->Migrate(kItemMigrations), IsOk());
  ASSERT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, "a"); }), IsOk());
  ASSERT_THAT(store->Write(Caller(), [&](UnitOfWork& work) { return InsertItem(work, "a"); }), IsOk());
  EXPECT_EQ(Count(), 1);
}

}  // namespace
}  // namespace specom::store
