// Proves that the store keeps the same promises on SQLite and on PostgreSQL: transactions, values,
// deadlines, the outbox, idempotency, leadership and migrations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <latch>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "libs/store/store_test_case.h"
#include "libs/testing/fake_clock.h"

namespace specom::store {
namespace {

using ::specom::testing::FakeClock;
using ::specom::testing::IsOk;
using ::specom::testing::IsOkAndHolds;
using ::specom::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::IsNull;
using ::testing::NotNull;
using ::testing::SizeIs;

class StoreContract : public StoreTestCase, public ::testing::WithParamInterface<Engine> {
 protected:
  StoreContract() : StoreTestCase(GetParam()) {}

  // SQLite runs one write at a time: two can only be in progress together on PostgreSQL.
  bool WritesOverlap() const { return GetParam() == Engine::kPostgresql; }
};

INSTANTIATE_TEST_SUITE_P(Engines, StoreContract, ::testing::Values(Engine::kSqlite, Engine::kPostgresql),
                         [](const auto& engine) { return std::string(ToString(engine.param)); });

// Values

TEST_P(StoreContract, KeepsValuesToTheBit) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const std::string text = "O'Brien's \"£5\" :p1 — ♥ 日本 \\ % \n\t;-- $1 ::x " + std::string(100'000, 'z');
  ASSERT_THAT(Write([&](UnitOfWork& work) {
                return work.Execute(kInsertItem, {std::string("a"), kMost, 0.1, text, kNull}).status();
              }),
              IsOk());
  const Statement extremes{
      .name = "test.extremes",
      .sql = "SELECT CAST(:p1 AS BIGINT), CAST(:p2 AS BIGINT), amount, ratio, note FROM item",
      .columns = {ColumnType::kInteger, ColumnType::kInteger, ColumnType::kInteger, ColumnType::kReal,
                  ColumnType::kText}};
  ASSERT_THAT(store_->Read(Caller(),
                           [&](UnitOfWork& work) -> absl::Status {
                             ASSIGN_OR_RETURN(std::vector<Row> rows,
                                              work.Query(extremes, {std::numeric_limits<std::int64_t>::min(),
                                                                    std::int64_t{1} << 53 | 1}));
                             EXPECT_THAT(rows, SizeIs(1));
                             EXPECT_EQ(rows.at(0).Integer(0), std::numeric_limits<std::int64_t>::min());
                             EXPECT_EQ(rows.at(0).Integer(1), (std::int64_t{1} << 53) + 1);
                             EXPECT_EQ(rows.at(0).Integer(2), kMost);
                             EXPECT_EQ(rows.at(0).Real(3), 0.1);
                             EXPECT_EQ(rows.at(0).Text(4), text);
                             return absl::OkStatus();
                           }),
              IsOk());
}

TEST_P(StoreContract, RealsSurviveToTheLastBit) {
  const std::vector<double> reals = {1.0 / 3,  -1e-300, 1.7976931348623157e308,
                                     4.9e-324, -0.0,    123456789.123456789};
  ASSERT_THAT(
      Write([&](UnitOfWork& work) -> absl::Status {
        for (std::size_t i = 0; i < reals.size(); ++i) {
          RETURN_IF_ERROR(
              work.Execute(kInsertItem, {absl::StrCat(i), std::int64_t{0}, reals[i], kNull, kNull}).status());
        }
        for (std::size_t i = 0; i < reals.size(); ++i) {
          ASSIGN_OR_RETURN(std::vector<Row> rows, work.Query(kFindItem, {absl::StrCat(i)}));
          EXPECT_EQ(rows.at(0).Real(1), reals[i]);
        }
        return absl::OkStatus();
      }),
      IsOk());
}

TEST_P(StoreContract, TellsNullFromEmpty) {
  ASSERT_THAT(Write([&](UnitOfWork& work) -> absl::Status {
                RETURN_IF_ERROR(work.Execute(kInsertItem, {std::string("empty"), std::int64_t{0}, 0.0,
                                                           std::string(), kNull})
                                    .status());
                RETURN_IF_ERROR(InsertItem(work, "null"));
                ASSIGN_OR_RETURN(std::vector<Row> empty, work.Query(kFindItem, {std::string("empty")}));
                ASSIGN_OR_RETURN(std::vector<Row> null, work.Query(kFindItem, {std::string("null")}));
                EXPECT_FALSE(empty.at(0).IsNull(2));
                EXPECT_EQ(empty.at(0).Text(2), "");
                EXPECT_EQ(empty.at(0).OptionalReal(1), 0.0);
                EXPECT_TRUE(null.at(0).IsNull(2));
                EXPECT_EQ(null.at(0).TextOrEmpty(2), "");
                EXPECT_EQ(null.at(0).OptionalReal(1), std::nullopt);
                return absl::OkStatus();
              }),
              IsOk());
}

TEST_P(StoreContract, KeysAreCaseSensitiveAndSortByBytes) {
  const Statement names{
      .name = "test.names", .sql = "SELECT name FROM item ORDER BY name", .columns = {ColumnType::kText}};
  std::vector<std::string> found;
  ASSERT_THAT(Write([&](UnitOfWork& work) -> absl::Status {
                for (const char* name : {"b", "a", "B", "_", "É"}) RETURN_IF_ERROR(InsertItem(work, name));
                ASSIGN_OR_RETURN(std::vector<Row> rows, work.Query(names));
                for (const Row& row : rows) found.push_back(row.Text(0));
                return absl::OkStatus();
              }),
              IsOk());
  EXPECT_THAT(found, ElementsAre("B", "_", "a", "b", "É"));
}

TEST_P(StoreContract, RefusesTextThatOneEngineWouldCutShort) {
  EXPECT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, std::string("a\0b", 3)); }),
              StatusIs(absl::StatusCode::kInvalidArgument, "TEXT_WITH_NUL"));
  EXPECT_EQ(Count(), 0);
}

