// Proves the breaker's three phases on a clock that the test moves.
#include "libs/cache/breaker.h"

#include <gtest/gtest.h>

#include "libs/testing/fake_clock.h"

namespace specom::cache {
namespace {

using Phase = Breaker::Phase;

class BreakerTest : public ::testing::Test {
 protected:
  void Fail(int times) {
    for (int i = 0; i < times; ++i) {
      ASSERT_TRUE(breaker_.Allow());
      breaker_.Failed();
    }
  }

  const BreakerOptions options_{
      .failures = 3, .first_wait = absl::Seconds(1), .longest_wait = absl::Seconds(4)};
  specom::testing::FakeClock clock_;
  Breaker breaker_{options_, clock_};
};

TEST_F(BreakerTest, OnlyFailuresInARowOpenIt) {
  Fail(2);
  breaker_.Succeeded();
  Fail(2);
  EXPECT_EQ(breaker_.phase(), Phase::kClosed);
  Fail(1);
  EXPECT_EQ(breaker_.phase(), Phase::kOpen);
  EXPECT_FALSE(breaker_.Allow());
}

TEST_F(BreakerTest, OneAttemptAtATimeDecides) {
  Fail(3);
  clock_.Advance(options_.first_wait);
  EXPECT_TRUE(breaker_.Allow());
  EXPECT_EQ(breaker_.phase(), Phase::kHalfOpen);
  EXPECT_FALSE(breaker_.Allow());
  breaker_.Succeeded();
  EXPECT_EQ(breaker_.phase(), Phase::kClosed);
  EXPECT_TRUE(breaker_.Allow());
}

TEST_F(BreakerTest, AnAttemptThatWasNotMadeLeavesItToTheNext) {
  Fail(3);
  clock_.Advance(options_.first_wait);
  EXPECT_TRUE(breaker_.Allow());
  breaker_.Abandoned();
  EXPECT_EQ(breaker_.phase(), Phase::kOpen);
  EXPECT_TRUE(breaker_.Allow());
}

TEST_F(BreakerTest, WaitsDoubleUpToALimitAndDifferByChance) {
  Fail(3);
  for (absl::Duration wait : {absl::Seconds(1), absl::Seconds(2), absl::Seconds(4), absl::Seconds(4)}) {
    clock_.Advance(wait / 2 - absl::Nanoseconds(1));
    EXPECT_FALSE(breaker_.Allow()) << wait;
    clock_.Advance(wait / 2 + absl::Nanoseconds(1));
    EXPECT_TRUE(breaker_.Allow()) << wait;
    breaker_.Failed();
  }
}

TEST_F(BreakerTest, LateReportsOfFailureProlongNothing) {
  Fail(3);
  breaker_.Failed();
  clock_.Advance(options_.first_wait);
  EXPECT_TRUE(breaker_.Allow());
}

}  // namespace
}  // namespace specom::cache
