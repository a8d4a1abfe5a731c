// What holds on Redis alone: URLs, lost keys, deleted entries, dropped connections, an absent server.
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "libs/events/bus_fixture.h"

namespace specom::events {
namespace {

using specom::testing::IsOk;
using specom::testing::IsOkAndHolds;
using specom::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(RedisUrlTest, AllParts) {
  const auto endpoint = ParseRedisUrl(Secret("redis://relay:p%40ss%3a@redis.example:6380/2"));
  ASSERT_THAT(endpoint, IsOk());
  EXPECT_EQ(endpoint->host, "redis.example");
  EXPECT_EQ(endpoint->port, 6380);
  EXPECT_EQ(endpoint->user, "relay");
  EXPECT_EQ(endpoint->password.Reveal(), "p@ss:");
  EXPECT_EQ(endpoint->database, 2);
}

TEST(RedisUrlTest, Defaults) {
  const auto endpoint = ParseRedisUrl(Secret("redis://:secret@[::1]"));
  ASSERT_THAT(endpoint, IsOk());
  EXPECT_EQ(endpoint->host, "::1");
  EXPECT_EQ(endpoint->port, 6379);
  EXPECT_EQ(endpoint->user, "");
  EXPECT_EQ(endpoint->password.Reveal(), "secret");
  EXPECT_EQ(endpoint->database, 0);
  EXPECT_EQ(endpoint->Address(), "[::1]:6379");
}

TEST(RedisUrlTest, WhatIsNoUrlIsRefusedWithoutItsPassword) {
  for (const char* url :
       {"", "http://h", "redis://", "redis://h:0", "redis://h:x", "redis://h/x", "redis://s3cret@h",
        "redis://:s3cret%2@h", "redis://[::1", "redis://[::1]x", "redis://:s3cret@h:99999"}) {
    const auto endpoint = ParseRedisUrl(Secret(url));
    EXPECT_THAT(endpoint, StatusIs(absl::StatusCode::kInvalidArgument)) << url;
    EXPECT_THAT(std::string(endpoint.status().message()), Not(HasSubstr("s3cret")));
  }
}

TEST(RedisAwayTest, IsUnavailableAndASubscriptionWaits) {
  // Port 1 of the loopback has no listener.
  const auto bus = NewRedisBus(Secret("redis://127.0.0.1:1"));
  ASSERT_THAT(bus, IsOk());
  EXPECT_THAT((*bus)->Ping(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT((*bus)->Publish("t", MakeEvents(1, 1)), StatusIs(absl::StatusCode::kUnavailable));
  const auto subscription =
      (*bus)->Subscribe("t", "g", QuickOptions("c"), [](const Event&) { return absl::OkStatus(); });
  ASSERT_THAT(subscription, IsOk());
  (*subscription)->Stop();
}

class RedisBusTest : public BusTest {};
INSTANTIATE_TEST_SUITE_P(Buses, RedisBusTest, ::testing::Values(BusKind::kRedis),
                         [](const auto& bus) { return BusName(bus.param); });

TEST_P(RedisBusTest, EntriesAreNamedByTheirSequence) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(41, 42)), IsOk());
  const RedisReply entries = keys_->Call({"XRANGE", topic_, "-", "+"});
  ASSERT_EQ(entries.List().size(), 2u);
  EXPECT_EQ(entries.List()[1].List()[0].Text(), "42-0");
  EXPECT_EQ(keys_->Call({"GET", topic_ + ":mark"}).Text(), "42");
}

TEST_P(RedisBusTest, TheLossOfEitherKeyShowsInTheHighWaterMark) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 3)), IsOk());
  keys_->Call({"DEL", topic_ + ":mark"});
  EXPECT_THAT(bus_->HighWaterMark(topic_), IsOkAndHolds(0));
  // Redis refuses what is there; it is recognised and the mark is set again.
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 4)), IsOk());
  EXPECT_THAT(bus_->HighWaterMark(topic_), IsOkAndHolds(4));
  EXPECT_EQ(keys_->Call({"XLEN", topic_}).Integer(), 4);
  keys_->Call({"DEL", topic_});
  EXPECT_THAT(bus_->HighWaterMark(topic_), IsOkAndHolds(0));
  // A consumer may have made the stream again, empty, before the relay looks.
  keys_->Call({"XGROUP", "CREATE", topic_, "g", "0", "MKSTREAM"});
  EXPECT_THAT(bus_->HighWaterMark(topic_), IsOkAndHolds(0));
}

