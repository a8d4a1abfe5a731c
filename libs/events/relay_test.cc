// The relay on real stores and both buses: what is committed arrives once, in order, whatever is
// lost on the way; with the loss of all the bus's data, nothing is lost and nothing has effect twice.
#include "libs/events/relay.h"

#include <tuple>

#include "libs/base/status.h"
#include "libs/events/bus_fixture.h"
#include "libs/observe/metrics.h"
#include "libs/store/store.h"
#include "libs/store/test_database.h"

namespace specom::events {
namespace {

using specom::testing::IsOk;
using specom::testing::IsOkAndHolds;
using specom::testing::StatusIs;
using store::Engine;
using store::TestDatabase;
using store::UnitOfWork;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::array<EmbeddedFile, 2> kMigrations = {{
    {"postgresql/0001_effect.sql", "CREATE TABLE effect (event_id TEXT, position BIGINT NOT NULL);"},
    {"sqlite/0001_effect.sql", "CREATE TABLE effect (event_id TEXT, position INTEGER NOT NULL) STRICT;"},
}};

const store::Statement kInsertEffect{
    .name = "test.insert_effect",
    .sql = "INSERT INTO effect (event_id, position) SELECT :p1, COUNT(*) + 1 FROM effect",
};
const store::Statement kListEffects{
    .name = "test.list_effects",
    .sql = "SELECT event_id FROM effect ORDER BY position",
    .columns = {store::ColumnType::kText},
};

// A bus that is away when a test says so, and that may lose its answers.
class GatedBus final : public Bus {
 public:
  explicit GatedBus(Bus& bus) : bus_(bus) {}

  std::atomic<bool> away = false;
  std::atomic<bool> loses_answers = false;

  absl::Status Publish(std::string_view topic, std::span<const Event> events, std::int64_t after) override {
    if (away) return absl::UnavailableError("away");
    RETURN_IF_ERROR(bus_.Publish(topic, events, after));
    return loses_answers ? absl::UnavailableError("the answer was lost") : absl::OkStatus();
  }
  absl::StatusOr<std::int64_t> HighWaterMark(std::string_view topic) override {
    if (away) return absl::UnavailableError("away");
    return bus_.HighWaterMark(topic);
  }
  absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(std::string_view topic, std::string_view group,
                                                          const SubscribeOptions& options,
                                                          Handler handler) override {
    return bus_.Subscribe(topic, group, options, std::move(handler));
  }
  absl::StatusOr<std::int64_t> Trim(std::string_view topic, std::int64_t keep) override {
    return bus_.Trim(topic, keep);
  }
  absl::StatusOr<std::vector<DeadLetter>> DeadLetters(std::string_view topic) override {
    return bus_.DeadLetters(topic);
  }
  absl::Status Ping() override { return bus_.Ping(); }

 private:
  Bus& bus_;
};

class RelayTest : public BusTestBase, public ::testing::WithParamInterface<std::tuple<Engine, BusKind>> {
 protected:
  RelayTest() : producer_database_(std::get<0>(GetParam())), consumer_database_(std::get<0>(GetParam())) {}

  void SetUp() override {
    OpenBus(std::get<1>(GetParam()));
    producer_ = producer_database_.Open(clock_);
    consumer_ = consumer_database_.Open(clock_);
    ASSERT_NE(producer_, nullptr);
    ASSERT_NE(consumer_, nullptr);
    ASSERT_THAT(producer_->Migrate({}), IsOk());
    ASSERT_THAT(consumer_->Migrate(kMigrations), IsOk());
  }

  RelayOptions Options(int batch = 256) const {
    RelayOptions options;
    options.source = "specom/test";
    options.topics = {topic_};
    options.poll_interval = absl::Milliseconds(5);
    options.batch = batch;
    return options;
  }

  RequestContext Caller() const {
    RequestContext context;
    context.deadline = clock_.Now() + absl::Seconds(60);
    return context;
  }