TEST_P(StoreContract, BindsAParameterThatStandsTwiceAndOutOfOrder) {
  const Statement twice{.name = "test.twice",
                        .sql =
                            "SELECT amount FROM item WHERE name = :p2 OR (amount >= :p1 AND name = :p2) "
                            "OR amount = :p1 ORDER BY amount",
                        .columns = {ColumnType::kInteger}};
  ASSERT_THAT(
      Write([&](UnitOfWork& work) -> absl::Status {
        RETURN_IF_ERROR(InsertItem(work, "one", 1));
        RETURN_IF_ERROR(InsertItem(work, "two", 2));
        RETURN_IF_ERROR(InsertItem(work, "three", 3));
        ASSIGN_OR_RETURN(std::vector<Row> rows, work.Query(twice, {std::int64_t{3}, std::string("one")}));
        EXPECT_THAT(rows, SizeIs(2));
        return absl::OkStatus();
      }),
      IsOk());
}

// Transactions

TEST_P(StoreContract, ReportsHowManyRowsChanged) {
  const Statement all{.name = "test.all", .sql = "UPDATE item SET amount = amount + 1 WHERE amount < :p1"};
  ASSERT_THAT(Write([&](UnitOfWork& work) -> absl::Status {
                for (int i = 0; i < 5; ++i) RETURN_IF_ERROR(InsertItem(work, absl::StrCat(i), i));
                EXPECT_THAT(work.Execute(all, {std::int64_t{3}}), IsOkAndHolds(3));
                EXPECT_THAT(work.Execute(all, {std::int64_t{0}}), IsOkAndHolds(0));
                return absl::OkStatus();
              }),
              IsOk());
}

TEST_P(StoreContract, CommitsOnOkAndRollsBackOtherwise) {
  EXPECT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, "kept"); }), IsOk());
  EXPECT_THAT(Write([&](UnitOfWork& work) -> absl::Status {
                RETURN_IF_ERROR(InsertItem(work, "dropped"));
                return absl::PermissionDeniedError("no");
              }),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(Count(), 1);
}

TEST_P(StoreContract, RollsBackWhenAnExceptionPasses) {
  EXPECT_THROW(static_cast<void>(Write([&](UnitOfWork& work) -> absl::Status {
                 EXPECT_THAT(InsertItem(work, "dropped"), IsOk());
                 throw std::runtime_error("a bug");
               })),
               std::runtime_error);
  EXPECT_EQ(Count(), 0);
  EXPECT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, "next"); }), IsOk());
}

TEST_P(StoreContract, NamesBrokenConstraints) {
  ASSERT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, "a"); }), IsOk());
  EXPECT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, "a"); }),
              StatusIs(absl::StatusCode::kAlreadyExists, "ALREADY_EXISTS"));
  EXPECT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, "b", -1); }),
              StatusIs(absl::StatusCode::kFailedPrecondition, "CONSTRAINT_BROKEN"));
  EXPECT_THAT(Write([&](UnitOfWork& work) {
                return work
                    .Execute(kInsertItem,
                             {std::string("c"), std::int64_t{0}, kNull, kNull, std::string("none")})
                    .status();
              }),
              StatusIs(absl::StatusCode::kFailedPrecondition, "CONSTRAINT_BROKEN"));
  EXPECT_THAT(Write([&](UnitOfWork& work) {
                return work.Execute(kInsertItem, {std::string("d"), kNull, kNull, kNull, kNull}).status();
              }),
              StatusIs(absl::StatusCode::kFailedPrecondition, "CONSTRAINT_BROKEN"));
  EXPECT_EQ(Count(), 1);
}

TEST_P(StoreContract, ErrorsDoNotRepeatStoredValues) {
  ASSERT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, "Mrs Example"); }), IsOk());
  const absl::Status status = Write([&](UnitOfWork& work) { return InsertItem(work, "Mrs Example"); });
  EXPECT_THAT(status.ToString(), ::testing::Not(::testing::HasSubstr("Mrs")));
}