TEST_P(RedisBusTest, AnEntryOfAForeignWriterIsNotTakenForOurs) {
  keys_->Call({"XADD", topic_, "*", "who", "somebody else"});
  EXPECT_THAT(bus_->Publish(topic_, MakeEvents(1, 1)), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_P(RedisBusTest, AConsumerSurvivesTheLossOfTheStream) {
  Seen seen;
  const auto subscription = Subscribe("g", QuickOptions("c"), seen.AsHandler());
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 2)), IsOk());
  ASSERT_TRUE(seen.AwaitCount(2));
  keys_->Lose();
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 3)), IsOk());
  ASSERT_TRUE(seen.AwaitCount(5));
  EXPECT_THAT(seen.Ids(), ElementsAre("event-1", "event-2", "event-1", "event-2", "event-3"));
}

TEST_P(RedisBusTest, EntriesThatVanishUnhandledDropTheStreamSoThatItIsFilledAgain) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 3)), IsOk());
  // A consumer that died took 1 and 2; somebody removes 1 by hand.
  keys_->Call({"XGROUP", "CREATE", topic_, "g", "0"});
  keys_->Call({"XREADGROUP", "GROUP", "g", "dead", "COUNT", "2", "STREAMS", topic_, ">"});
  keys_->Call({"XDEL", topic_, "1-0"});
  Seen seen;
  const auto subscription = Subscribe("g", QuickOptions("c"), seen.AsHandler());
  ASSERT_TRUE(Eventually([&] { return bus_->HighWaterMark(topic_).value_or(-1) == 0; }));
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 3)), IsOk());
  ASSERT_TRUE(Eventually([&] {
    const std::vector<std::string> ids = seen.Ids();
    return std::ranges::count(ids, "event-1") == 1 && std::ranges::count(ids, "event-2") == 1;
  }));
}

TEST_P(RedisBusTest, OwnEntriesThatVanishedDropTheStreamToo) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 2)), IsOk());
  keys_->Call({"XGROUP", "CREATE", topic_, "g", "0"});
  keys_->Call({"XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", topic_, ">"});
  keys_->Call({"XDEL", topic_, "1-0"});
  Seen seen;
  const auto subscription = Subscribe("g", QuickOptions("c"), seen.AsHandler());
  ASSERT_TRUE(Eventually([&] { return bus_->HighWaterMark(topic_).value_or(-1) == 0; }));
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 2)), IsOk());
  ASSERT_TRUE(seen.AwaitCount(2));
  EXPECT_EQ(seen.Ids(), IdsOf(1, 2));
}

TEST_P(RedisBusTest, DroppedConnectionsAreMadeAgain) {
  // A database of its own tells this test's connections from everybody else's.
  const std::string url = TestRedisUrl().Reveal() + "/13";
  RedisConnection admin(ParseRedisUrl(Secret(url)).value());
  const auto bus = NewRedisBus(Secret(url));
  ASSERT_THAT(bus, IsOk());
  Seen seen;
  const auto subscription = (*bus)->Subscribe(topic_, "g", QuickOptions("c"), seen.AsHandler());
  ASSERT_THAT(subscription, IsOk());
  ASSERT_THAT((*bus)->Publish(topic_, MakeEvents(1, 1)), IsOk());
  ASSERT_TRUE(seen.AwaitCount(1));
  const auto clients = admin.Call({"CLIENT", "LIST", "TYPE", "normal"});
  ASSERT_THAT(clients, IsOk());
  int cut = 0;
  const std::vector<std::string> lines = absl::StrSplit(clients->Text(), '\n', absl::SkipEmpty());
  for (const std::string& client : lines) {
    const bool ours = absl::StrContains(client, " db=13 ") && !absl::StrContains(client, " cmd=client");
    const std::string id(client.substr(3, client.find(' ') - 3));
    if (ours) cut += static_cast<int>(admin.Call({"CLIENT", "KILL", "ID", id}).value().Integer());
  }
  EXPECT_EQ(cut, 2);
  ASSERT_THAT((*bus)->Publish(topic_, MakeEvents(2, 2)), IsOk());
  ASSERT_TRUE(seen.AwaitCount(2));
  EXPECT_EQ(seen.Ids(), IdsOf(1, 2));
  (*subscription)->Stop();
  EXPECT_THAT(admin.Call({"DEL", topic_, topic_ + ":mark"}), IsOk());
}

}  // namespace
}  // namespace specom::events
