// Proves that projections follow their stated assumptions, that distances only shrink under a
// cautious pace of change, and that what cannot be projected says so.
#include "services/finance/domain/projection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "libs/testing/status_matchers.h"
#include "services/finance/domain/allocation.h"
#include "services/finance/domain/test_inputs.h"

namespace specom::finance {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using ::testing::Contains;
using ::testing::HasSubstr;

// Core services: one component, uniform growth, no rounding to speak of.
InputSet CoreExample() {
  InputSet inputs = SpecialisedExample();
  inputs.policy.base_growth = {BaseGrowthMode::kUniform, 0.04, ""};
  inputs.policy.convergence.component = "";
  inputs.policy.components = {{"physical_health", ComponentTreatment::kInChain, 0}};
  inputs.policy.rounding_unit_pence = 1;
  std::erase_if(inputs.baseline,
                [](const BaselineLine& line) { return line.component != "physical_health"; });
  return inputs;
}

TEST(Project, StartsWhereTheRunEnds) {
  const InputSet inputs = SpecialisedExample();
  const AllocationResult run = Allocate(inputs).value();
  auto projected = Project(inputs, 3);
  ASSERT_THAT(projected, IsOk());
  ASSERT_EQ(projected->rows.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const ProjectionRow& row = projected->rows[i];
    EXPECT_EQ(row.icb.value(), run.icbs[i].code);
    EXPECT_EQ(row.opening_distance, *run.icbs[i].closing_distance);
    ASSERT_EQ(row.years.size(), 3u);
    EXPECT_EQ(row.years[0].financial_year.ToString(), "2026/27");
    EXPECT_EQ(row.years[2].financial_year.ToString(), "2028/29");
    EXPECT_EQ(row.years[0].baseline, run.icbs[i].allocation);
    EXPECT_EQ(row.years[1].baseline, row.years[0].allocation);
    // The target grows by the national rate, and the share stays.
    EXPECT_NEAR(static_cast<double>(row.years[0].target.value()) /
                    (static_cast<double>(run.icbs[i].closing_target->value()) * 1.05),
                1, 1e-10);
    EXPECT_NEAR(row.years[0].closing_distance,
                static_cast<double>(row.years[0].allocation.value()) /
                        static_cast<double>(row.years[0].target.value()) -
                    1,
                1e-9);
  }
}

TEST(Project, EnglandIsTheRatioOfSums) {
  const Projection projection = Project(SpecialisedExample(), 2).value();
  ASSERT_EQ(projection.england.years.size(), 2u);
  for (std::size_t y = 0; y < 2; ++y) {
    std::int64_t allocation = 0, baseline = 0;
    for (const ProjectionRow& row : projection.rows) {
      allocation += row.years[y].allocation.value();
      baseline += row.years[y].baseline.value();
    }
    EXPECT_EQ(projection.england.years[y].allocation, Pence(allocation));
    EXPECT_EQ(projection.england.years[y].baseline, Pence(baseline));
    EXPECT_NEAR(projection.england.years[y].base_growth, 0.05, 1e-12);
  }
}

TEST(Project, OneIcbByHand) {
  // Uniform growth equal to the target's, so that only convergence moves the distance.
  const InputSet inputs = CoreExample();
  const Projection projection = Project(inputs, 40, 0.001).value();
  int reached = 0;
  for (const ProjectionRow& row : projection.rows) {
    double distance = row.opening_distance;
    std::optional<int> years_to_target;
    if (std::abs(distance) <= 0.001) years_to_target = 0;
    for (std::size_t y = 0; y < row.years.size(); ++y) {
      const double convergence = -std::min(std::max(distance * 0.2, -0.005), 0.005);
      distance = (1 + distance) * (1 + convergence) - 1;
      EXPECT_NEAR(row.years[y].convergence, convergence, 1e-9) << row.icb << " " << y;
      EXPECT_NEAR(row.years[y].closing_distance, distance, 1e-9) << row.icb << " " << y;
      if (!years_to_target && std::abs(distance) <= 0.001) years_to_target = static_cast<int>(y) + 1;
    }
    EXPECT_EQ(row.years_to_target, years_to_target) << row.icb;
    reached += years_to_target.has_value();
  }
  EXPECT_GE(reached, 1);
}

TEST(Project, ComponentsThatGrowOnTheirOwnDoSo) {
  // Two years of a projection are the run of the first year's outcome, entered as inputs.
  const InputSet inputs = SpecialisedExample();
  const AllocationResult run = Allocate(inputs).value();
  InputSet next = inputs;
  next.policy.financial_year = inputs.policy.financial_year.Plus(1);
  next.policy.target = {TargetBasis::kGiven, std::nullopt, std::nullopt};
  next.baseline.clear();
  for (const Allocation& icb : run.icbs) {
    for (const ComponentAmount& component : icb.components) {
      next.baseline.push_back({IcbCode(icb.code), component.component, "Brought forward", component.amount});
    }
  }
  for (NeedRow& row : next.need) {
    row.opening_need = static_cast<double>(run.FindIcb(row.icb.value())->closing_target->value()) / 100;
    row.closing_need.reset();
  }
  const AllocationResult second = Allocate(next).value();
  const Projection projection = Project(inputs, 1).value();
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(projection.rows[i].years[0].allocation, second.icbs[i].allocation);
    EXPECT_NEAR(projection.rows[i].years[0].base_growth, second.icbs[i].base_growth, 1e-10);
  }
}

