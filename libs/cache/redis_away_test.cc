// Proves that trouble with Redis fails no read: killed, restarted empty, full, slow. On a Redis of the
// test's own.
#include "libs/cache/cache_fixture.h"
#include "libs/cache/redis_layout.h"
#include "libs/cache/test_redis.h"
#include "libs/testing/fake_clock.h"
#include "tests/chaos/tcp_gate.h"

namespace specom::cache {
namespace {

using specom::testing::IsOk;

constexpr char kNameSpace[] = "away";

Query Ask(const std::string& key = "k", std::optional<std::int64_t> version = std::nullopt) {
  return {.space = kSpace, .key = key, .version = version};
}

CacheOptions OptionsFor(const Secret& url) {
  CacheOptions options;
  options.redis_url = url;
  options.name_space = kNameSpace;
  options.command_timeout = absl::Seconds(5);
  options.breaker.first_wait = absl::Milliseconds(20);
  options.breaker.longest_wait = absl::Milliseconds(40);
  return options;
}

TEST(RedisAwayTest, ARedisThatWasNeverThereFailsNothing) {
  // Port 1 of the loopback has no listener.
  Process process(OptionsFor(Secret("redis://127.0.0.1:1")));
  Truth truth;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(process->Get(Ask(), truth.AsLoader())->version, 1);
  EXPECT_EQ(truth.loads(), 10);
  EXPECT_FALSE(process->Advance(kSpace, 2));
  // Answers at a version need nobody's word.
  EXPECT_THAT(process->Get(Ask("k", 1), truth.AsLoader()), IsOk());
  EXPECT_THAT(process->Get(Ask("k", 1), MustNotLoad), IsOk());
}

TEST(RedisAwayTest, ADeadRedisCostsNothingOnceTheBreakerIsOpen) {
  specom::testing::FakeClock clock;
  CacheOptions options = OptionsFor(Secret("redis://127.0.0.1:1"));
  options.clock = &clock;
  Process process(options);
  Truth truth;
  for (int i = 0; i < 20; ++i) EXPECT_THAT(process->Get(Ask(), truth.AsLoader()), IsOk());
  EXPECT_EQ(process.Metric("specom_cache_redis_failures_total"), options.breaker.failures);
  EXPECT_EQ(process.Metric("specom_cache_breaker_open"), 1);
  clock.Advance(options.breaker.first_wait);
  for (int i = 0; i < 20; ++i) EXPECT_THAT(process->Get(Ask(), truth.AsLoader()), IsOk());
  EXPECT_EQ(process.Metric("specom_cache_redis_failures_total"), options.breaker.failures + 1);
}

TEST(RedisAwayTest, ARedisThatIsKilledAndRestartedEmptyIsUsedAgain) {
  TestRedis redis;
  Process writer(OptionsFor(redis.url())), reader(OptionsFor(redis.url()));
  ASSERT_TRUE(writer.AwaitBelief() && reader.AwaitBelief());
  Truth truth;
  EXPECT_TRUE(writer->Advance(kSpace, 1));
  ASSERT_TRUE(Eventually([&] { return reader->KnownVersion(kSpace) == 1; }));
  EXPECT_EQ(reader->Get(Ask(), truth.AsLoader())->version, 1);

  redis.Kill();
  ASSERT_TRUE(Eventually([&] { return !reader->Believes(); }));
  truth.Commit(2);
  EXPECT_FALSE(writer->Advance(kSpace, 2));
  EXPECT_TRUE(Eventually([&] {
    EXPECT_EQ(reader->Get(Ask(), truth.AsLoader())->version, 2);
    return reader.Metric("specom_cache_breaker_open") == 1;
  }));

  redis.Start();
  ASSERT_TRUE(writer.AwaitBelief() && reader.AwaitBelief());
  EXPECT_EQ(reader.Metric("specom_cache_breaker_open"), 0);
  EXPECT_EQ(reader->Get(Ask(), truth.AsLoader())->version, 2);
  // The writer tells it again what it had advanced.
  EXPECT_TRUE(Eventually([&] {
    return redis.Call({"HGET", VersionsKey(kNameSpace), kSpace}).value().Text() == "2";
  }));
  // And sharing goes on.
  EXPECT_THAT(writer->Get(Ask("new"), truth.AsLoader()), IsOk());
  EXPECT_EQ(reader->Get(Ask("new"), MustNotLoad)->version, 2);
}

TEST(RedisAwayTest, AFullRedisStoresNothingAndNobodyBelievesWhatIsOlder) {
  TestRedis redis({"--maxmemory-policy", "noeviction"});
  Process writer(OptionsFor(redis.url())), reader(OptionsFor(redis.url()));
  ASSERT_TRUE(writer.AwaitBelief() && reader.AwaitBelief());
  Truth truth;
  EXPECT_TRUE(writer->Advance(kSpace, 1));
  ASSERT_TRUE(Eventually([&] { return reader->KnownVersion(kSpace) == 1; }));
  EXPECT_EQ(reader->Get(Ask(), truth.AsLoader())->version, 1);
  EXPECT_EQ(reader->Get(Ask(), MustNotLoad)->version, 1);

  ASSERT_THAT(redis.Call({"CONFIG", "SET", "maxmemory", "1"}), IsOk());
  EXPECT_EQ(reader->Get(Ask("other"), truth.AsLoader())->version, 1);
  EXPECT_GE(reader.Metric("specom_cache_redis_failures_total"), 1);
  truth.Commit(2);
  // Redis cannot hold the new version: it holds none.
  EXPECT_TRUE(writer->Advance(kSpace, 2));
  ASSERT_TRUE(Eventually([&] { return !reader->Believes(); }));
  EXPECT_EQ(reader->Get(Ask(), truth.AsLoader())->version, 2);
  EXPECT_EQ(writer->Get(Ask(), truth.AsLoader())->version, 2);

  ASSERT_THAT(redis.Call({"CONFIG", "SET", "maxmemory", "0"}), IsOk());
  ASSERT_TRUE(reader.AwaitBelief());
  EXPECT_TRUE(Eventually([&] { return reader->KnownVersion(kSpace) == 2; }));
  EXPECT_EQ(reader->Get(Ask(), truth.AsLoader())->version, 2);
}

TEST(RedisAwayTest, ASlowRedisIsGivenUp) {
  TestRedis redis;
  chaos::TcpGate gate(redis.port());
  CacheOptions options = OptionsFor(Secret(absl::StrCat("redis://127.0.0.1:", gate.port())));
  options.command_timeout = absl::Milliseconds(20);
  options.breaker = {};
  Process process(options);
  ASSERT_TRUE(process.AwaitBelief());
  Truth truth;
  gate.Apply({.delay = absl::Milliseconds(200)});
  for (int i = 0; i < options.breaker.failures; ++i) {
    EXPECT_EQ(process->Get(Ask(absl::StrCat(i), 1), truth.AsLoader())->version, 1);
  }
  EXPECT_EQ(process.Metric("specom_cache_breaker_open"), 1);
  // Signs of life come late, and in time: what is heard is believed.
  EXPECT_TRUE(process.AwaitBelief());
}

TEST(RedisAwayTest, RepliesInPiecesAreReplies) {
  TestRedis redis;
  chaos::TcpGate gate(redis.port());
  gate.Apply({.sliced = true});
  Process sliced(OptionsFor(Secret(absl::StrCat("redis://127.0.0.1:", gate.port()))));
  Process whole(OptionsFor(redis.url()));
  ASSERT_TRUE(sliced.AwaitBelief());
  const std::string bytes(200'000, 'x');
  EXPECT_THAT(whole->Get(Ask("k", 1), [&] { return Loaded{1, bytes}; }), IsOk());
  EXPECT_EQ(*sliced->Get(Ask("k", 1), MustNotLoad)->bytes, bytes);
  EXPECT_TRUE(whole->Advance(kSpace, 5));
  EXPECT_TRUE(Eventually([&] { return sliced->KnownVersion(kSpace) == 5; }));
}

}  // namespace
}  // namespace specom::cache