TEST_P(StoreContract, AFailedStatementCannotBeIgnored) {
  EXPECT_THAT(Write([&](UnitOfWork& work) -> absl::Status {
                RETURN_IF_ERROR(InsertItem(work, "a"));
                EXPECT_THAT(InsertItem(work, "a"), StatusIs(absl::StatusCode::kAlreadyExists));
                EXPECT_THAT(InsertItem(work, "b"), StatusIs(absl::StatusCode::kAlreadyExists));
                return absl::OkStatus();
              }),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(Count(), 0);
}

TEST_P(StoreContract, AStatementThatFailedCanBeRunAgainLater) {
  for (int i = 0; i < 3; ++i) {
    const absl::Status status = Write([&](UnitOfWork& work) { return InsertItem(work, "a"); });
    EXPECT_EQ(status.ok(), i == 0) << status;
  }
  EXPECT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, "b"); }), IsOk());
}

TEST_P(StoreContract, SaysWhichStatementIsWrong) {
  const Statement wrong{
      .name = "test.wrong", .sql = "SELECT nothing FROM nowhere", .columns = {ColumnType::kText}};
  const absl::Status status = Write([&](UnitOfWork& work) { return work.Query(wrong).status(); });
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal, "STATEMENT_FAILED"));
  EXPECT_EQ(ErrorMetadataOf(status)["statement"], "test.wrong");
}

TEST_P(StoreContract, AReadSeesOneStateAndChangesNothing) {
  ASSERT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, "a"); }), IsOk());
  ASSERT_THAT(store_->Read(Caller(),
                           [&](UnitOfWork& reader) -> absl::Status {
                             ASSIGN_OR_RETURN(std::vector<Row> before, reader.Query(kCountItems));
                             RETURN_IF_ERROR(Write([&](UnitOfWork& work) { return InsertItem(work, "b"); }));
                             ASSIGN_OR_RETURN(std::vector<Row> after, reader.Query(kCountItems));
                             EXPECT_EQ(before.at(0).Integer(0), 1);
                             EXPECT_EQ(after.at(0).Integer(0), 1);
                             return absl::OkStatus();
                           }),
              IsOk());
  EXPECT_EQ(Count(), 2);
  EXPECT_THAT(store_->Read(Caller(), [&](UnitOfWork& work) { return InsertItem(work, "c"); }),
              StatusIs(absl::StatusCode::kInternal, "STATEMENT_FAILED"));
  EXPECT_EQ(Count(), 2);
}

TEST_P(StoreContract, ConcurrentChangesOfOneRowAllCount) {
  constexpr int kThreads = 8;
  constexpr int kTimes = 10;
  ASSERT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, "fund"); }), IsOk());
  InThreads(kThreads, [&](int) {
    for (int i = 0; i < kTimes; ++i) {
      EXPECT_THAT(Write([&](UnitOfWork& work) -> absl::Status {
                    ASSIGN_OR_RETURN(std::int64_t amount, AmountOf(work, "fund"));
                    return work.Execute(kSetAmount, {std::string("fund"), amount + 1}).status();
                  }),
                  IsOk());
    }
  });
  EXPECT_EQ(Count(kSumItems), kThreads * kTimes);
}

// Two transfers that are each allowed alone, but not together, and change different rows.
TEST_P(StoreContract, WritesAreSerialisable) {
  ASSERT_THAT(Write([&](UnitOfWork& work) -> absl::Status {
                RETURN_IF_ERROR(InsertItem(work, "0", 60));
                return InsertItem(work, "1", 60);
              }),
              IsOk());
  std::latch both_have_read(2);
  std::atomic<int> attempts = 0;
  InThreads(2, [&](int i) {
    bool first = true;
    EXPECT_THAT(Write([&](UnitOfWork& work) -> absl::Status {
                  ++attempts;
                  ASSIGN_OR_RETURN(std::vector<Row> sum, work.Query(kSumItems));
                  if (std::exchange(first, false)) {
                    both_have_read.count_down();
                    if (WritesOverlap()) both_have_read.wait();
                  }
                  if (sum.at(0).Integer(0) < 100) return absl::OkStatus();
                  return work.Execute(kSetAmount, {absl::StrCat(i), std::int64_t{0}}).status();
                }),
                IsOk());
  });
  EXPECT_EQ(Count(kSumItems), 60);
  EXPECT_GE(attempts, WritesOverlap() ? 3 : 2);
}

TEST_P(StoreContract, AConflictThatTheFunctionHidesIsStillRetried) {
  ASSERT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, "fund"); }), IsOk());
  std::latch both_have_read(2);
  InThreads(2, [&](int) {
    bool first = true;
    EXPECT_THAT(Write([&](UnitOfWork& work) -> absl::Status {
                  ASSIGN_OR_RETURN(std::int64_t amount, AmountOf(work, "fund"));
                  if (std::exchange(first, false)) {
                    both_have_read.count_down();
                    if (WritesOverlap()) both_have_read.wait();
                  }
                  auto changed = work.Execute(kSetAmount, {std::string("fund"), amount + 1});
                  return changed.ok() ? absl::OkStatus() : absl::InternalError("hidden");
                }),
                IsOk());
  });
  EXPECT_EQ(Count(kSumItems), 2);
}

