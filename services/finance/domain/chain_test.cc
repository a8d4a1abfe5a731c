// Proves each step of the chain by itself, and the laws that hold for all inputs: convergence is
// monotonic and bounded, shares are scale-free, target-following growth leaves distances alone.
#include "services/finance/domain/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "libs/base/status.h"
#include "libs/testing/status_matchers.h"
#include "services/finance/domain/test_inputs.h"

namespace specom::finance {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;

// Inputs prepared and evaluated.
struct Evaluated {
  explicit Evaluated(const InputSet& inputs)
      : prepared(PrepareInputs(inputs).value()), buffers(prepared.size()), columns(buffers.columns()) {
    status = EvaluateChain(prepared, prepared.rules, columns, totals);
  }
  std::size_t At(const std::string& icb) const {
    for (std::size_t i = 0; i < prepared.size(); ++i) {
      if (prepared.icbs[i].icb.value() == icb) return i;
    }
    return prepared.size();
  }

  PreparedInputs prepared;
  ChainBuffers buffers;
  const ChainColumns& columns;
  ChainTotals totals;
  absl::Status status;
};

TEST(CompensatedSum, KeepsWhatPlainSumsLose) {
  const double values[] = {1e16, 1.0, 1.0, -1e16};
  EXPECT_EQ(SumOf(values), 2.0);
  const double large_last[] = {1.0, 1e100, 1.0, -1e100};
  EXPECT_EQ(SumOf(large_last), 2.0);
  EXPECT_EQ(SumOf({}), 0.0);
}

TEST(PrepareInputs, OrdersByCodeAndSumsLines) {
  const PreparedInputs prepared = PrepareInputs(SpecialisedExample()).value();
  ASSERT_EQ(prepared.size(), 3u);
  EXPECT_EQ(prepared.icbs[0].icb.value(), "QHM");
  EXPECT_EQ(prepared.icbs[1].icb.value(), "QKK");
  EXPECT_EQ(prepared.icbs[2].icb.value(), "QOQ");
  EXPECT_EQ(prepared.regions[0].code.value(), "Y56");
  EXPECT_EQ(prepared.region_of, (std::vector<std::size_t>{1, 0, 1}));
  EXPECT_EQ(prepared.ComponentBaseline(0, 2), Pence(32'567'814'909 - 12'345'678));
  EXPECT_EQ(prepared.ComponentBaseline(3, 0), Pence(0));
  EXPECT_EQ(prepared.chain_components, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(prepared.baseline[2], 32'567'814'909.0 - 12'345'678.0 + 17'131'779'265.0);
}

TEST(PrepareInputs, RefusesWithEveryIssue) {
  InputSet inputs = SpecialisedExample();
  inputs.need[0].opening_need = -1;
  inputs.baseline[2].component = "drugs";
  auto prepared = PrepareInputs(inputs);
  EXPECT_THAT(prepared, StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  std::vector<std::string> fields;
  for (const FieldViolation& violation : FieldViolationsOf(prepared.status()))
    fields.push_back(violation.field);
  EXPECT_THAT(fields, ::testing::IsSupersetOf({"need[0].opening_need", "baseline[2].component"}));
}

TEST(Targets, ShareTheQuantumByNeed) {
  const double need[] = {1, 2, 5};
  double target[3];
  TargetsFromShares(need, 800, target);
  EXPECT_THAT(target, ::testing::ElementsAre(100, 200, 500));
}

TEST(Targets, TheQuantumComesFromTheNationalDistanceOrIsGiven) {
  ChainRules rules;
  rules.national_distance = 0.25;
  EXPECT_EQ(OpeningQuantum(1000, rules), 800);
  rules.opening_quantum_pence = 900;
  EXPECT_EQ(OpeningQuantum(1000, rules), 900);
}

TEST(Distance, IsAmountOverTargetLessOne) {
  const double amount[] = {110, 90}, target[] = {100, 100};
  double distance[2];
  DistanceFromTarget(amount, target, distance);
  EXPECT_NEAR(distance[0], 0.1, 1e-15);
  EXPECT_NEAR(distance[1], -0.1, 1e-15);
}

TEST(ConvergenceRate, TapersToTheCapOnEachSide) {
  const ConvergenceSide over{0.0136, 0.0138}, under{0.002, 0.03};
  EXPECT_EQ(ConvergenceRate(0, over, under), 0);
  EXPECT_DOUBLE_EQ(ConvergenceRate(0.0069, over, under), -0.0068);
  EXPECT_EQ(ConvergenceRate(0.0138, over, under), -0.0136);
  EXPECT_EQ(ConvergenceRate(0.5, over, under), -0.0136);
  EXPECT_DOUBLE_EQ(ConvergenceRate(-0.015, over, under), 0.001);
  EXPECT_EQ(ConvergenceRate(-0.03, over, under), 0.002);
  EXPECT_EQ(ConvergenceRate(-9, over, under), 0.002);
}

RC_GTEST_PROP(ConvergenceRate, IsMonotonicBoundedAndNeverPointsAwayFromTarget, ()) {
  auto ratio = [](int low, int high) { return *rc::gen::inRange(low, high) / 1e6; };
  const ConvergenceSide over{ratio(0, 20'000), ratio(1, 100'000)}, under{ratio(0, 20'000), ratio(1, 100'000)};
  const double a = ratio(-300'000, 300'000), b = ratio(-300'000, 300'000);
  const double at_a = ConvergenceRate(a, over, under), at_b = ConvergenceRate(b, over, under);
  // The further over target, the less.
  if (a < b) RC_ASSERT(at_a >= at_b);
  RC_ASSERT(at_a <= under.cap && at_a >= -over.cap);
  RC_ASSERT(at_a * a <= 0);
}

TEST(BaseGrowth, ResidualMakesTheNationalRateComeOut) {
  Evaluated run(SpecialisedExample());
  ASSERT_THAT(run.status, IsOk());
  EXPECT_NEAR(SumOf(run.columns.grown_baseline) / SumOf(run.prepared.baseline), 1.05, 1e-14);
  // By hand: (sum of baselines * 1.05 - drugs * 1.08) / physical health - 1.
  const double drugs = 17'131'779'265.0 + 28'672'137'475.0 + 18'700'000'000.0;
  const double physical = 32'567'814'909.0 - 12'345'678.0 + 60'647'121'914.0 + 72'000'000'033.0;
  EXPECT_NEAR(run.totals.residual_growth, ((drugs + physical) * 1.05 - drugs * 1.08) / physical - 1, 1e-14);
}

TEST(BaseGrowth, UniformIsTheSameEverywhere) {
  InputSet inputs = SpecialisedExample();
  inputs.policy.base_growth = {BaseGrowthMode::kUniform, 0.0437, ""};
  Evaluated run(inputs);
  for (double growth : run.columns.base_growth) EXPECT_EQ(growth, 0.0437);
  EXPECT_EQ(run.columns.grown_baseline[0], run.prepared.baseline[0] * 1.0437);
}

RC_GTEST_PROP(BaseGrowth, FollowingTheTargetLeavesTheDistanceAsItIs, ()) {
  InputSet inputs = *SoundInputs();
  inputs.policy.base_growth = {BaseGrowthMode::kTargetFollowing, 0.03, ""};
  Evaluated run(inputs);
  RC_ASSERT(run.status.ok());
  for (std::size_t i = 0; i < run.prepared.size(); ++i) {
    RC_ASSERT(std::abs(run.columns.distance_before_convergence[i] - run.columns.opening_distance[i]) < 1e-12);
  }
}

TEST(Chain, GivenTargetsArePoundsAndGrowUnlessTheClosingOnesAreGivenToo) {
  InputSet inputs = SpecialisedExample();
  inputs.policy.target = {TargetBasis::kGiven, std::nullopt, std::nullopt};
  for (NeedRow& row : inputs.need) *row.opening_need *= 1e6;
  for (NeedRow& row : inputs.need) row.closing_need.reset();
  Evaluated grown(inputs);
  EXPECT_DOUBLE_EQ(grown.columns.opening_target[grown.At("QOQ")], 520.5e8);
  EXPECT_DOUBLE_EQ(grown.columns.closing_target[grown.At("QOQ")], 520.5e8 * 1.05);
  for (NeedRow& row : inputs.need) row.closing_need = 5e8;
  Evaluated given(inputs);
  EXPECT_DOUBLE_EQ(given.columns.closing_target[given.At("QOQ")], 5e10);
  EXPECT_DOUBLE_EQ(given.totals.closing_quantum, 15e10);
}

TEST(Chain, ClosingSharesStayWhereNoClosingNeedIsGiven) {
  InputSet inputs = SpecialisedExample();
  for (NeedRow& row : inputs.need) row.closing_need.reset();
  Evaluated run(inputs);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(run.columns.closing_target[i] / run.columns.opening_target[i], 1.05, 1e-14);
  }
}

TEST(Chain, ConvergenceOnAComponentIsDilutedByItsPart) {
  Evaluated run(SpecialisedExample());
  const std::size_t icb = run.At("QOQ");
  const double rate =
      ConvergenceRate(run.columns.distance_before_convergence[icb], {0.005, 0.025}, {0.005, 0.025});
  EXPECT_EQ(run.columns.component_convergence[icb], rate);
  EXPECT_DOUBLE_EQ(run.columns.convergence[icb], rate * 32'555'469'231.0 / run.prepared.baseline[icb]);
}

TEST(Chain, TheOpeningDistanceMayBeTheOneThatCounts) {
  InputSet inputs = SpecialisedExample();
  inputs.policy.convergence.distance = ConvergenceDistance::kOpening;
  inputs.policy.convergence.over_target = ConvergenceSide{0.5, 1};
  inputs.policy.convergence.under_target = ConvergenceSide{0.5, 1};
  Evaluated run(inputs);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_DOUBLE_EQ(run.columns.component_convergence[i], -0.5 * run.columns.opening_distance[i]);
  }
}

TEST(Chain, RegionalRatesAreConstantsAndAddUpWhereTheCombinationSaysSo) {
  // Other primary care, 2023/24: baseline * (1 + growth + regional constant), to the penny.
  InputSet inputs = SpecialisedExample();
  AllocationPolicy& policy = inputs.policy;
  policy.target = {};
  policy.base_growth = {BaseGrowthMode::kUniform, 0.030609125898646505, ""};
  policy.convergence = {};
  policy.convergence.regional_rates = {{RegionCode("Y63"), -0.001017}, {RegionCode("Y56"), 0.002}};
  policy.combination = Combination::kAdditive;
  policy.rounding_unit_pence = 1;
  Evaluated run(inputs);
  ASSERT_THAT(run.status, IsOk());
  for (const char* icb : {"QOQ", "QHM", "QKK"}) {
    const std::size_t i = run.At(icb);
    const double rate = std::string(icb) == "QKK" ? 0.002 : -0.001017;
    EXPECT_EQ(run.columns.convergence[i], rate);
    EXPECT_EQ(
        run.columns.allocation[i],
        static_cast<std::int64_t>(std::round(run.prepared.baseline[i] * (1 + 0.030609125898646505 + rate))));
    EXPECT_EQ(run.columns.opening_distance[i], 0);
  }
}

TEST(Chain, RoundsHalvesAwayFromZeroToTheUnit) {
  InputSet inputs = SpecialisedExample();
  AllocationPolicy& policy = inputs.policy;
  policy.target = {};
  policy.convergence = {};
  policy.base_growth = {BaseGrowthMode::kUniform, 0, ""};
  policy.components = {{"recurrent", ComponentTreatment::kInChain, 0}};
  inputs.baseline = {{IcbCode("QOQ"), "recurrent", "Opening", Pence(250'000)},
                     {IcbCode("QHM"), "recurrent", "Opening", Pence(249'999)},
                     {IcbCode("QKK"), "recurrent", "Opening", Pence(150'000)}};
  Evaluated run(inputs);
  EXPECT_EQ(run.columns.allocation[run.At("QOQ")], 300'000);
  EXPECT_EQ(run.columns.allocation[run.At("QHM")], 200'000);
  EXPECT_EQ(run.columns.allocation[run.At("QKK")], 200'000);
}

RC_GTEST_PROP(Chain, ScalingNeedChangesNothing, ()) {
  InputSet inputs = *SoundInputs();
  inputs.policy.target = {TargetBasis::kShareOfQuantum, 0.01, std::nullopt};
  InputSet scaled = inputs;
  const double factor = std::ldexp(1.0, *rc::gen::inRange(-20, 20));
  for (NeedRow& row : scaled.need) {
    *row.opening_need *= factor;
    *row.closing_need *= factor;
  }
  Evaluated run(inputs), again(scaled);
  for (std::size_t i = 0; i < run.prepared.size(); ++i) {
    RC_ASSERT(run.columns.allocation[i] == again.columns.allocation[i]);
    RC_ASSERT(run.columns.opening_distance[i] == again.columns.opening_distance[i]);
  }
}

RC_GTEST_PROP(Chain, ScalingMoneyScalesAllocationsAndLeavesRatios, ()) {
  InputSet inputs = *SoundInputs();
  inputs.policy.target = {TargetBasis::kShareOfQuantum, 0.01, std::nullopt};
  inputs.policy.rounding_unit_pence = 1;
  InputSet scaled = inputs;
  for (BaselineLine& line : scaled.baseline) line.amount = Pence(line.amount.value() * 8);
  Evaluated run(inputs), again(scaled);
  for (std::size_t i = 0; i < run.prepared.size(); ++i) {
    RC_ASSERT(std::abs(run.columns.opening_distance[i] - again.columns.opening_distance[i]) < 1e-12);
    RC_ASSERT(std::abs(run.columns.convergence[i] - again.columns.convergence[i]) < 1e-12);
    // Each is within half a penny of its exact value.
    RC_ASSERT(std::abs(8 * run.columns.allocation[i] - again.columns.allocation[i]) <= 5);
  }
}

RC_GTEST_PROP(Chain, DoesNotDependOnTheOrderOfRows, ()) {
  const InputSet inputs = *SoundInputs();
  InputSet shuffled = inputs;
  std::mt19937 random(*rc::gen::arbitrary<unsigned>());
  std::shuffle(shuffled.baseline.begin(), shuffled.baseline.end(), random);
  std::shuffle(shuffled.need.begin(), shuffled.need.end(), random);
  Evaluated run(inputs), again(shuffled);
  RC_ASSERT(std::equal(run.columns.allocation.begin(), run.columns.allocation.end(),
                       again.columns.allocation.begin()));
  RC_ASSERT(std::equal(run.columns.closing_distance.begin(), run.columns.closing_distance.end(),
                       again.columns.closing_distance.begin()));
}

RC_GTEST_PROP(Chain, ALargerCapNeverTakesAnUnderTargetIcbFurtherFromIt, ()) {
  InputSet inputs = *SoundInputs();
  inputs.policy.combination = Combination::kMultiplicative;
  Evaluated run(inputs);
  ChainRules wider = run.prepared.rules;
  wider.under_target.cap *= 1.5;
  ChainBuffers buffers(run.prepared.size());
  ChainTotals totals;
  RC_ASSERT(EvaluateChain(run.prepared, wider, buffers.columns(), totals).ok());
  for (std::size_t i = 0; i < run.prepared.size(); ++i) {
    RC_ASSERT(buffers.columns().allocation[i] >= run.columns.allocation[i]);
  }
}

TEST(Chain, WhatDoesNotFitIsAnErrorAndNotAnOverflow) {
  Evaluated run(SpecialisedExample());
  ChainRules rules = run.prepared.rules;
  rules.growth_mode = BaseGrowthMode::kUniform;
  rules.growth_rate = 1e9;
  EXPECT_THAT(EvaluateChain(run.prepared, rules, run.columns, run.totals),
              StatusIs(absl::StatusCode::kOutOfRange, "AMOUNT_OUT_OF_RANGE"));
  rules.growth_rate = std::nan("");
  EXPECT_THAT(EvaluateChain(run.prepared, rules, run.columns, run.totals),
              StatusIs(absl::StatusCode::kOutOfRange, "AMOUNT_OUT_OF_RANGE"));
}

}  // namespace
}  // namespace specom::finance
