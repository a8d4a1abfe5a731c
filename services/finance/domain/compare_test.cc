// Proves that two runs are compared ICB by ICB, and that every difference of inputs is said.
#include "services/finance/domain/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>

#include "libs/testing/status_matchers.h"
#include "services/finance/domain/test_inputs.h"

namespace specom::finance {
namespace {

using ::specom::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Comparison CompareInputs(const InputSet& base, const InputSet& other) {
  return Compare(base, Allocate(base).value(), other, Allocate(other).value()).value();
}

TEST(Compare, ARunWithItself) {
  const InputSet inputs = SpecialisedExample();
  const Comparison comparison = CompareInputs(inputs, inputs);
  ASSERT_EQ(comparison.rows.size(), 3u);
  for (const ComparisonRow& row : comparison.rows) {
    EXPECT_EQ(row.difference, Pence(0));
    EXPECT_EQ(*row.difference_ratio, 0);
    EXPECT_EQ(row.base_closing_distance, row.other_closing_distance);
  }
  EXPECT_THAT(comparison.input_differences, IsEmpty());
}

TEST(Compare, ALargerCapMovesMoney) {
  const InputSet base = SpecialisedExample();
  InputSet other = base;
  other.policy.convergence.under_target->cap = 0.01;
  const Comparison comparison = CompareInputs(base, other);
  const AllocationResult base_result = Allocate(base).value(), other_result = Allocate(other).value();
  for (std::size_t i = 0; i < 3; ++i) {
    const ComparisonRow& row = comparison.rows[i];
    EXPECT_EQ(row.icb.value(), base_result.icbs[i].code);
    EXPECT_EQ(row.base, base_result.icbs[i].resource_allocation);
    EXPECT_EQ(row.other, other_result.icbs[i].resource_allocation);
    EXPECT_EQ(row.difference.value(), row.other.value() - row.base.value());
    EXPECT_EQ(*row.other_closing_distance, *other_result.icbs[i].closing_distance);
  }
  EXPECT_GT(comparison.england.difference, Pence(0));
  EXPECT_THAT(
      comparison.input_differences,
      ElementsAre("Convergence under target is a cap of 1.00% reached at 2.50% instead of a cap of 0.50% "
                  "reached at 2.50%."));
}

TEST(Compare, AnIcbOfOneRunOnlyIsShown) {
  const InputSet base = SpecialisedExample();
  InputSet other = base;
  std::erase_if(other.need, [](const NeedRow& row) { return row.icb.value() == "QHM"; });
  std::erase_if(other.baseline, [](const BaselineLine& line) { return line.icb.value() == "QHM"; });
  const Comparison gone = CompareInputs(base, other);
  ASSERT_EQ(gone.rows.size(), 3u);
  EXPECT_EQ(gone.rows[0].icb.value(), "QHM");
  EXPECT_EQ(gone.rows[0].other, Pence(0));
  EXPECT_FALSE(gone.rows[0].other_closing_distance.has_value());
  EXPECT_THAT(gone.input_differences, ::testing::Contains("ICBs left out: QHM."));
  const Comparison added = CompareInputs(other, base);
  EXPECT_FALSE(added.rows[0].difference_ratio.has_value());
  EXPECT_EQ(added.rows[0].name, "North East and North Cumbria");
  EXPECT_THAT(added.input_differences, ::testing::Contains("ICBs added: QHM."));
}

TEST(Compare, EveryDifferenceOfInputsIsSaid) {
  const std::vector<std::pair<std::function<void(InputSet&)>, const char*>> cases = {
      {[](auto& in) { in.policy.financial_year = in.policy.financial_year.Plus(1); },
       "The year is 2026/27 instead of 2025/26."},
      {[](auto& in) { in.policy.target.national_distance = 0.02; },
       "puts England 2.00% from target instead of"},
      {[](auto& in) { in.policy.base_growth.rate = 0.06; },
       "The rate of base growth is 6.00% instead of 5.00%."},
      {[](auto& in) { in.policy.base_growth.rate = 0.0500000001; }, "differs beyond the fourth decimal"},
      {[](auto& in) {
         in.policy.base_growth = {BaseGrowthMode::kUniform, 0.05, ""};
       },
       "Base growth is uniform instead of composite."},
      {[](auto& in) { in.policy.convergence.over_target.reset(); },
       "Convergence over target is none instead of"},
      {[](auto& in) { in.policy.convergence.distance = ConvergenceDistance::kOpening; },
       "is opening distance instead"},
      {[](auto& in) { in.policy.convergence.component = ""; },
       "the whole baseline instead of physical_health"},
      {[](auto& in) { in.policy.combination = Combination::kAdditive; },
       "is additive instead of multiplicative"},
      {[](auto& in) { in.policy.rounding_unit_pence = 1; }, "is £0.01 instead of £1,000.00"},
      {[](auto& in) { in.policy.components[1].growth = 0.09; },
       "The growth of high_cost_drugs is 9.00% instead"},
      {[](auto& in) { in.policy.components[1].treatment = ComponentTreatment::kInChain; },
       "The component high_cost_drugs is in the chain instead of"},
      {[](auto& in) {
         in.policy.components.push_back({"testing", ComponentTreatment::kAdjustment, 0});
       },
       "The component testing is added: an adjustment."},
      {[](auto& in) { in.policy.notes = {"A note"}; }, "The title, source or notes of the policy differ."},
      {[](auto& in) { in.baseline[0].amount = Pence(in.baseline[0].amount.value() + 100'00); },
       "The baseline of physical_health differs in 1 ICB, by £100.00 in all."},
      {[](auto& in) { in.baseline[0].reason = "Another"; }, "the same sums in different lines"},
      {[](auto& in) { in.need[0].opening_need = 600; }, "Opening need differs in 1 ICB."},
      {[](auto& in) {
         for (auto& row : in.need) row.closing_need.reset();
       },
       "Closing need differs in 3 ICBs."},
      {[](auto& in) { in.need[2].region_name = "Greater London"; },
       "With another name of the ICB or its region: QKK."},
      {[](auto& in) { in.need[2].region = RegionCode("Y60"); }, "In another region: QKK."},
      {[](auto& in) { in.need[2].population = 1; }, "Population differs in 1 ICB."},
  };
  const InputSet base = SpecialisedExample();
  for (std::size_t i = 0; i < cases.size(); ++i) {
    InputSet other = base;
    cases[i].first(other);
    EXPECT_THAT(CompareInputs(base, other).input_differences, ElementsAre(HasSubstr(cases[i].second)))
        << "case " << i;
  }
}

RC_GTEST_PROP(Compare, DifferencesAddUpToEnglands, ()) {
  const InputSet base = *SoundInputs();
  InputSet other = base;
  other.policy.base_growth.rate += 0.001;
  const Comparison comparison = CompareInputs(base, other);
  std::int64_t sum = 0;
  for (const ComparisonRow& row : comparison.rows) sum += row.difference.value();
  RC_ASSERT(sum == comparison.england.difference.value());
  RC_ASSERT(!comparison.input_differences.empty());
}

TEST(Compare, OnlyRunsOfOneStream) {
  const InputSet base = SpecialisedExample();
  InputSet other = base;
  other.policy.stream = "core";
  EXPECT_THAT(Compare(base, Allocate(base).value(), other, Allocate(other).value()),
              StatusIs(absl::StatusCode::kFailedPrecondition, "STREAMS_DIFFER"));
}

}  // namespace
}  // namespace specom::finance