  // Commits one event for each subject, each in a transaction of its own.
  void Commit(int count, const std::string& subject = "runs/a") {
    for (int i = 0; i < count; ++i) {
      const std::string id = NewUuid();
      ASSERT_THAT(producer_->Write(Caller(),
                                   [&](UnitOfWork& work) {
                                     return work.Publish({.topic = topic_,
                                                          .id = id,
                                                          .type = "specom.events.v1.Test",
                                                          .subject = subject,
                                                          .data = std::string("\0\xff", 2) + id,
                                                          .traceparent = "",
                                                          .time = clock_.Now()});
                                   }),
                  IsOk());
      committed_.push_back(id);
    }
  }

  // The handler of an idempotent consumer: the effect and the mark commit together.
  Handler Effect() {
    return [this](const Event& event) {
      return consumer_->Write(Caller(), [&](UnitOfWork& work) -> absl::Status {
        ASSIGN_OR_RETURN(const bool first, work.MarkHandled("g", event.id));
        if (!first) return absl::OkStatus();
        return work.Execute(kInsertEffect, {event.id}).status();
      });
    };
  }

  std::vector<std::string> Effects() {
    std::vector<std::string> ids;
    EXPECT_THAT(consumer_->Read(Caller(),
                                [&](UnitOfWork& work) -> absl::Status {
                                  ASSIGN_OR_RETURN(const std::vector<store::Row> rows,
                                                   work.Query(kListEffects));
                                  for (const store::Row& row : rows) ids.push_back(row.Text(0));
                                  return absl::OkStatus();
                                }),
                IsOk());
    return ids;
  }

