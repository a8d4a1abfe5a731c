// Proves, on a real Redis, what a process knows of what another has changed: answers are shared, and
// once a change was advanced and heard of, no reader sees an older version.
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "libs/cache/cache_fixture.h"
#include "libs/cache/redis_layout.h"
#include "libs/testing/fake_clock.h"
#include "tests/chaos/tcp_gate.h"

namespace specom::cache {
namespace {

using specom::testing::IsOk;

Query Ask(const std::string& key = "k", std::optional<std::int64_t> version = std::nullopt) {
  return {.space = kSpace, .key = key, .version = version};
}

class RedisCacheTest : public ::testing::Test {
 protected:
  ~RedisCacheTest() override {
    const auto keys = Redis({"KEYS", absl::StrCat(name_space_, ":*")});
    for (const events::RedisReply& key : keys.List()) Redis({"DEL", key.Text()});
  }

  CacheOptions Options() const {
    CacheOptions options;
    options.redis_url = TestRedisUrl();
    options.name_space = name_space_;
    // Far above what a busy machine takes: no test waits for it.
    options.command_timeout = absl::Seconds(5);
    return options;
  }
  events::RedisReply Redis(std::initializer_list<std::string> command) {
    auto reply = events::RedisConnection(events::ParseRedisUrl(TestRedisUrl()).value()).Call(command);
    EXPECT_THAT(reply, IsOk());
    return reply.ok() ? *std::move(reply) : events::RedisReply();
  }
  std::string VersionInRedis() { return Redis({"HGET", VersionsKey(name_space_), kSpace}).Text(); }

