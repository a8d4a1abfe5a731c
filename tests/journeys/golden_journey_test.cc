// Proves that what the main commands print is what was last read and found right, to the byte.
#include <gtest/gtest.h>

#include "libs/testing/golden.h"
#include "tests/journeys/process.h"

namespace specom::journeys {
namespace {

using ::specom::testing::MatchesGolden;

std::string Printed(const std::vector<std::string>& arguments) {
  Finished finished = RunProgram("specom", arguments, {{"COLUMNS", "120"}});
  EXPECT_EQ(finished.code, 0) << finished.err;
  return finished.out;
}

TEST(GoldenJourney, SpecialisedAllocationsByIcb) {
  EXPECT_THAT(Printed({"allocate", "--stream", "specialised", "--year", "2025/26", "--format", "csv"}),
              MatchesGolden("tests/journeys/golden/specialised_2025_26_by_icb.csv"));
}

TEST(GoldenJourney, SpecialisedAllocationsByRegion) {
  EXPECT_THAT(Printed({"allocate", "--by", "region", "--format", "csv"}),
              MatchesGolden("tests/journeys/golden/specialised_2025_26_by_region.csv"));
}

TEST(GoldenJourney, CoreAllocationsByIcb) {
  EXPECT_THAT(Printed({"allocate", "--stream", "core", "--format", "csv"}),
              MatchesGolden("tests/journeys/golden/core_2025_26_by_icb.csv"));
}

TEST(GoldenJourney, TheExplanationOfOneIcb) {
  EXPECT_THAT(Printed({"explain", "--icb", "QOQ"}),
              MatchesGolden("tests/journeys/golden/explain_specialised_QOQ.txt"));
}

TEST(GoldenJourney, TenYearsAhead) {
  EXPECT_THAT(Printed({"project", "--years", "10", "--format", "csv"}),
              MatchesGolden("tests/journeys/golden/project_specialised_10_years.csv"));
}

TEST(GoldenJourney, TheReportOfOneRegion) {
  EXPECT_THAT(Printed({"report", "region", "--region", "Y60", "--format", "csv"}),
              MatchesGolden("tests/journeys/golden/report_Y60.csv"));
}

TEST(GoldenJourney, ServicesThatAreDelegated) {
  EXPECT_THAT(
      Printed({"portfolio", "services", "--as-of", "2025-06-01", "--status", "delegated", "--format", "csv"}),
      MatchesGolden("tests/journeys/golden/services_delegated_2025_06_01.csv"));
}

}  // namespace
}  // namespace specom::journeys
