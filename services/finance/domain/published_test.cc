// Proves that published figures are read, and that a difference of £1,000 in one ICB is seen.
#include "services/finance/domain/published.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/finance/domain/test_inputs.h"

namespace specom::finance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Published, ReadsSourceAndColumns) {
  std::vector<FileProblem> problems;
  const PublishedFigures figures = ReadPublishedFigures(
      "# source: A workbook\n# a note\ncode,allocation_k,convergence\nQOQ,557916,0.003\nY63,1,\n", problems);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(figures.source, "A workbook");
  EXPECT_EQ(figures.rows.at("QOQ").at("allocation_k"), 557916);
  EXPECT_EQ(figures.rows.at("QOQ").at("convergence"), 0.003);
  EXPECT_FALSE(figures.rows.at("Y63").contains("convergence"));
}

TEST(Published, ReportsWhatIsNotAFigure) {
  std::vector<FileProblem> problems;
  ReadPublishedFigures("code,allocation_k\nQOQ,about 5\n", problems);
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_EQ(problems[0].row, 2);
  EXPECT_EQ(problems[0].column, "allocation_k");
  problems.clear();
  ReadPublishedFigures("icb,allocation_k\n", problems);
  EXPECT_THAT(problems, SizeIs(1));
}

TEST(Published, SeesOneThousandPoundsInOneIcb) {
  const AllocationResult result = Allocate(SpecialisedExample()).value();
  PublishedFigures published;
  published.source = "A workbook";
  for (const Allocation& icb : result.icbs) {
    published.rows[icb.code]["allocation_k"] = static_cast<double>(icb.allocation.value()) / 100'000;
  }
  PublishedComparison equal = CompareWithPublished(result, published);
  EXPECT_EQ(equal.icbs_equal, 3);
  EXPECT_THAT(equal.icbs_different, IsEmpty());
  EXPECT_EQ(equal.source, "A workbook");
  published.rows["QKK"]["allocation_k"] += 1;
  published.rows.erase("QHM");
  PublishedComparison different = CompareWithPublished(result, published);
  EXPECT_EQ(different.icbs_compared, 2);
  EXPECT_EQ(different.icbs_equal, 1);
  EXPECT_THAT(different.icbs_different, ElementsAre("QKK"));
}

}  // namespace
}  // namespace specom::finance
