// Proves that keys are read at the start, again and again, and on request: one reading at a time, at
// most one per pause, the last good keys kept.
#include "libs/auth/key_keeper.h"

#include <gmock/gmock.h>

#include <optional>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "libs/auth/test_issuer.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"

namespace specom {
namespace {

using testing::FakeClock;
using testing::IsOk;
using testing::StatusIs;

// A source that a test changes, stops and counts.
class Source {
 public:
  JwksReader Reader() {
    return [this](const std::atomic<bool>& cancelled) -> absl::StatusOr<std::string> {
      absl::MutexLock lock(&mutex_);
      ++readings_;
      auto free = [&] { return !stopped_ || cancelled; };
      while (!free()) mutex_.AwaitWithTimeout(absl::Condition(&free), absl::Milliseconds(10));
      if (!answer_) return absl::UnavailableError("away");
      return *answer_;
    };
  }
  // Nothing: the source is away.
  void Answer(std::optional<std::string> answer) {
    absl::MutexLock lock(&mutex_);
    answer_ = std::move(answer);
  }
  void Stop(bool stopped) {
    absl::MutexLock lock(&mutex_);
    stopped_ = stopped;
  }
  // False when that many readings have not begun within a minute.
  bool AwaitReadings(int count) {
    absl::MutexLock lock(&mutex_);
    auto enough = [&] { return readings_ >= count; };
    return mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Minutes(1));
  }
  int readings() {
    absl::MutexLock lock(&mutex_);
    return readings_;
  }

 private:
  absl::Mutex mutex_;
  std::optional<std::string> answer_;
  bool stopped_ = false;
  int readings_ = 0;
};

class KeyKeeperTest : public ::testing::Test {
 protected:
  std::unique_ptr<KeyKeeper> Start(KeyPauses pauses = {}) {
    auto keeper = KeyKeeper::Start("the test", source_.Reader(), pauses, clock_, nullptr, nullptr);
    EXPECT_THAT(keeper, IsOk());
    return *std::move(keeper);
  }
  static std::string NewKeys() { return (*LocalAuthority::Make())->jwks(); }

  FakeClock clock_;
  Source source_;
};

TEST_F(KeyKeeperTest, SaysThatThereAreNoKeysToBeginWith) {
  EXPECT_THAT(KeyKeeper::Start("the test", source_.Reader(), {}, clock_, nullptr, nullptr),
              StatusIs(absl::StatusCode::kUnavailable, "NO_KEYS"));
}

TEST_F(KeyKeeperTest, ReadsOnRequestOncePerPauseAndKeepsTheLastGoodKeys) {
  source_.Answer(NewKeys());
  auto keeper = Start();
  const auto first = keeper->Current();
  EXPECT_EQ(keeper->RefreshNow(), KeyKeeper::Refresh::kTooSoon);
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(keeper->RefreshNow(), KeyKeeper::Refresh::kDone);
  EXPECT_EQ(keeper->Current().generation, first.generation) << "the same keys";

  source_.Answer(std::nullopt);
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(keeper->RefreshNow(), KeyKeeper::Refresh::kDone);
  EXPECT_EQ(keeper->Current().keys, first.keys);
  EXPECT_EQ(keeper->RefreshNow(), KeyKeeper::Refresh::kTooSoon) << "a failure counts as a reading";

  source_.Answer(NewKeys());
  clock_.Advance(-absl::Hours(1));
  EXPECT_EQ(keeper->RefreshNow(), KeyKeeper::Refresh::kDone) << "a clock set back does not stop readings";
  EXPECT_GT(keeper->Current().generation, first.generation);
  EXPECT_EQ(source_.readings(), 4);
}

TEST_F(KeyKeeperTest, OneReadingIsUnderWayAtATime) {
  source_.Answer(NewKeys());
  auto keeper = Start();
  const auto before = keeper->generation();
  clock_.Advance(absl::Seconds(10));
  source_.Answer(NewKeys());
  source_.Stop(true);
  std::thread first([&] { EXPECT_EQ(keeper->RefreshNow(), KeyKeeper::Refresh::kDone); });
  ASSERT_TRUE(source_.AwaitReadings(2));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(keeper->RefreshNow(), KeyKeeper::Refresh::kUnderWay);
  EXPECT_EQ(keeper->generation(), before) << "callers are served by the old keys meanwhile";
  source_.Stop(false);
  first.join();
  EXPECT_EQ(keeper->generation(), before + 1);
  EXPECT_EQ(source_.readings(), 2);
}

TEST_F(KeyKeeperTest, ReadsAgainAndAgainByItself) {
  source_.Answer(NewKeys());
  auto keeper = Start({.between_readings = absl::Milliseconds(1), .least = absl::Milliseconds(1)});
  const auto before = keeper->generation();
  source_.Answer(std::nullopt);
  ASSERT_TRUE(source_.AwaitReadings(source_.readings() + 2)) << "a failure does not end it";
  source_.Answer(NewKeys());
  ASSERT_TRUE(source_.AwaitReadings(source_.readings() + 2)) << "so that one has ended";
  EXPECT_EQ(keeper->generation(), before + 1);
}

TEST_F(KeyKeeperTest, EndsWhileItsSourceHangs) {
  source_.Answer(NewKeys());
  auto keeper = Start({.between_readings = absl::Milliseconds(1), .least = absl::Milliseconds(1)});
  source_.Stop(true);
  ASSERT_TRUE(source_.AwaitReadings(source_.readings() + 1));
  keeper.reset();
}

}  // namespace
}  // namespace specom