TEST(Project, AtTargetAlreadyIsZeroYears) {
  const Projection projection = Project(CoreExample(), 1, 0.5).value();
  for (const ProjectionRow& row : projection.rows) EXPECT_EQ(row.years_to_target, 0);
}

RC_GTEST_PROP(Project, ACautiousPaceNeverTakesAnIcbFurtherFromTarget, ()) {
  InputSet inputs = CoreExample();
  // A cap no larger than the taper distance cannot overshoot.
  const double taper = *rc::gen::inRange(1, 100) / 1000.0;
  const double cap = taper * *rc::gen::inRange(0, 101) / 100.0;
  inputs.policy.convergence.over_target = inputs.policy.convergence.under_target =
      ConvergenceSide{std::min(cap, 0.5), taper};
  for (NeedRow& row : inputs.need) {
    *row.opening_need *= *rc::gen::inRange(80, 120) / 100.0;
    row.closing_need.reset();
  }
  const Projection projection = Project(inputs, 10).value();
  for (const ProjectionRow& row : projection.rows) {
    double distance = std::abs(row.opening_distance);
    for (const ProjectionYear& year : row.years) {
      // Rounding to a penny aside.
      RC_ASSERT(std::abs(year.closing_distance) <= distance + 1e-9);
      distance = std::abs(year.closing_distance);
    }
  }
}

TEST(Project, StatesItsAssumptions) {
  const Projection projection = Project(SpecialisedExample(), 1).value();
  EXPECT_THAT(projection.assumptions, Contains(HasSubstr("quantum grows by 5.00% a year")));
  EXPECT_THAT(projection.assumptions, Contains(HasSubstr("high_cost_drugs grows by 8.00% a year")));
  EXPECT_EQ(projection.tolerance, kDefaultTolerance);
}

TEST(Project, SaysHowFarItCanGo) {
  // Drugs grow faster than the whole until nothing is left for anything else.
  auto projected = Project(SpecialisedExample(), 50);
  ASSERT_THAT(projected, StatusIs(absl::StatusCode::kFailedPrecondition, "PROJECTION_NOT_POSSIBLE"));
  const int max_years = std::stoi(ErrorMetadataOf(projected.status()).at("max_years"));
  EXPECT_GT(max_years, 10);
  EXPECT_THAT(Project(SpecialisedExample(), max_years), IsOk());
  EXPECT_THAT(Project(SpecialisedExample(), max_years + 1),
              StatusIs(absl::StatusCode::kFailedPrecondition, "PROJECTION_NOT_POSSIBLE"));
}

TEST(Project, NeedsATarget) {
  InputSet inputs = CoreExample();
  inputs.policy.target = {};
  inputs.policy.convergence = {};
  auto projected = Project(inputs, 5);
  EXPECT_THAT(projected, StatusIs(absl::StatusCode::kFailedPrecondition, "STREAM_HAS_NO_TARGET"));
  EXPECT_EQ(ErrorMetadataOf(projected.status()).at("rule"), "target.basis");
}

TEST(Project, RefusesYearsAndToleranceOutOfRange) {
  for (int years : {0, -1, 51}) {
    EXPECT_THAT(Project(CoreExample(), years), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"))
        << years;
  }
  for (double tolerance : {0.0, -0.01, 1.0, std::nan("")}) {
    EXPECT_THAT(Project(CoreExample(), 5, tolerance),
                StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"))
        << tolerance;
  }
  EXPECT_THAT(Project(CoreExample(), 50), IsOk());
  auto both = Project(CoreExample(), 0, 0);
  EXPECT_EQ(FieldViolationsOf(both.status()).size(), 2u);
}

}  // namespace
}  // namespace specom::finance
