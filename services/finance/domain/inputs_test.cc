// Proves that inputs that cannot be run are refused with every issue named, and that the digest
// depends on every value and not on the order of rows.
#include "services/finance/domain/inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <random>

#include "services/finance/domain/test_inputs.h"

namespace specom::finance {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Eq;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

auto Issue(InputPart part, std::optional<std::size_t> row, const std::string& field,
           const std::string& rule) {
  return AllOf(Field(&InputIssue::part, part), Field(&InputIssue::row, Eq(row)),
               Field(&InputIssue::field, field), Field(&InputIssue::rule, HasSubstr(rule)));
}

TEST(Inputs, SoundOnesPass) {
  EXPECT_THAT(CheckInputs(SpecialisedExample()), IsEmpty());
}

TEST(Inputs, EveryBrokenRuleIsNamed) {
  const auto kNeed = InputPart::kNeed;
  const auto kBaseline = InputPart::kBaseline;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  struct Case {
    InputPart part;
    std::optional<std::size_t> row;
    std::string field;
    std::string rule;
    std::function<void(InputSet&)> change;
  };
  const std::vector<Case> cases = {
      {kNeed, 0, "icb", "Q and two letters", [](auto& in) { in.need[0].icb = IcbCode("X1"); }},
      {kNeed, 1, "icb", "has a row already", [](auto& in) { in.need[1].icb = in.need[0].icb; }},
      {kNeed, 0, "name", "the ICB's name", [](auto& in) { in.need[0].name = ""; }},
      {kNeed, 2, "region", "Y and two digits", [](auto& in) { in.need[2].region = RegionCode("London"); }},
      {kNeed, 1, "region_name", "a code has one name",
       [](auto& in) { in.need[1].region_name = "The North"; }},
      {kNeed, 0, "population", "above 0", [](auto& in) { in.need[0].population = 0; }},
      {kNeed, 0, "opening_need", "a weight, a number above 0", [](auto& in) { in.need[0].opening_need = 0; }},
      {kNeed, 0, "opening_need", "a weight, a number above 0",
       [](auto& in) { in.need[0].opening_need = -5; }},
      {kNeed, 0, "opening_need", "a weight, a number above 0",
       [&](auto& in) { in.need[0].opening_need = nan; }},
      {kNeed, 2, "opening_need", "the stream has a target",
       [](auto& in) { in.need[2].opening_need.reset(); }},
      {kNeed, 2, "closing_need", "for every ICB or for none",
       [](auto& in) { in.need[2].closing_need.reset(); }},
      {kNeed, 1, "opening_need", "in pounds",
       [](auto& in) {
         in.policy.target = {TargetBasis::kGiven, std::nullopt, std::nullopt};
         in.need[1].opening_need.reset();
       }},
      {kNeed, 1, "opening_need", "more than can be held",
       [](auto& in) {
         in.policy.target = {TargetBasis::kGiven, std::nullopt, std::nullopt};
         in.need[1].opening_need = 1e15;
       }},
      {kNeed, std::nullopt, "", "holds no ICB", [](auto& in) { in.need.clear(); }},
      {kNeed, 3, "icb", "no line in baseline.csv",
       [](auto& in) {
         in.need.push_back(in.need[0]);
         in.need.back().icb = IcbCode("QWO");
       }},
      {kBaseline, std::nullopt, "", "holds no line", [](auto& in) { in.baseline.clear(); }},
      {kBaseline, 4, "icb", "no row in need.csv", [](auto& in) { in.baseline[4].icb = IcbCode("QWO"); }},
      {kBaseline, 4, "icb", "ODS code of an ICB", [](auto& in) { in.baseline[4].icb = IcbCode("Leeds"); }},
      {kBaseline, 2, "component", "the policy does not name",
       [](auto& in) { in.baseline[2].component = "drugs"; }},
      {kBaseline, 2, "reason", "must say why", [](auto& in) { in.baseline[2].reason = ""; }},
      {kBaseline, 1, "reason", "already", [](auto& in) { in.baseline[1].reason = in.baseline[0].reason; }},
      {kBaseline, std::nullopt, "amount_gbp", "QKK in the chain must be above 0",
       [](auto& in) { in.baseline[8].amount = Pence(-18'700'000'000); }},
      {kBaseline, std::nullopt, "amount_gbp", "physical_health baseline of QKK is negative",
       [](auto& in) { in.baseline[8].amount = Pence(-1); }},
      {kBaseline, std::nullopt, "component", "QKK has no line of it",
       [](auto& in) { in.baseline.erase(in.baseline.begin() + 8); }},
      {kBaseline, std::nullopt, "component", "no line has it",
       [](auto& in) {
         in.policy.components.push_back({"devices", ComponentTreatment::kTakenOut, 0.05});
       }},
      {kBaseline, std::nullopt, "amount_gbp", "more than can be held exactly",
       [](auto& in) { in.baseline[0].amount = Pence(std::numeric_limits<std::int64_t>::max()); }},
      {InputPart::kPolicy, std::nullopt, "convergence.regionalRates", "no rate for region Y56",
       [](auto& in) {
         in.policy.convergence = {};
         in.policy.convergence.regional_rates = {{RegionCode("Y63"), 0.001}};
       }},
      {InputPart::kPolicy, std::nullopt, "baseGrowth.rate", "ratio",
       [](auto& in) { in.policy.base_growth.rate = 9; }},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    InputSet inputs = SpecialisedExample();
    cases[i].change(inputs);
    EXPECT_THAT(CheckInputs(inputs),
                Contains(Issue(cases[i].part, cases[i].row, cases[i].field, cases[i].rule)))
        << "case " << i;
  }
}

TEST(Inputs, AStreamWithoutTargetNeedsNoNeed) {
  InputSet inputs = SpecialisedExample();
  inputs.policy.target = {};
  inputs.policy.convergence = {};
  for (NeedRow& row : inputs.need) {
    row.opening_need.reset();
    row.closing_need.reset();
  }
  EXPECT_THAT(CheckInputs(inputs), IsEmpty());
}

TEST(Inputs, AYearMayBringNoAdjustment) {
  InputSet inputs = SpecialisedExample();
  inputs.policy.components.push_back({"testing", ComponentTreatment::kAdjustment, 0});
  EXPECT_THAT(CheckInputs(inputs), IsEmpty());
}

TEST(Inputs, TheChainsBaselineLeavesOutWhatIsOutsideIt) {
  EXPECT_EQ(ChainBaseline(SpecialisedExample()).value(),
            Pence(32'567'814'909 - 12'345'678 + 17'131'779'265 + 60'647'121'914 + 28'672'137'475 +
                  72'000'000'033 + 18'700'000'000));
}

RC_GTEST_PROP(InputDigest, DoesNotDependOnTheOrderOfRows, ()) {
  const InputSet inputs = *SoundInputs();
  InputSet shuffled = inputs;
  std::mt19937 random(*rc::gen::arbitrary<unsigned>());
  std::shuffle(shuffled.baseline.begin(), shuffled.baseline.end(), random);
  std::shuffle(shuffled.need.begin(), shuffled.need.end(), random);
  RC_ASSERT(InputDigest(inputs) == InputDigest(shuffled));
}

TEST(InputDigest, DependsOnEveryValue) {
  const std::vector<std::function<void(InputSet&)>> changes = {
      [](auto&) {},
      [](auto& in) { in.policy.stream = "other"; },
      [](auto& in) { in.policy.financial_year = in.policy.financial_year.Plus(1); },
      [](auto& in) { in.policy.title = "Another"; },
      [](auto& in) { in.policy.source = "Another"; },
      [](auto& in) { in.policy.target.national_distance = 0.0100000001; },
      [](auto& in) {
        in.policy.target = {TargetBasis::kShareOfQuantum, std::nullopt, Pence(1)};
      },
      [](auto& in) { in.policy.target.basis = TargetBasis::kGiven; },
      [](auto& in) { in.policy.base_growth.mode = BaseGrowthMode::kUniform; },
      [](auto& in) { in.policy.base_growth.rate = 0.06; },
      [](auto& in) { in.policy.base_growth.residual_component = "high_cost_drugs"; },
      [](auto& in) { in.policy.convergence.over_target->cap = 0.006; },
      [](auto& in) { in.policy.convergence.over_target.reset(); },
      [](auto& in) { in.policy.convergence.under_target->taper_distance = 0.03; },
      [](auto& in) { in.policy.convergence.distance = ConvergenceDistance::kOpening; },
      [](auto& in) { in.policy.convergence.component = ""; },
      [](auto& in) {
        in.policy.convergence.regional_rates = {{RegionCode("Y63"), 0.1}};
      },
      [](auto& in) { in.policy.combination = Combination::kAdditive; },
      [](auto& in) { in.policy.rounding_unit_pence = 1; },
      [](auto& in) { in.policy.components[1].growth = 0.09; },
      [](auto& in) { in.policy.components[1].treatment = ComponentTreatment::kPassThrough; },
      [](auto& in) { in.policy.notes = {"note"}; },
      [](auto& in) { in.baseline[0].icb = IcbCode("QKK"); },
      [](auto& in) { in.baseline[0].component = "mental_health"; },
      [](auto& in) { in.baseline[0].reason = "Another"; },
      [](auto& in) { in.baseline[0].amount = Pence(1); },
      [](auto& in) { in.baseline.pop_back(); },
      [](auto& in) { in.need[0].name = "Another"; },
      [](auto& in) { in.need[0].region = RegionCode("Y56"); },
      [](auto& in) { in.need[0].region_name = "Another"; },
      [](auto& in) { in.need[0].population.reset(); },
      [](auto& in) { in.need[0].opening_need = 520.6; },
      [](auto& in) { in.need[0].closing_need.reset(); },
  };
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    InputSet inputs = SpecialisedExample();
    changes[i](inputs);
    const std::string digest = InputDigest(inputs);
    EXPECT_EQ(digest.size(), 64u);
    auto [known, is_new] = seen.emplace(digest, i);
    EXPECT_TRUE(is_new) << "changes " << known->second << " and " << i << " give the same digest";
  }
}

}  // namespace
}  // namespace specom::finance
