// Proves that money parses, prints, rounds and splits without ever losing a penny.
#include "libs/base/money.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <numeric>

#include "libs/testing/status_matchers.h"

namespace specom {
namespace {

using ::specom::testing::StatusIs;
using ::testing::ElementsAre;

TEST(PenceTest, ParsesPoundsExactly) {
  EXPECT_EQ(Pence::ParsePounds("1234.5").value(), Pence(123450));
  EXPECT_EQ(Pence::ParsePounds("-0.01").value(), Pence(-1));
  EXPECT_EQ(Pence::ParsePounds("0").value(), Pence(0));
  EXPECT_EQ(Pence::ParsePounds("92233720368547758.07").value(),
            Pence(std::numeric_limits<std::int64_t>::max()));
}

TEST(PenceTest, RefusesWhatIsNotPounds) {
  for (const char* text :
       {"", "-", ".", ".5", "5.", "1.234", "1,000", "£5", "1e3", "+5", " 5", "--5", "5.-1", "NaN"}) {
    EXPECT_THAT(Pence::ParsePounds(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
  EXPECT_THAT(Pence::ParsePounds("92233720368547758.08"), StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_THAT(Pence::ParsePounds(std::string(60, '9')), StatusIs(absl::StatusCode::kOutOfRange));
}

RC_GTEST_PROP(PenceProperty, PrintingAndParsingAreInverse, (std::int64_t pence)) {
  RC_ASSERT(Pence::ParsePounds(Pence(pence).ToPounds()).value() == Pence(pence));
}

TEST(PenceTest, SumsAreChecked) {
  Pence max(std::numeric_limits<std::int64_t>::max());
  EXPECT_THAT(Add(max, Pence(1)), StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_THAT(Subtract(-max, Pence(2)), StatusIs(absl::StatusCode::kOutOfRange));
  PenceSum sum;
  for (int i = 0; i < 3; ++i) sum.Add(max);
  EXPECT_THAT(sum.Total(), StatusIs(absl::StatusCode::kOutOfRange));
  sum.Add(-max);
  sum.Add(-max);
  EXPECT_EQ(sum.Total().value(), max);
}

TEST(RoundingTest, HalvesGoAwayFromZero) {
  EXPECT_EQ(RoundHalfAwayFromZero(150000.0, 100000).value(), Pence(200000));
  EXPECT_EQ(RoundHalfAwayFromZero(-150000.0, 100000).value(), Pence(-200000));
  EXPECT_EQ(RoundHalfAwayFromZero(149999.9, 100000).value(), Pence(100000));
  EXPECT_EQ(RoundHalfAwayFromZero(0.5, 1).value(), Pence(1));
  EXPECT_THAT(RoundHalfAwayFromZero(1e19, 1), StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_THAT(RoundHalfAwayFromZero(std::numeric_limits<double>::quiet_NaN(), 1),
              StatusIs(absl::StatusCode::kOutOfRange));
}

TEST(MulDivTest, RoundsHalvesAwayFromZeroWithWideIntermediates) {
  EXPECT_EQ(MulDivHalfAwayFromZero(Pence(5), 1, 2).value(), Pence(3));
  EXPECT_EQ(MulDivHalfAwayFromZero(Pence(-5), 1, 2).value(), Pence(-3));
  EXPECT_EQ(MulDivHalfAwayFromZero(Pence(4), 1, 3).value(), Pence(1));
  EXPECT_EQ(MulDivHalfAwayFromZero(Pence(9'000'000'000'000'000'000), 7, 9).value(),
            Pence(7'000'000'000'000'000'000));
  EXPECT_THAT(MulDivHalfAwayFromZero(Pence(1), 1, 0), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(SplitTest, PenceLeftOverGoToTheLargestRemainders) {
  std::vector<std::int64_t> weights = {1, 1, 1};
  EXPECT_THAT(SplitByLargestRemainder(Pence(100), weights).value(),
              ElementsAre(Pence(34), Pence(33), Pence(33)));
  weights = {6, 3, 1};
  EXPECT_THAT(SplitByLargestRemainder(Pence(-11), weights).value(),
              ElementsAre(Pence(-7), Pence(-3), Pence(-1)));
}

TEST(SplitTest, RefusesWeightsThatSplitNothing) {
  std::vector<std::int64_t> weights = {0, 0};
  EXPECT_THAT(SplitByLargestRemainder(Pence(100), weights), StatusIs(absl::StatusCode::kInvalidArgument));
  weights = {1, -1};
  EXPECT_THAT(SplitByLargestRemainder(Pence(100), weights), StatusIs(absl::StatusCode::kInvalidArgument));
}

RC_GTEST_PROP(SplitProperty, ConservesThePotAndStaysWithinAPenny, ()) {
  auto pot = *rc::gen::inRange<std::int64_t>(-2'500'000'000'000, 2'500'000'000'000);
  auto weights = *rc::gen::suchThat(
      rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 1'000'000'000)),
      [](const auto& w) { return std::accumulate(w.begin(), w.end(), std::int64_t{0}) > 0; });
  auto parts = SplitByLargestRemainder(Pence(pot), weights).value();
  auto total = static_cast<double>(std::accumulate(weights.begin(), weights.end(), std::int64_t{0}));
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    sum += parts[i].value();
    double exact = static_cast<double>(pot) * static_cast<double>(weights[i]) / total;
    RC_ASSERT(std::abs(static_cast<double>(parts[i].value()) - exact) < 1.001);
  }
  RC_ASSERT(sum == pot);
}

}  // namespace
}  // namespace specom