  SystemClock clock_;
  TestDatabase producer_database_;
  TestDatabase consumer_database_;
  std::unique_ptr<store::Store> producer_;
  std::unique_ptr<store::Store> consumer_;
  std::vector<std::string> committed_;
};

std::string BackendName(const ::testing::TestParamInfo<std::tuple<Engine, BusKind>>& backend) {
  const auto [engine, bus] = backend.param;
  return std::string(engine == Engine::kSqlite ? "Sqlite" : "Postgresql") + BusName(bus);
}

INSTANTIATE_TEST_SUITE_P(Stores, RelayTest,
                         ::testing::Combine(::testing::Values(Engine::kSqlite, Engine::kPostgresql),
                                            ::testing::Values(BusKind::kInProcess, BusKind::kRedis)),
                         BackendName);

// The bus in the process is lost with its process only; Redis may lose its data under a relay.
class RedisRelayTest : public RelayTest {};
INSTANTIATE_TEST_SUITE_P(Stores, RedisRelayTest,
                         ::testing::Combine(::testing::Values(Engine::kSqlite, Engine::kPostgresql),
                                            ::testing::Values(BusKind::kRedis)),
                         BackendName);

TEST_P(RelayTest, CarriesEventsWholeAndInOrder) {
  Commit(3, "runs/a");
  Commit(2, "runs/b");
  OutboxRelay relay(*producer_, *bus_, Options());
  EXPECT_THAT(relay.RunOnce(), IsOkAndHolds(5));
  EXPECT_THAT(relay.RunOnce(), IsOkAndHolds(0));
  Seen seen;
  const auto subscription = Subscribe("g", QuickOptions("c"), seen.AsHandler());
  ASSERT_TRUE(seen.AwaitCount(5));
  EXPECT_EQ(seen.Ids(), committed_);
  const Event last = seen.Events()[4];
  EXPECT_EQ(last.source, "specom/test");
  EXPECT_EQ(last.type, "specom.events.v1.Test");
  EXPECT_EQ(last.dataschema, "type.googleapis.com/specom.events.v1.Test");
  EXPECT_EQ(last.subject, "runs/b");
  EXPECT_EQ(last.aggregate_seq, 2);
  EXPECT_EQ(last.data, std::string("\0\xff", 2) + committed_[4]);
}

TEST_P(RelayTest, MoreThanABatchIsCarriedInOneRound) {
  Commit(10);
  OutboxRelay relay(*producer_, *bus_, Options(3));
  EXPECT_THAT(relay.RunOnce(), IsOkAndHolds(10));
  EXPECT_THAT(producer_->UnpublishedEvents(100), IsOkAndHolds(IsEmpty()));
}

TEST_P(RelayTest, WhatIsWrittenWhileItRunsArrives) {
  OutboxRelay relay(*producer_, *bus_, Options());
  relay.Start();
  Seen seen;
  const auto subscription = Subscribe("g", QuickOptions("c"), seen.AsHandler());
  Commit(5);
  relay.Wake();
  ASSERT_TRUE(seen.AwaitCount(5));
  relay.Stop();
  EXPECT_EQ(seen.Ids(), committed_);
}

TEST_P(RelayTest, WakeDoesNotWaitForThePoll) {
  RelayOptions options = Options();
  options.poll_interval = absl::Hours(1);
  OutboxRelay relay(*producer_, *bus_, options);
  relay.Start();
  Seen seen;
  const auto subscription = Subscribe("g", QuickOptions("c"), seen.AsHandler());
  Commit(1);
  // The relay may be at its first look, which clears an earlier call.
  ASSERT_TRUE(Eventually([&] {
    relay.Wake();
    return seen.Ids().size() == 1;
  }));
}

TEST_P(RelayTest, OneProcessLeads) {
  Commit(2);
  const auto other_store = producer_database_.Open(clock_);
  OutboxRelay leader(*producer_, *bus_, Options());
  OutboxRelay follower(*other_store, *bus_, Options());
  EXPECT_THAT(leader.RunOnce(), IsOkAndHolds(2));
  Commit(1);
  EXPECT_THAT(follower.RunOnce(), IsOkAndHolds(0));
  leader.Stop();
  EXPECT_THAT(follower.RunOnce(), IsOkAndHolds(1));
}

TEST_P(RelayTest, AnotherProcessTakesOverWhenTheLeaderGoes) {
  const auto other_store = producer_database_.Open(clock_);
  RelayOptions options = Options();
  options.takeover_interval = absl::Milliseconds(10);
  OutboxRelay leader(*producer_, *bus_, options);
  Commit(1);
  EXPECT_THAT(leader.RunOnce(), IsOkAndHolds(1));
  OutboxRelay follower(*other_store, *bus_, options);
  follower.Start();
  leader.Stop();
  Commit(1);
  Seen seen;
  const auto subscription = Subscribe("g", QuickOptions("c"), seen.AsHandler());
  EXPECT_TRUE(seen.AwaitCount(2));
}

TEST_P(RelayTest, CountsWhatReachedTheBusAndTheAgeOfWhatDidNot) {
  GatedBus gated(*bus_);
  gated.away = true;
  observe::Metrics metrics;
  RelayOptions options = Options();
  options.metrics = &metrics;
  OutboxRelay relay(*producer_, gated, options);
  relay.Start();
  Commit(2);
  EXPECT_TRUE(Eventually([&] {
    const std::string text = metrics.Text();
    return text.find("specom_outbox_oldest_unpublished_seconds{") != text.npos &&
           text.find("specom_outbox_oldest_unpublished_seconds{source=\"" + options.source + "\"} 0\n") ==
               text.npos;
  })) << metrics.Text();
  gated.away = false;
  EXPECT_TRUE(Eventually([&] {
    return metrics.Text().find("specom_outbox_published_total{source=\"" + options.source + "\"} 2\n") !=
           std::string::npos;
  })) << metrics.Text();
}

TEST_P(RelayTest, ABusThatWasAwayGetsEverything) {
  GatedBus gated(*bus_);
  gated.away = true;
  OutboxRelay relay(*producer_, gated, Options());
  relay.Start();
  Commit(3);
  EXPECT_THAT(relay.RunOnce(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(producer_->UnpublishedEvents(10), IsOkAndHolds(SizeIs(3)));
  gated.away = false;
  Seen seen;
  const auto subscription = Subscribe("g", QuickOptions("c"), seen.AsHandler());
  ASSERT_TRUE(seen.AwaitCount(3));
  EXPECT_EQ(seen.Ids(), committed_);
}

TEST_P(RelayTest, AnAnswerThatWasLostIsNoSecondEvent) {
  GatedBus gated(*bus_);
  OutboxRelay relay(*producer_, gated, Options());
  Commit(3);
  gated.loses_answers = true;
  EXPECT_THAT(relay.RunOnce(), StatusIs(absl::StatusCode::kUnavailable));
  gated.loses_answers = false;
  EXPECT_THAT(relay.RunOnce(), IsOk());
  Commit(1);
  EXPECT_THAT(relay.RunOnce(), IsOk());
  Seen seen;
  const auto subscription = Subscribe("g", QuickOptions("c"), seen.AsHandler());
  ASSERT_TRUE(seen.AwaitCount(4));
  EXPECT_EQ(seen.Ids(), committed_);
}

TEST_P(RelayTest, AfterTheBusLostItsDataNothingIsLostOrHasEffectTwice) {
  auto relay = std::make_unique<OutboxRelay>(*producer_, *bus_, Options(4));
  auto subscription = Subscribe("g", QuickOptions("c"), Effect());
  Commit(10);
  ASSERT_THAT(relay->RunOnce(), IsOkAndHolds(10));
  ASSERT_TRUE(Eventually([&] { return Effects().size() == 10; }));
  // Two more are published and not handled when everything is lost, and two are committed after.
  subscription->Stop();
  Commit(2);
  ASSERT_THAT(relay->RunOnce(), IsOkAndHolds(2));
  if (std::get<1>(GetParam()) == BusKind::kInProcess) {
    relay.reset();
    subscription.reset();
    LoseTopic();
    relay = std::make_unique<OutboxRelay>(*producer_, *bus_, Options(4));
  } else {
    LoseTopic();
  }
  Commit(2);
  EXPECT_THAT(relay->RunOnce(), IsOkAndHolds(14)) << "12 from the past and 2 new ones";
  subscription = Subscribe("g", QuickOptions("c"), Effect());
  ASSERT_TRUE(Eventually([&] { return Effects().size() >= 14; }));
  Commit(1);
  ASSERT_THAT(relay->RunOnce(), IsOkAndHolds(1));
  ASSERT_TRUE(Eventually([&] { return Effects().size() >= 15; }));
  EXPECT_EQ(Effects(), committed_);
}

TEST_P(RedisRelayTest, ARunningRelayNoticesTheLossByItself) {
  OutboxRelay relay(*producer_, *bus_, Options());
  relay.Start();
  const auto subscription = Subscribe("g", QuickOptions("c"), Effect());
  Commit(5);
  ASSERT_TRUE(Eventually([&] { return Effects().size() == 5; }));
  LoseTopic();
  ASSERT_TRUE(Eventually([&] { return bus_->HighWaterMark(topic_).value_or(0) > 0; }));
  Commit(1);
  ASSERT_TRUE(Eventually([&] { return Effects().size() >= 6; }));
  EXPECT_EQ(Effects(), committed_);
}

TEST_P(RelayTest, ATransactionThatCommitsLateIsNotPassedOver) {
  OutboxRelay relay(*producer_, *bus_, Options());
  const std::string late = NewUuid();
  absl::Mutex mutex;
  bool appended = false;
  bool may_commit = false;
  std::thread writer([&] {
    EXPECT_THAT(producer_->Write(Caller(),
                                 [&](UnitOfWork& work) {
                                   const absl::Status status = work.Publish({.topic = topic_,
                                                                             .id = late,
                                                                             .type = "specom.events.v1.Test",
                                                                             .subject = "runs/late",
                                                                             .data = "late",
                                                                             .traceparent = "",
                                                                             .time = clock_.Now()});
                                   absl::MutexLock lock(&mutex);
                                   appended = true;
                                   mutex.AwaitWithTimeout(absl::Condition(&may_commit), kPatience);
                                   return status;
                                 }),
                IsOk());
  });
  {
    absl::MutexLock lock(&mutex);
    EXPECT_TRUE(mutex.AwaitWithTimeout(absl::Condition(&appended), kPatience));
  }
  // SQLite has one writer at a time; on PostgreSQL the second one overtakes the first.
  if (std::get<0>(GetParam()) == Engine::kPostgresql) {
    Commit(1, "runs/early");
    EXPECT_THAT(relay.RunOnce(), IsOkAndHolds(1));
  }
  {
    absl::MutexLock lock(&mutex);
    may_commit = true;
  }
  writer.join();
  committed_.push_back(late);
  EXPECT_THAT(relay.RunOnce(), IsOkAndHolds(1));
  Seen seen;
  const auto subscription = Subscribe("g", QuickOptions("c"), seen.AsHandler());
  ASSERT_TRUE(seen.AwaitCount(committed_.size()));
  EXPECT_EQ(seen.Ids(), committed_);
}

}  // namespace
}  // namespace specom::events
