// Proves that dates and financial years accept what exists and refuse what does not.
#include "libs/base/date.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <tuple>

#include "libs/base/financial_year.h"
#include "libs/testing/status_matchers.h"

namespace specom {
namespace {

using ::specom::testing::StatusIs;

TEST(DateTest, ParsesOnlyRealDays) {
  EXPECT_EQ(Date::Parse("2024-02-29").value().ToString(), "2024-02-29");
  for (const char* text : {"2023-02-29", "2024-13-01", "2024-00-01", "2024-01-00", "24-01-01", "2024/01/01",
                           "", "2024-1-01", "-024-01-01", "2024-01-1x"}) {
    EXPECT_THAT(Date::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

// A calendar library keeps months and days in a byte.
TEST(DateTest, MakesNoDayOfNumbersThatAreNone) {
  EXPECT_EQ(Date::Make(2024, 2, 29).value().ToString(), "2024-02-29");
  for (auto [year, month, day] : {std::tuple(2024, 257, 1), std::tuple(2024, 1, 257), std::tuple(2024, 13, 1),
                                  std::tuple(2024, 1, 32), std::tuple(2024, -255, 1), std::tuple(67560, 1, 1),
                                  std::tuple(0, 1, 1), std::tuple(2024, 1, 1 << 30)}) {
    EXPECT_THAT(Date::Make(year, month, day), StatusIs(absl::StatusCode::kInvalidArgument))
        << year << " " << month << " " << day;
  }
}

RC_GTEST_PROP(DateProperty, PrintingAndParsingAreInverse, ()) {
  Date date = Date().Plus(*rc::gen::inRange(-700000, 2900000));
  RC_ASSERT(Date::Parse(date.ToString()).value() == date);
}

TEST(DateTest, TheDayInLondonFollowsSummerTime) {
  absl::Time late = absl::FromCivil(absl::CivilSecond(2026, 3, 31, 23, 30, 0), absl::UTCTimeZone());
  EXPECT_EQ(Date::InLondon(late).ToString(), "2026-04-01");
  absl::Time winter = absl::FromCivil(absl::CivilSecond(2026, 1, 31, 23, 30, 0), absl::UTCTimeZone());
  EXPECT_EQ(Date::InLondon(winter).ToString(), "2026-01-31");
}

TEST(DateSpanTest, ContainsBothEndsAndKnowsOverlaps) {
  DateSpan year{Date::Parse("2024-04-01").value(), Date::Parse("2025-03-31").value()};
  EXPECT_TRUE(year.Contains(year.from));
  EXPECT_TRUE(year.Contains(*year.to));
  EXPECT_FALSE(year.Contains(year.to->Plus(1)));
  DateSpan open{year.to->Plus(1), std::nullopt};
  EXPECT_FALSE(year.Overlaps(open));
  EXPECT_TRUE(open.Overlaps({year.from, std::nullopt}));
}

TEST(FinancialYearTest, RunsFromAprilToMarch) {
  FinancialYear year = FinancialYear::Parse("2025/26").value();
  EXPECT_EQ(year.FirstDay().ToString(), "2025-04-01");
  EXPECT_EQ(year.LastDay().ToString(), "2026-03-31");
  EXPECT_EQ(FinancialYear::Of(Date::Parse("2026-03-31").value()), year);
  EXPECT_EQ(FinancialYear::Of(Date::Parse("2026-04-01").value()), year.Plus(1));
  EXPECT_EQ(FinancialYear::Parse("1999/00").value().ToSlug(), "1999-00");
}

TEST(FinancialYearTest, RefusesHalvesThatDoNotFollow) {
  for (const char* text : {"2025/27", "2025-26", "25/26", "2025/6", "2025/2026", "", "abcd/ef"}) {
    EXPECT_THAT(FinancialYear::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

}  // namespace
}  // namespace specom