TEST_P(StoreContract, MoreCallersThanConnectionsTakeTurns) {
  InThreads(40, [&](int i) {
    EXPECT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, absl::StrCat(i)); }), IsOk());
    EXPECT_GE(Count(), 1);
  });
  EXPECT_EQ(Count(), 40);
}

// Deadlines

TEST_P(StoreContract, StartsNothingAfterTheDeadline) {
  RequestContext late = Caller();
  late.deadline = clock_.Now() - absl::Milliseconds(1);
  bool ran = false;
  const auto function = [&](UnitOfWork&) {
    ran = true;
    return absl::OkStatus();
  };
  EXPECT_THAT(store_->Write(late, function),
              StatusIs(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED"));
  EXPECT_THAT(store_->Read(late, function),
              StatusIs(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED"));
  EXPECT_FALSE(ran);
}

TEST_P(StoreContract, DoesNotCommitAfterTheDeadline) {
  FakeClock clock;
  std::unique_ptr<Store> store = database_.Open(clock);
  ASSERT_THAT(store, NotNull());
  RequestContext context;
  context.deadline = clock.Now() + absl::Seconds(10);
  EXPECT_THAT(store->Write(context,
                           [&](UnitOfWork& work) {
                             absl::Status status = InsertItem(work, "late");
                             clock.Advance(absl::Seconds(11));
                             return status;
                           }),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  context.deadline = clock.Now() + absl::Seconds(10);
  EXPECT_THAT(store->Write(context,
                           [&](UnitOfWork& work) {
                             clock.Advance(absl::Seconds(11));
                             return InsertItem(work, "later");
                           }),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(Count(), 0);
}

TEST_P(StoreContract, StopsAStatementAtTheDeadline) {
  const Statement endless{
      .name = "test.endless",
      .sql =
          "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) "
          "SELECT COUNT(*) FROM n",
      .columns = {ColumnType::kInteger}};
  RequestContext context = Caller();
  context.deadline = clock_.Now() + absl::Milliseconds(200);
  EXPECT_THAT(store_->Write(context, [&](UnitOfWork& work) { return work.Query(endless).status(); }),
              StatusIs(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED"));
  context.deadline = clock_.Now() + absl::Milliseconds(200);
  EXPECT_THAT(store_->Read(context, [&](UnitOfWork& work) { return work.Query(endless).status(); }),
              StatusIs(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED"));
  EXPECT_THAT(Write([&](UnitOfWork& work) { return InsertItem(work, "next"); }), IsOk());
}

TEST_P(StoreContract, DoesNotCommitForACallerThatHasGone) {
  bool gone = false;
  RequestContext context = Caller();
  context.is_cancelled = [&] { return gone; };
  EXPECT_THAT(store_->Write(context,
                            [&](UnitOfWork& work) {
                              absl::Status status = InsertItem(work, "unwanted");
                              gone = true;
                              return status;
                            }),
              StatusIs(absl::StatusCode::kCancelled, "CANCELLED"));
  EXPECT_EQ(Count(), 0);
}

TEST_P(StoreContract, WaitsForAConnectionOnlyUntilTheDeadline) {
  std::unique_ptr<Store> store = database_.Open(clock_, 1);
  ASSERT_THAT(store, NotNull());
  ASSERT_THAT(store->Write(Caller(),
                           [&](UnitOfWork&) {
                             RequestContext second = Caller();
                             second.deadline = clock_.Now() + absl::Milliseconds(100);
                             EXPECT_THAT(store->Write(second, [](UnitOfWork&) { return absl::OkStatus(); }),
                                         StatusIs(absl::StatusCode::kDeadlineExceeded));
                             return absl::OkStatus();
                           }),
              IsOk());
}

// The outbox

TEST_P(StoreContract, EventsCommitWithTheChangeOrNotAtAll) {
  ASSERT_THAT(Write([&](UnitOfWork& work) -> absl::Status {
                RETURN_IF_ERROR(work.Publish(EventOf("runs/1")));
                return absl::FailedPreconditionError("refused");
              }),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(store_->UnpublishedEvents(10), IsOkAndHolds(IsEmpty()));

  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  const OutboxEvent event = EventOf("runs/1", bytes);
  ASSERT_THAT(Write([&](UnitOfWork& work) { return work.Publish(event); }), IsOk());
  absl::StatusOr<std::vector<OutboxRecord>> records = store_->UnpublishedEvents(10);
  ASSERT_THAT(records, IsOkAndHolds(SizeIs(1)));
  const OutboxRecord& record = records->front();
  EXPECT_EQ(record.aggregate_seq, 1) << "a rolled back event left a gap";
  EXPECT_GE(record.sequence, 1);
  EXPECT_FALSE(record.published);
  EXPECT_EQ(record.event.topic, event.topic);
  EXPECT_EQ(record.event.id, event.id);
  EXPECT_EQ(record.event.type, event.type);
  EXPECT_EQ(record.event.subject, event.subject);
  EXPECT_EQ(record.event.data, bytes);
  EXPECT_EQ(record.event.traceparent, event.traceparent);
  EXPECT_EQ(record.event.time, event.time);
}

TEST_P(StoreContract, EventsArePublishedInOrderAndOnce) {
  for (const char* data : {"1", "2", "3", "4", "5"}) {
    ASSERT_THAT(Write([&](UnitOfWork& work) { return work.Publish(EventOf("runs/1", data)); }), IsOk());
  }
  EXPECT_THAT(store_->LastPublished("test.topic"), IsOkAndHolds(0));
  absl::StatusOr<std::vector<OutboxRecord>> first = store_->UnpublishedEvents(3);
  ASSERT_THAT(first, IsOkAndHolds(SizeIs(3)));
  EXPECT_THAT(store_->UnpublishedEvents(3), IsOkAndHolds(SizeIs(3))) << "not marked: they come again";
  const std::vector<std::int64_t> sequences = {first->at(0).sequence, first->at(2).sequence};
  ASSERT_THAT(store_->MarkPublished(sequences), IsOk());
  ASSERT_THAT(store_->MarkPublished(sequences), IsOk());
  ASSERT_THAT(store_->MarkPublished({}), IsOk());

  absl::StatusOr<std::vector<OutboxRecord>> rest = store_->UnpublishedEvents(10);
  ASSERT_THAT(rest, IsOkAndHolds(SizeIs(3)));
  EXPECT_EQ(rest->at(0).event.data, "2");
  EXPECT_EQ(rest->at(1).event.data, "4");
  EXPECT_EQ(rest->at(2).event.data, "5");
  EXPECT_LT(rest->at(1).sequence, rest->at(2).sequence);

  EXPECT_THAT(store_->LastPublished("test.topic"), IsOkAndHolds(first->at(2).sequence));
  EXPECT_THAT(store_->LastPublished("other.topic"), IsOkAndHolds(0));
  absl::StatusOr<std::vector<OutboxRecord>> published = store_->PublishedEvents("test.topic", 0, 1);
  ASSERT_THAT(published, IsOkAndHolds(SizeIs(1)));
  EXPECT_EQ(published->at(0).event.data, "1");
  EXPECT_TRUE(published->at(0).published);
  published = store_->PublishedEvents("test.topic", published->at(0).sequence, 10);
  ASSERT_THAT(published, IsOkAndHolds(SizeIs(1)));
  EXPECT_EQ(published->at(0).event.data, "3");
}

// The trap of every outbox: the transaction that took its id first commits last.
TEST_P(StoreContract, AnEventThatCommitsLateIsPublishedAboveTheOthers) {
  absl::Notification early_has_written;
  absl::Notification late_is_published;
  const auto publish_late = [&] {
    bool first = true;
    EXPECT_THAT(Write([&](UnitOfWork& work) -> absl::Status {
                  RETURN_IF_ERROR(work.Publish(EventOf("runs/early-id", "commits late")));
                  if (std::exchange(first, false) && WritesOverlap()) {
                    early_has_written.Notify();
                    late_is_published.WaitForNotification();
                  }
                  return absl::OkStatus();
                }),
                IsOk());
  };
  std::thread late;
  if (WritesOverlap()) {
    late = std::thread(publish_late);
    early_has_written.WaitForNotification();
  }
  ASSERT_THAT(Write([&](UnitOfWork& work) { return work.Publish(EventOf("runs/late-id", "commits early")); }),
              IsOk());
  absl::StatusOr<std::vector<OutboxRecord>> first = store_->UnpublishedEvents(10);
  EXPECT_THAT(first, IsOkAndHolds(SizeIs(1)));
  EXPECT_EQ(first->at(0).event.data, "commits early");
  EXPECT_THAT(store_->MarkPublished(std::vector<std::int64_t>{first->at(0).sequence}), IsOk());
  if (WritesOverlap()) {
    late_is_published.Notify();
    late.join();
  } else {
    publish_late();
  }
  absl::StatusOr<std::vector<OutboxRecord>> second = store_->UnpublishedEvents(10);
  ASSERT_THAT(second, IsOkAndHolds(SizeIs(1)));
  EXPECT_EQ(second->at(0).event.data, "commits late");
  EXPECT_GT(second->at(0).sequence, first->at(0).sequence) << "the bus would take it for a repeat";
}

TEST_P(StoreContract, AggregateSequencesHaveNoGapsUnderConcurrentWriters) {
  constexpr int kWriters = 8;
  constexpr int kTimes = 10;
  std::atomic<bool> done = false;
  std::vector<OutboxRecord> seen;
  std::thread relay([&] {
    while (true) {
      const bool last = done;
      absl::StatusOr<std::vector<OutboxRecord>> records = store_->UnpublishedEvents(16);
      EXPECT_THAT(records, IsOk());
      if (!records.ok()) return;
      std::vector<std::int64_t> sequences;
      for (const OutboxRecord& record : *records) {
        seen.push_back(record);
        sequences.push_back(record.sequence);
      }
      EXPECT_THAT(store_->MarkPublished(sequences), IsOk());
      if (last && records->empty()) return;
    }
  });
  InThreads(kWriters, [&](int i) {
    for (int t = 0; t < kTimes; ++t) {
      EXPECT_THAT(Write([&](UnitOfWork& work) -> absl::Status {
                    RETURN_IF_ERROR(InsertItem(work, absl::StrCat(i, "-", t)));
                    return work.Publish(EventOf(absl::StrCat("runs/", t % 2)));
                  }),
                  IsOk());
    }
  });
  done = true;
  relay.join();
  ASSERT_THAT(seen, SizeIs(kWriters * kTimes));
  std::map<std::string, std::int64_t> last_of_subject;
  std::int64_t last_sequence = 0;
  for (const OutboxRecord& record : seen) {
    EXPECT_GT(record.sequence, last_sequence);
    last_sequence = record.sequence;
    EXPECT_EQ(record.aggregate_seq, ++last_of_subject[record.event.subject]);
  }
}

// Idempotency

using Outcome = absl::StatusOr<std::string>;

// Makes the item `name`, once.
Outcome MakeOnce(Store& store, const RequestContext& context, const std::string& name,
                 const absl::Status& refusal = absl::OkStatus()) {
  return WriteOnce<std::string>(
      store, context,
      [&](UnitOfWork& work) -> absl::StatusOr<std::pair<std::string, std::string>> {
        RETURN_IF_ERROR(InsertItem(work, name));
        RETURN_IF_ERROR(refusal);
        return std::pair("items/" + name, "made " + name);
      },
      [&](UnitOfWork& work, const std::string& resource) -> Outcome {
        RETURN_IF_ERROR(AmountOf(work, resource.substr(6)).status());
        return "made " + resource.substr(6);
      });
}

TEST_P(StoreContract, ARepeatHasTheFirstOutcome) {
  EXPECT_THAT(MakeOnce(*store_, Caller("request-1"), "a"), IsOkAndHolds("made a"));
  EXPECT_THAT(MakeOnce(*store_, Caller("request-1"), "b"), IsOkAndHolds("made a"));
  EXPECT_EQ(Count(), 1);
}

TEST_P(StoreContract, ARequestIdBelongsToItsUserAndMethod) {
  EXPECT_THAT(MakeOnce(*store_, Caller("request-1"), "a"), IsOkAndHolds("made a"));
  RequestContext other_user = Caller("request-1");
  other_user.principal.user = "someone.else@icb.example";
  EXPECT_THAT(MakeOnce(*store_, other_user, "b"), IsOkAndHolds("made b"));
  RequestContext other_method = Caller("request-1");
  other_method.method = "specom.test.v1.TestService/Other";
  EXPECT_THAT(MakeOnce(*store_, other_method, "c"), IsOkAndHolds("made c"));
  EXPECT_EQ(Count(), 3);
}

TEST_P(StoreContract, WithoutARequestIdEveryWriteIsNew) {
  EXPECT_THAT(MakeOnce(*store_, Caller(), "a"), IsOkAndHolds("made a"));
  EXPECT_THAT(MakeOnce(*store_, Caller(), "b"), IsOkAndHolds("made b"));
  EXPECT_EQ(Count(), 2);
}

TEST_P(StoreContract, ARequestIdWithOtherContentIsRefused) {
  EXPECT_THAT(MakeOnce(*store_, Caller("request-1", "one"), "a"), IsOk());
  EXPECT_THAT(MakeOnce(*store_, Caller("request-1", "two"), "b"),
              StatusIs(absl::StatusCode::kInvalidArgument, "IDEMPOTENCY_KEY_MISMATCH"));
  EXPECT_THAT(MakeOnce(*store_, Caller("request-1", "one"), "a"), IsOkAndHolds("made a"));
  EXPECT_EQ(Count(), 1);
}

TEST_P(StoreContract, ARefusalForTheStateIsRememberedWithAllItSaid) {
  const absl::Status refusal =
      WithResource(MakeError(absl::StatusCode::kFailedPrecondition, "RUN_NOT_SUBMITTED", "run ♥ is\na draft",
                             {{"state", "draft"}, {"empty", ""}}),
                   "run", "runs/7");
  EXPECT_THAT(MakeOnce(*store_, Caller("request-1"), "a", refusal),
              StatusIs(refusal.code(), "RUN_NOT_SUBMITTED"));
  EXPECT_EQ(Count(), 0) << "what the refused operation had done stayed";
  const Outcome repeat = MakeOnce(*store_, Caller("request-1"), "a");
  EXPECT_EQ(repeat.status(), refusal);
  EXPECT_EQ(ResourceOf(repeat.status()), std::pair(std::string("run"), std::string("runs/7")));
  EXPECT_EQ(Count(), 0);
}

TEST_P(StoreContract, ABrokenKeyIsARememberedRefusal) {
  EXPECT_THAT(MakeOnce(*store_, Caller("request-1"), "a"), IsOk());
  EXPECT_THAT(MakeOnce(*store_, Caller("request-2"), "a"), StatusIs(absl::StatusCode::kAlreadyExists));
  ASSERT_THAT(Write([](UnitOfWork& work) {
                return work.Execute({.name = "test.clear", .sql = "DELETE FROM item"}).status();
              }),
              IsOk());
  EXPECT_THAT(MakeOnce(*store_, Caller("request-2"), "a"), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_P(StoreContract, OtherErrorsAreNotRemembered) {
  for (absl::StatusCode code : {absl::StatusCode::kInvalidArgument, absl::StatusCode::kAborted,
                                absl::StatusCode::kUnavailable, absl::StatusCode::kInternal}) {
    EXPECT_THAT(MakeOnce(*store_, Caller("request-1"), "a", absl::Status(code, "not now")), StatusIs(code));
  }
  EXPECT_THAT(MakeOnce(*store_, Caller("request-1"), "a"), IsOkAndHolds("made a"));
}

TEST_P(StoreContract, FiftyCallersWithOneRequestIdHaveOneEffect) {
  std::atomic<int> same = 0;
  InThreads(50, [&](int i) {
    const Outcome outcome = MakeOnce(*store_, Caller("request-1"), "a");
    EXPECT_THAT(outcome, IsOkAndHolds("made a")) << "caller " << i;
    if (outcome.ok()) ++same;
  });
  EXPECT_EQ(same, 50);
  EXPECT_EQ(Count(), 1);
  EXPECT_EQ(Count({.name = "test.outcomes",
                   .sql = "SELECT COUNT(*) FROM idempotency",
                   .columns = {ColumnType::kInteger}}),
            1);
}

TEST_P(StoreContract, AnEventIsHandledOnceByEachGroup) {
  const auto handle = [&](const std::string& group, bool fail) -> absl::StatusOr<bool> {
    bool fresh = false;
    const absl::Status status = Write([&](UnitOfWork& work) -> absl::Status {
      ASSIGN_OR_RETURN(fresh, work.MarkHandled(group, "event-1"));
      return fail ? absl::UnavailableError("not yet") : absl::OkStatus();
    });
    RETURN_IF_ERROR(status);
    return fresh;
  };
  EXPECT_THAT(handle("finance", true), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(handle("finance", false), IsOkAndHolds(true)) << "the failed attempt had left its mark";
  EXPECT_THAT(handle("finance", false), IsOkAndHolds(false));
  EXPECT_THAT(handle("reporting", false), IsOkAndHolds(true));

  std::atomic<int> effects = 0;
  InThreads(8, [&](int) {
    const absl::StatusOr<bool> fresh = handle("oversight", false);
    EXPECT_THAT(fresh, IsOk());
    if (fresh.ok() && *fresh) ++effects;
  });
  EXPECT_EQ(effects, 1);
}

// Leadership

TEST_P(StoreContract, OneLeaderForEachName) {
  std::unique_ptr<Store> other = database_.Open(clock_);
  ASSERT_THAT(other, NotNull());
  auto held = store_->TryLeadership("relay:specom/finance");
  ASSERT_THAT(held, IsOkAndHolds(NotNull()));
  EXPECT_THAT(other->TryLeadership("relay:specom/finance"), IsOkAndHolds(IsNull()));
  EXPECT_THAT(store_->TryLeadership("relay:specom/finance"), IsOkAndHolds(IsNull()));
  EXPECT_THAT(other->TryLeadership("relay:specom_finance"), IsOkAndHolds(NotNull()));
  held->reset();
  // The server frees the lock of a closed connection a moment later.
  auto next = other->TryLeadership("relay:specom/finance");
  for (const absl::Time end = clock_.Now() + absl::Seconds(30);
       next.ok() && *next == nullptr && clock_.Now() < end;) {
    next = other->TryLeadership("relay:specom/finance");
  }
  EXPECT_THAT(next, IsOkAndHolds(NotNull()));
}

// Migrations

class MigrationContract : public ::testing::TestWithParam<Engine> {
 protected:
  MigrationContract() : database_(GetParam()) {}
  void SetUp() override {
    store_ = database_.Open(clock_);
    ASSERT_THAT(store_, NotNull());
  }

  std::string Path(const std::string& name) const { return std::string(ToString(GetParam())) + "/" + name; }

  SystemClock clock_;
  TestDatabase database_;
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(Engines, MigrationContract, ::testing::Values(Engine::kSqlite, Engine::kPostgresql),
                         [](const auto& engine) { return std::string(ToString(engine.param)); });

TEST_P(MigrationContract, BringsAnEmptyDatabaseUpToDateOnce) {
  absl::StatusOr<SchemaState> state = store_->CheckSchema(kItemMigrations);
  ASSERT_THAT(state, IsOk());
  EXPECT_EQ(state->current, 0);
  EXPECT_GT(state->required, 1);
  EXPECT_FALSE(state->UpToDate());
  EXPECT_THAT(store_->Migrate(kItemMigrations), IsOkAndHolds(state->required));
  EXPECT_THAT(store_->Migrate(kItemMigrations), IsOkAndHolds(0));
  state = store_->CheckSchema(kItemMigrations);
  ASSERT_THAT(state, IsOk());
  EXPECT_TRUE(state->UpToDate());
}

TEST_P(MigrationContract, RunsOnlyWhatIsNew) {
  const std::string first = Path("0001_one.sql");
  const std::string second = Path("0002_two.sql");
  const std::vector<EmbeddedFile> one = {{first, "CREATE TABLE one (id INTEGER PRIMARY KEY)"}};
  const std::vector<EmbeddedFile> two = {
      {second,
       "CREATE TABLE two (id INTEGER PRIMARY KEY); INSERT INTO two (id) SELECT id FROM one; "
       "INSERT INTO one (id) VALUES (2);"},
      one[0]};
  ASSERT_THAT(store_->Migrate(one), IsOk());
  absl::StatusOr<SchemaState> state = store_->CheckSchema(two);
  ASSERT_THAT(state, IsOk());
  EXPECT_EQ(state->current + 1, state->required);
  EXPECT_FALSE(state->UpToDate());
  EXPECT_THAT(store_->Migrate(two), IsOkAndHolds(1));
  EXPECT_THAT(store_->Migrate(one), StatusIs(absl::StatusCode::kFailedPrecondition, "SCHEMA_AHEAD"));
  state = store_->CheckSchema(one);
  ASSERT_THAT(state, IsOk());
  EXPECT_FALSE(state->UpToDate());
}

TEST_P(MigrationContract, RefusesAMigrationWhoseTextChanged) {
  const std::string path = Path("0001_one.sql");
  const std::vector<EmbeddedFile> original = {{path, "CREATE TABLE one (id INTEGER PRIMARY KEY)"}};
  const std::vector<EmbeddedFile> changed = {{path, "CREATE TABLE one (id INTEGER PRIMARY KEY, name TEXT)"}};
  ASSERT_THAT(store_->Migrate(original), IsOk());
  EXPECT_THAT(store_->Migrate(changed), StatusIs(absl::StatusCode::kFailedPrecondition, "MIGRATION_CHANGED"));
}

TEST_P(MigrationContract, AFailureLeavesNothingBehind) {
  const std::string first = Path("0001_one.sql");
  const std::string second = Path("0002_wrong.sql");
  const std::vector<EmbeddedFile> files = {
      {first, "CREATE TABLE one (id INTEGER PRIMARY KEY)"},
      {second, "CREATE TABLE two (id INTEGER PRIMARY KEY); SELECT wrong;"}};
  EXPECT_THAT(store_->Migrate(files), StatusIs(absl::StatusCode::kInternal, "STATEMENT_FAILED"));
  absl::StatusOr<SchemaState> state = store_->CheckSchema(files);
  ASSERT_THAT(state, IsOk());
  EXPECT_EQ(state->current, 0);
  EXPECT_THAT(store_->Migrate(std::span(files).first(1)), IsOk());
}

TEST_P(MigrationContract, SeveralProcessesMayMigrateAtOnce) {
  std::atomic<int> ran = 0;
  InThreads(4, [&](int) {
    std::unique_ptr<Store> store = database_.Open(clock_);
    absl::StatusOr<int> count = store->Migrate(kItemMigrations);
    EXPECT_THAT(count, IsOk());
    if (count.ok()) ran += *count;
  });
  EXPECT_EQ(ran, store_->CheckSchema(kItemMigrations)->required);
}

TEST_P(MigrationContract, RefusesNamesThatHaveNoOrder) {
  for (const char* name : {"0002_gap.sql", "one.sql", "0001-one.sql", "0001_one.txt", "0001_.sql"}) {
    const std::string path = Path(name);
    EXPECT_THAT(store_->Migrate(std::vector<EmbeddedFile>{{path, "SELECT 1"}}),
                StatusIs(absl::StatusCode::kInvalidArgument, "MIGRATION_NAME"))
        << name;
  }
  const std::string one = Path("0001_one.sql");
  const std::string same = Path("0001_same.sql");
  EXPECT_THAT(store_->Migrate(std::vector<EmbeddedFile>{{one, "SELECT 1"}, {same, "SELECT 1"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, "MIGRATION_NAME"));
}

}  // namespace
}  // namespace specom::store
