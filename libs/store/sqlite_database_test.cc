// Proves what only SQLite can be asked: the file's settings, its loss and return, a full disk, and
// another process that holds the lock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/synchronization/notification.h"
#include "libs/store/store_test_case.h"

namespace specom::store {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::NotNull;

class SqliteDatabaseTest : public StoreTestCase {
 protected:
  SqliteDatabaseTest() : StoreTestCase(Engine::kSqlite) {}

  Row Ask(UnitOfWork& work, std::string_view sql, ColumnType type) {
    auto rows = work.Query({.name = "test.ask", .sql = sql, .columns = {type}});
    EXPECT_THAT(rows, IsOk());
    return rows.ok() && !rows->empty() ? rows->front() : Row({Value()});
  }
};

TEST_F(SqliteDatabaseTest, EveryCommitIsOnDiskAndForeignKeysHold) {
  ASSERT_THAT(Write([&](UnitOfWork& work) {
                EXPECT_EQ(Ask(work, "PRAGMA journal_mode", ColumnType::kText).TextOrEmpty(0), "wal");
                EXPECT_EQ(Ask(work, "PRAGMA synchronous", ColumnType::kInteger).OptionalInteger(0), 2);
                EXPECT_EQ(Ask(work, "PRAGMA foreign_keys", ColumnType::kInteger).OptionalInteger(0), 1);
                return absl::OkStatus();
              }),
              IsOk());
}

TEST_F(SqliteDatabaseTest, EveryTableOfTheStoreIsStrict) {
  EXPECT_EQ(Count({.name = "test.lax",
                   .sql = "SELECT COUNT(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
                          "AND strict = 0 AND name NOT LIKE 'sqlite_%'",
                   .columns = {ColumnType::kInteger}}),
            0);
}

TEST_F(SqliteDatabaseTest, AFullDatabaseSaysSoAndLosesNothing) {
  ASSERT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, "kept"); }), IsOk());
  const absl::Status status = Write([&](UnitOfWork& work) -> absl::Status {
    const std::int64_t pages = Ask(work, "PRAGMA page_count", ColumnType::kInteger).Integer(0);
    const std::string limit = absl::StrCat("PRAGMA max_page_count = ", pages + 4);
    Ask(work, limit, ColumnType::kInteger);
    return work
        .Execute(kInsertItem,
                 {std::string("big"), std::int64_t{0}, kNull, std::string(1'000'000, 'x'), kNull})
        .status();
  });
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, "DATABASE_FULL"));
  EXPECT_GT(RetryAfterMilliseconds(status), 0);
  EXPECT_EQ(Count(), 1);
  EXPECT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, "small"); }), IsOk());
}

TEST_F(SqliteDatabaseTest, AFileThatGoesAwayIsMissedAndWelcomedBack) {
  ASSERT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, "kept"); }), IsOk());
  const std::filesystem::path away = database_.path().string() + ".away";
  std::filesystem::rename(database_.path(), away);
  for (int i = 0; i < 2; ++i) {
    const absl::Status status = Write([&](UnitOfWork& work) { return InsertItem(work, "lost"); });
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE"));
    EXPECT_GT(RetryAfterMilliseconds(status), 0);
    EXPECT_THAT(store_->Ping(), StatusIs(absl::StatusCode::kUnavailable));
  }
  EXPECT_FALSE(std::filesystem::exists(database_.path())) << "an empty database took its place";
  std::filesystem::rename(away, database_.path());
  EXPECT_THAT(store_->Ping(), IsOk());
  EXPECT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, "found"); }), IsOk());
  EXPECT_EQ(Count(), 2);
}

TEST_F(SqliteDatabaseTest, AnotherProcessThatWritesIsWaitedForUntilTheDeadline) {
  std::unique_ptr<Store> other = database_.Open(clock_);
  ASSERT_THAT(other, NotNull());
  ASSERT_THAT(other->Write(Caller(),
                           [&](UnitOfWork& work) -> absl::Status {
                             RETURN_IF_ERROR(InsertItem(work, "first"));
                             RequestContext impatient = Caller();
                             impatient.deadline = clock_.Now() + absl::Milliseconds(100);
                             EXPECT_THAT(
                                 store_->Write(impatient, [](UnitOfWork&) { return absl::OkStatus(); }),
                                 StatusIs(absl::StatusCode::kDeadlineExceeded));
                             return absl::OkStatus();
                           }),
              IsOk());
  EXPECT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, "second"); }), IsOk());
  EXPECT_EQ(Count(), 2);
}

TEST_F(SqliteDatabaseTest, ACallerThatGoesAwayStopsItsStatement) {
  RequestContext context = Caller();
  int looks = 0;
  context.is_cancelled = [&] { return ++looks > 20; };
  EXPECT_THAT(
      store_->Read(context,
                   [&](UnitOfWork& work) {
                     return work
                         .Query({.name = "test.endless",
                                 .sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                                        "SELECT COUNT(*) FROM n",
                                 .columns = {ColumnType::kInteger}})
                         .status();
                   }),
      StatusIs(absl::StatusCode::kCancelled, "CANCELLED"));
}

TEST(SqliteOpenTest, SaysWhatToCheck) {
  SystemClock clock;
  const absl::Status nowhere =
      OpenStore({.url = Secret("sqlite:/nowhere/at/all.db"), .schema = {}}, clock).status();
  EXPECT_THAT(nowhere, StatusIs(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE"));
  EXPECT_THAT(std::string(nowhere.message()), HasSubstr("folder"));
}

TEST(SqliteOpenTest, RefusesAFileThatIsNoDatabase) {
  TestDatabase database(Engine::kSqlite);
  std::ofstream(database.path()) << std::string(5000, 'x');
  SystemClock clock;
  EXPECT_FALSE(OpenStore(database.config(), clock).ok());
  EXPECT_EQ(std::filesystem::file_size(database.path()), 5000U);
}

}  // namespace
}  // namespace specom::store