  const std::string name_space_ = absl::StrCat("test.", NewUuid());
  Truth truth_;
};

TEST_F(RedisCacheTest, WhatOneProcessLoadedAnotherFinds) {
  Process one(Options()), other(Options());
  ASSERT_TRUE(one.AwaitBelief() && other.AwaitBelief());
  EXPECT_EQ(*one->Get(Ask(), truth_.AsLoader())->bytes, "of 1");
  // The load was the first to tell a version.
  ASSERT_TRUE(Eventually([&] { return other->KnownVersion(kSpace) == 1; }));
  EXPECT_EQ(*other->Get(Ask(), MustNotLoad)->bytes, "of 1");
  EXPECT_EQ(*other->Get(Ask(), MustNotLoad)->bytes, "of 1");
  EXPECT_EQ(one.Requests("loaded"), 1);
  EXPECT_EQ(other.Requests("redis"), 1);
  EXPECT_EQ(other.Requests("near"), 1);
}

TEST_F(RedisCacheTest, AnswersAtAVersionAreSharedWithoutAnythingHeard) {
  Process one(Options()), other(Options());
  EXPECT_THAT(one->Get(Ask("k", 1), truth_.AsLoader()), IsOk());
  const auto found = other->Get(Ask("k", 1), MustNotLoad);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(*found->bytes, "of 1");
  EXPECT_EQ(found->version, 1);
}

TEST_F(RedisCacheTest, AnyBytesAreKeptAsTheyAre) {
  std::string bytes, key;
  for (int i = 0; i < 1024; ++i) bytes += static_cast<char>(i % 256);
  key = bytes.substr(0, 256);
  Process one(Options()), other(Options());
  const Loader loader = [&] { return Loaded{7, bytes}; };
  EXPECT_EQ(*one->Get(Ask(key, 7), loader)->bytes, bytes);
  EXPECT_EQ(*other->Get(Ask(key, 7), MustNotLoad)->bytes, bytes);
}

TEST_F(RedisCacheTest, OthersAreCalledBackAndTheWriterIsNot) {
  Process writer(Options()), reader(Options());
  ASSERT_TRUE(writer.AwaitBelief() && reader.AwaitBelief());
  std::atomic<std::int64_t> told = 0, elsewhere = 0, own = 0;
  const auto watch = reader->OnAdvance(kSpace, [&](std::int64_t version) { told = version; });
  const auto other_space = reader->OnAdvance("other", [&](std::int64_t version) { elsewhere = version; });
  const auto writers = writer->OnAdvance(kSpace, [&](std::int64_t version) { own = version; });
  EXPECT_TRUE(writer->Advance(kSpace, 7));
  EXPECT_TRUE(Eventually([&] { return told == 7; }));
  EXPECT_TRUE(reader->Advance(kSpace, 8));
  EXPECT_TRUE(Eventually([&] { return own == 8; }));
  EXPECT_EQ(told, 7);
  EXPECT_EQ(elsewhere, 0);
  EXPECT_GE(reader.Metric("specom_cache_invalidations_total"), 1);
}

TEST_F(RedisCacheTest, VersionsInRedisOnlyRise) {
  Process one(Options()), other(Options());
  EXPECT_TRUE(one->Advance(kSpace, 7));
  EXPECT_TRUE(other->Advance(kSpace, 3));
  EXPECT_EQ(VersionInRedis(), "7");
  EXPECT_EQ(other->KnownVersion(kSpace), 7);
}

TEST_F(RedisCacheTest, PlatformsOnOneRedisDoNotMeet) {
  CacheOptions others = Options();
  others.name_space += ".other";
  Process one(Options()), other(others);
  ASSERT_TRUE(one.AwaitBelief() && other.AwaitBelief());
  EXPECT_TRUE(one->Advance(kSpace, 7));
  EXPECT_THAT(one->Get(Ask("k", 1), truth_.AsLoader()), IsOk());
  truth_.Commit(2);
  EXPECT_EQ(other->Get(Ask("k", 1), truth_.AsLoader())->version, 2);
  EXPECT_EQ(other->KnownVersion(kSpace), 0);
}

TEST_F(RedisCacheTest, LifetimesHoldInRedisToo) {
  Process one(Options());
  Query query = Ask("k", 1);
  query.lifetime = absl::Seconds(100);
  EXPECT_THAT(one->Get(query, truth_.AsLoader()), IsOk());
  const std::int64_t left = Redis({"PTTL", ValueKey(name_space_, "", kSpace, 1, "k")}).Integer();
  EXPECT_GT(left, 0);
  EXPECT_LE(left, 115'000);
}

TEST_F(RedisCacheTest, WhatIsTooLargeForRedisStaysNear) {
  CacheOptions options = Options();
  options.largest_in_redis = 3;
  Process one(options);
  EXPECT_THAT(one->Get(Ask("k", 1), truth_.AsLoader()), IsOk());
  EXPECT_THAT(one->Get(Ask("k", 1), MustNotLoad), IsOk());
  EXPECT_EQ(Redis({"EXISTS", ValueKey(name_space_, "", kSpace, 1, "k")}).Integer(), 0);
}

// The promise itself. A writer commits versions and advances them; readers, in its process and in
// two others, note before each read what had been advanced and heard of.
TEST_F(RedisCacheTest, NoReaderSeesAnOlderVersionOnceAChangeWasAdvancedAndHeardOf) {
  constexpr int kChanges = 300, kReaders = 2;
  Process writer(Options()), near(Options()), far(Options());
  ASSERT_TRUE(writer.AwaitBelief() && near.AwaitBelief() && far.AwaitBelief());
  std::atomic<bool> over = false;
  std::atomic<std::int64_t> advanced = 0;
  std::atomic<int> reads = 0;
  const auto read = [&](Process& process, int reader) {
    // Loads take their time: the truth that they saw may be old when they bring it.
    const Loader slow = [&] {
      const Loaded loaded = truth_.AsLoader()().value();
      for (int i = 0; i < 20 * reader; ++i) std::this_thread::yield();
      return loaded;
    };
    for (int i = 0; !over; ++i) {
      const std::int64_t heard = &process == &writer ? advanced.load() : process->KnownVersion(kSpace);
      const auto found = process->Get(Ask(i % 2 == 0 ? "a" : "b"), slow);
      ASSERT_THAT(found, IsOk());
      ASSERT_GE(found->version, heard);
      ASSERT_EQ(*found->bytes, Truth::LoadedOf(found->version).bytes);
      ++reads;
    }
  };
  std::vector<std::thread> readers;
  for (int reader = 0; reader < kReaders; ++reader) {
    for (Process* process : {&writer, &near, &far}) {
      readers.emplace_back([&read, process, reader] { read(*process, reader); });
    }
  }
  for (int version = 2; version <= kChanges; ++version) {
    truth_.Commit(version);
    ASSERT_TRUE(writer->Advance(kSpace, version));
    advanced = version;
    if (version % 10 == 0) {
      ASSERT_TRUE(Eventually(
          [&] { return near->KnownVersion(kSpace) >= version && far->KnownVersion(kSpace) >= version; }));
    }
  }
  over = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(far->Get(Ask("a"), truth_.AsLoader())->version, kChanges);
  EXPECT_GT(reads, kChanges);
  EXPECT_GT(far.Requests("near"), 0);
}

// With a silent connection nothing is heard: then the bound holds.
TEST_F(RedisCacheTest, AHalfOpenConnectionIsBelievedNoLongerThanTheBound) {
  const events::RedisEndpoint redis = events::ParseRedisUrl(TestRedisUrl()).value();
  specom::testing::FakeClock clock;
  chaos::TcpGate gate(redis.port);
  CacheOptions gated = Options();
  gated.redis_url = Secret(absl::StrCat("redis://127.0.0.1:", gate.port()));
  gated.clock = &clock;
  gated.command_timeout = absl::Milliseconds(50);
  Process writer(Options()), reader(gated);
  ASSERT_TRUE(writer.AwaitBelief() && reader.AwaitBelief());
  EXPECT_TRUE(writer->Advance(kSpace, 1));
  ASSERT_TRUE(Eventually([&] { return reader->KnownVersion(kSpace) == 1; }));
  EXPECT_EQ(reader->Get(Ask(), truth_.AsLoader())->version, 1);

  gate.Apply({.flow = chaos::Flow::kSwallow});
  truth_.Commit(2);
  EXPECT_TRUE(writer->Advance(kSpace, 2));
  // Within the bound either is right, and no earlier one is.
  EXPECT_GE(reader->Get(Ask(), truth_.AsLoader())->version, 1);
  clock.Advance(gated.max_silence);
  EXPECT_FALSE(reader->Believes());
  EXPECT_EQ(reader->Get(Ask(), truth_.AsLoader())->version, 2);
  truth_.Commit(3);
  EXPECT_TRUE(writer->Advance(kSpace, 3));
  EXPECT_EQ(reader->Get(Ask(), truth_.AsLoader())->version, 3);

  gate.Open();
  EXPECT_TRUE(reader.AwaitBelief());
  EXPECT_EQ(reader->KnownVersion(kSpace), 3);
  truth_.Commit(4);
  EXPECT_TRUE(writer->Advance(kSpace, 4));
  EXPECT_TRUE(Eventually([&] { return reader->KnownVersion(kSpace) == 4; }));
  EXPECT_EQ(reader->Get(Ask(), truth_.AsLoader())->version, 4);
}

TEST_F(RedisCacheTest, ASilenceThatEndsIsBelievedAgainWithoutLoss) {
  specom::testing::FakeClock clock;
  CacheOptions options = Options();
  options.clock = &clock;
  options.max_silence = absl::Seconds(2);
  Process process(options);
  ASSERT_TRUE(process.AwaitBelief());
  process->Advance(kSpace, 1);
  EXPECT_THAT(process->Get(Ask(), truth_.AsLoader()), IsOk());
  // The next sign of life bears the new time.
  clock.Advance(options.max_silence);
  ASSERT_TRUE(process.AwaitBelief());
  EXPECT_THAT(process->Get(Ask(), MustNotLoad), IsOk());
  EXPECT_EQ(process.Requests("near"), 1);
}

TEST_F(RedisCacheTest, ASlowLoadDoesNotPutAnOldValueUnderANewVersionInRedisEither) {
  Process writer(Options()), reader(Options());
  ASSERT_TRUE(writer.AwaitBelief() && reader.AwaitBelief());
  EXPECT_TRUE(writer->Advance(kSpace, 1));
  ASSERT_TRUE(Eventually([&] { return reader->KnownVersion(kSpace) == 1; }));
  HeldLoader held;
  std::thread slow([&] { EXPECT_EQ(reader->Get(Ask(), held.Of(Truth::LoadedOf(1)))->version, 1); });
  ASSERT_TRUE(held.AwaitBeginning());
  truth_.Commit(2);
  EXPECT_TRUE(writer->Advance(kSpace, 2));
  ASSERT_TRUE(Eventually([&] { return reader->KnownVersion(kSpace) == 2; }));
  EXPECT_EQ(reader->Get(Ask(), truth_.AsLoader())->version, 2);
  held.LetGo();
  slow.join();
  EXPECT_EQ(reader->Get(Ask(), MustNotLoad)->version, 2);
  EXPECT_EQ(writer->Get(Ask(), MustNotLoad)->version, 2);
  EXPECT_EQ(VersionInRedis(), "2");
}

TEST_F(RedisCacheTest, WhatWasLoadedBeforeRedisLostItsDataIsNotStoredAfterwards) {
  Process writer(Options()), reader(Options());
  ASSERT_TRUE(writer.AwaitBelief() && reader.AwaitBelief());
  EXPECT_TRUE(writer->Advance(kSpace, 1));
  ASSERT_TRUE(Eventually([&] { return reader->KnownVersion(kSpace) == 1; }));
  HeldLoader held;
  std::thread slow([&] { EXPECT_EQ(reader->Get(Ask(), held.Of(Truth::LoadedOf(1)))->version, 1); });
  ASSERT_TRUE(held.AwaitBeginning());
  truth_.Commit(2);
  EXPECT_TRUE(writer->Advance(kSpace, 2));
  // Redis forgets, and the writer that could tell it again is gone.
  writer.cache.reset();
  Redis({"DEL", VersionsKey(name_space_)});
  ASSERT_TRUE(reader.AwaitBelief());
  held.LetGo();
  slow.join();
  Process late(Options());
  ASSERT_TRUE(late.AwaitBelief());
  EXPECT_EQ(late->Get(Ask(), truth_.AsLoader())->version, 2);
  EXPECT_EQ(reader->Get(Ask(), truth_.AsLoader())->version, 2);
}

// A reader behind a gate that knows version 1, and then: the gate is shut, the writer advances to 2,
// Redis forgets it, and the writer, who could tell it again, is gone.
class ForgetfulRedisTest : public RedisCacheTest {
 protected:
  void SetUp() override {
    CacheOptions gated = Options();
    gated.redis_url = Secret(absl::StrCat("redis://127.0.0.1:", gate_.port()));
    reader_.emplace(gated);
    writer_.emplace(Options());
    ASSERT_TRUE(writer_->AwaitBelief() && reader_->AwaitBelief());
    EXPECT_TRUE((*writer_)->Advance(kSpace, 1));
    ASSERT_TRUE(Eventually([&] { return (*reader_)->KnownVersion(kSpace) == 1; }));
  }
  void Forget() {
    gate_.Apply({.flow = chaos::Flow::kReset});
    ASSERT_TRUE(Eventually([&] { return !(*reader_)->Believes(); }));
    truth_.Commit(2);
    EXPECT_TRUE((*writer_)->Advance(kSpace, 2));
    writer_.reset();
    Redis({"DEL", VersionsKey(name_space_)});
    gate_.Open();
    ASSERT_TRUE(reader_->AwaitBelief());
    EXPECT_EQ((*reader_)->KnownVersion(kSpace), 1);
  }

  chaos::TcpGate gate_{events::ParseRedisUrl(TestRedisUrl()).value().port};
  std::optional<Process> reader_, writer_;
};

TEST_F(ForgetfulRedisTest, WhatWasHeldBeforeIsNotBelievedAfterwards) {
  EXPECT_EQ((*reader_)->Get(Ask(), truth_.AsLoader())->version, 1);
  Forget();
  EXPECT_EQ((*reader_)->Get(Ask(), truth_.AsLoader())->version, 2);
}

TEST_F(ForgetfulRedisTest, WhatIsBroughtByALoadThatBeganBeforeIsNotBelievedEither) {
  HeldLoader held;
  std::thread slow([&] { EXPECT_EQ((*reader_)->Get(Ask(), held.Of(Truth::LoadedOf(1)))->version, 1); });
  ASSERT_TRUE(held.AwaitBeginning());
  Forget();
  held.LetGo();
  slow.join();
  EXPECT_EQ((*reader_)->Get(Ask(), truth_.AsLoader())->version, 2);
}

TEST_F(RedisCacheTest, AProcessThatIsCutOffComesBackAndTellsWhatItAdvanced) {
  const events::RedisEndpoint redis = events::ParseRedisUrl(TestRedisUrl()).value();
  chaos::TcpGate gate(redis.port);
  CacheOptions gated = Options();
  gated.redis_url = Secret(absl::StrCat("redis://127.0.0.1:", gate.port()));
  Process writer(Options()), reader(gated);
  ASSERT_TRUE(writer.AwaitBelief() && reader.AwaitBelief());
  EXPECT_TRUE(writer->Advance(kSpace, 1));
  ASSERT_TRUE(Eventually([&] { return reader->KnownVersion(kSpace) == 1; }));
  EXPECT_EQ(reader->Get(Ask(), truth_.AsLoader())->version, 1);
  gate.Apply({.flow = chaos::Flow::kReset});
  ASSERT_TRUE(Eventually([&] { return !reader->Believes(); }));
  EXPECT_EQ(reader.Metric("specom_cache_believed"), 0);
  // What it advances meanwhile, Redis learns later.
  truth_.Commit(2);
  EXPECT_FALSE(reader->Advance(kSpace, 2));
  EXPECT_EQ(reader->Get(Ask(), truth_.AsLoader())->version, 2);
  gate.Open();
  // Redis still has the older answer.
  EXPECT_EQ(reader->Get(Ask(), truth_.AsLoader())->version, 2);
  EXPECT_TRUE(Eventually([&] { return writer->KnownVersion(kSpace) == 2; }));
  EXPECT_TRUE(reader.AwaitBelief());
  EXPECT_EQ(writer->Get(Ask(), truth_.AsLoader())->version, 2);
}

}  // namespace
}  // namespace specom::cache
