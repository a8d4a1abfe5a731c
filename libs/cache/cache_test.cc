// Proves what holds without Redis: one load for all who ask, nothing older than what was advanced, and
// that failures and guesses are not kept.
#include "libs/cache/cache.h"

#include <array>

#include "libs/cache/cache_fixture.h"

namespace specom::cache {
namespace {

using specom::testing::IsOk;
using specom::testing::StatusIs;
using Code = absl::StatusCode;

Query Ask(const std::string& key = "k", std::optional<std::int64_t> version = std::nullopt) {
  return {.space = kSpace, .key = key, .version = version};
}

class NearCacheTest : public ::testing::Test {
 protected:
  Truth truth_;
  Process process_{{}};
};

TEST_F(NearCacheTest, WhatIsAdvancedHereIsKeptUntilItIsAdvancedAgain) {
  process_->Advance(kSpace, 1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(*process_->Get(Ask(), truth_.AsLoader())->bytes, "of 1");
  }
  EXPECT_EQ(truth_.loads(), 1);
  truth_.Commit(2);
  EXPECT_TRUE(process_->Advance(kSpace, 2));
  EXPECT_EQ(process_->Get(Ask(), truth_.AsLoader())->version, 2);
  EXPECT_EQ(process_->Get(Ask(), MustNotLoad)->version, 2);
  EXPECT_EQ(process_.Requests("near"), 3);
  EXPECT_EQ(process_.Requests("loaded"), 2);
  EXPECT_EQ(process_.Metric("specom_cache_breaker_open"), 0);
}

TEST_F(NearCacheTest, AVersionNeverFalls) {
  process_->Advance(kSpace, 5);
  process_->Advance(kSpace, 3);
  EXPECT_EQ(process_->KnownVersion(kSpace), 5);
}

TEST_F(NearCacheTest, WhatOthersMayAdvanceUnheardIsNotKept) {
  EXPECT_THAT(process_->Get(Ask(), truth_.AsLoader()), IsOk());
  truth_.Commit(2);
  EXPECT_EQ(process_->Get(Ask(), truth_.AsLoader())->version, 2);
  EXPECT_EQ(truth_.loads(), 2);
}

TEST_F(NearCacheTest, AnAnswerAtAVersionIsKeptUntilTheSpaceRises) {
  EXPECT_THAT(process_->Get(Ask("k", 1), truth_.AsLoader()), IsOk());
  EXPECT_EQ(process_->Get(Ask("k", 1), MustNotLoad)->version, 1);
  EXPECT_GT(process_.Metric("specom_cache_near_bytes"), 0);
  process_->Advance(kSpace, 2);
  EXPECT_EQ(process_.Metric("specom_cache_near_bytes"), 0);
}

TEST_F(NearCacheTest, BytesOfAnotherVersionAreHandedOutAndNotKept) {
  truth_.Commit(2);
  EXPECT_EQ(process_->Get(Ask("k", 1), truth_.AsLoader())->version, 2);
  EXPECT_EQ(process_->Get(Ask("k", 1), truth_.AsLoader())->version, 2);
  EXPECT_EQ(truth_.loads(), 2);
}

TEST_F(NearCacheTest, BytesWithoutAVersionAreNotKept) {
  process_->Advance(kSpace, 1);
  const Loader unknown = [] { return Loaded{0, "who knows"}; };
  EXPECT_EQ(*process_->Get(Ask(), unknown)->bytes, "who knows");
  EXPECT_EQ(*process_->Get(Ask(), truth_.AsLoader())->bytes, "of 1");
}

TEST_F(NearCacheTest, FailuresAreNotKept) {
  process_->Advance(kSpace, 1);
  const Loader away = [] { return absl::UnavailableError("the database is away"); };
  EXPECT_THAT(process_->Get(Ask(), away), StatusIs(Code::kUnavailable));
  EXPECT_THAT(process_->Get(Ask(), truth_.AsLoader()), IsOk());
  EXPECT_EQ(process_.Requests("loaded"), 1);
}

TEST_F(NearCacheTest, WhoWaitsHonoursItsTime) {
  HeldLoader held;
  std::thread leader([&] { EXPECT_THAT(process_->Get(Ask(), held.Of(Truth::LoadedOf(1))), IsOk()); });
  ASSERT_TRUE(held.AwaitBeginning());
  Query hurried = Ask();
  hurried.timeout = absl::ZeroDuration();
  EXPECT_THAT(process_->Get(hurried, MustNotLoad), StatusIs(Code::kDeadlineExceeded));
  // Another key waits for nobody.
  hurried.key = "other";
  EXPECT_THAT(process_->Get(hurried, truth_.AsLoader()), IsOk());
  held.LetGo();
  leader.join();
}

TEST_F(NearCacheTest, OneLoadServesAllWhoAskAtTheSameTime) {
  process_->Advance(kSpace, 1);
  constexpr int kCallers = 8;
  std::atomic<int> asking = 0, loads = 0;
  const Loader slow = [&]() -> absl::StatusOr<Loaded> {
    ++loads;
    EXPECT_TRUE(Eventually([&] { return asking == kCallers; }));
    return Truth::LoadedOf(1);
  };
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&] {
      ++asking;
      const auto found = process_->Get(Ask(), slow);
      ASSERT_THAT(found, IsOk());
      EXPECT_EQ(*found->bytes, "of 1");
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(loads, 1);
  EXPECT_EQ(process_.Requests("loaded"), 1);
  EXPECT_EQ(process_.Requests("near") + process_.Requests("waited"), kCallers - 1);
}

// Whether the second caller had joined the first one's load; both outcomes are checked by `judge`.
bool SecondJoins(Process& process, const absl::Status& failure, absl::StatusOr<Found>& second) {
  HeldLoader held;
  std::atomic<bool> asking = false, loaded = false;
  std::thread first([&] { EXPECT_EQ(process->Get(Ask(), held.Of(failure)).status(), failure); });
  EXPECT_TRUE(held.AwaitBeginning());
  std::thread other([&] {
    asking = true;
    second = process->Get(Ask(), [&]() -> absl::StatusOr<Loaded> {
      loaded = true;
      return Truth::LoadedOf(1);
    });
  });
  EXPECT_TRUE(Eventually([&] { return asking.load(); }));
  for (int i = 0; i < 100; ++i) std::this_thread::yield();
  held.LetGo();
  first.join();
  other.join();
  return !loaded;
}

TEST_F(NearCacheTest, AFailureIsForAllWhoWait) {
  const absl::Status failure = absl::DataLossError("the figures are gone");
  EXPECT_TRUE(Eventually([&] {
    absl::StatusOr<Found> second = absl::UnknownError("");
    const bool joined = SecondJoins(process_, failure, second);
    EXPECT_EQ(second.status(), joined ? failure : absl::OkStatus());
    return joined;
  }));
}

TEST_F(NearCacheTest, ACallerThatGaveUpFailsNobodyElse) {
  for (const absl::Status& failure : {absl::CancelledError("gone"), absl::DeadlineExceededError("late")}) {
    for (int round = 0; round < 20; ++round) {
      absl::StatusOr<Found> second = absl::UnknownError("");
      EXPECT_FALSE(SecondJoins(process_, failure, second));
      EXPECT_THAT(second, IsOk());
    }
  }
}

TEST_F(NearCacheTest, ASlowLoadDoesNotPutAnOldValueUnderANewVersion) {
  process_->Advance(kSpace, 1);
  HeldLoader held;
  std::thread slow([&] { EXPECT_EQ(process_->Get(Ask(), held.Of(Truth::LoadedOf(1)))->version, 1); });
  ASSERT_TRUE(held.AwaitBeginning());
  truth_.Commit(2);
  process_->Advance(kSpace, 2);
  // Who asks now does not wait for the old load either.
  EXPECT_EQ(process_->Get(Ask(), truth_.AsLoader())->version, 2);
  held.LetGo();
  slow.join();
  EXPECT_EQ(process_->Get(Ask(), MustNotLoad)->version, 2);
}

TEST_F(NearCacheTest, ASourceThatIsBehindIsAskedAgain) {
  process_->Advance(kSpace, 2);
  int asked = 0;
  const Loader lagging = [&]() -> absl::StatusOr<Loaded> { return Truth::LoadedOf(++asked < 3 ? 1 : 2); };
  EXPECT_EQ(process_->Get(Ask(), lagging)->version, 2);
  EXPECT_EQ(asked, 3);
}

TEST_F(NearCacheTest, ASourceThatStaysBehindIsBelievedAndNotKept) {
  process_->Advance(kSpace, 2);
  EXPECT_EQ(process_->Get(Ask(), truth_.AsLoader())->version, 1);
  EXPECT_GT(truth_.loads(), 1);
  EXPECT_EQ(process_.Metric("specom_cache_behind_total{space=\"test.space\"}"), 1);
  truth_.Commit(2);
  EXPECT_EQ(process_->Get(Ask(), truth_.AsLoader())->version, 2);
}

TEST_F(NearCacheTest, ALoaderThatThrowsLeavesNobodyWaiting) {
  const Loader broken = []() -> absl::StatusOr<Loaded> { throw std::runtime_error("broken"); };
  EXPECT_THROW(process_->Get(Ask(), broken).IgnoreError(), std::runtime_error);
  EXPECT_THAT(process_->Get(Ask(), truth_.AsLoader()), IsOk());
}

TEST(CacheOptionsTest, AUrlThatIsNoneIsRefused) {
  EXPECT_THAT(Cache::Open({.redis_url = Secret("http://redis")}), StatusIs(Code::kInvalidArgument));
}

}  // namespace
}  // namespace specom::cache
