// Proves that a policy that cannot be used is refused, with the path of every field at fault.
#include "services/finance/domain/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "services/finance/domain/test_inputs.h"

namespace specom::finance {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Policy, NamesItself) {
  AllocationPolicy policy = SpecialisedExample().policy;
  EXPECT_EQ(PolicySlug(policy.stream, policy.financial_year), "specialised-2025-26");
  EXPECT_EQ(PolicyName(policy), "policies/specialised-2025-26");
  EXPECT_EQ(policy.Find("mental_health")->growth, 0.02);
  EXPECT_EQ(policy.Find("dental"), nullptr);
}

TEST(Policy, SoundOnesPass) {
  EXPECT_THAT(CheckPolicy(SpecialisedExample().policy), IsEmpty());
}

TEST(Policy, EveryBrokenRuleNamesItsField) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  using Change = std::function<void(AllocationPolicy&)>;
  const std::vector<std::pair<std::string, Change>> cases = {
      {"stream", [](auto& p) { p.stream = "Specialised Services"; }},
      {"stream", [](auto& p) { p.stream = ""; }},
      {"stream", [](auto& p) { p.stream = "two--hyphens"; }},
      {"roundingUnitPence", [](auto& p) { p.rounding_unit_pence = 0; }},
      {"roundingUnitPence", [](auto& p) { p.rounding_unit_pence = -100; }},
      {"components", [](auto& p) { p.components.clear(); }},
      {"components",
       [](auto& p) {
         for (auto& rule : p.components) rule.treatment = ComponentTreatment::kAdjustment;
       }},
      {"components[0].component", [](auto& p) { p.components[0].component = "Physical health"; }},
      {"components[2].component", [](auto& p) { p.components[2].component = "high_cost_drugs"; }},
      {"components[1].growth", [&](auto& p) { p.components[1].growth = nan; }},
      {"components[1].growth", [](auto& p) { p.components[1].growth = 8.66; }},
      {"components[1].growth", [](auto& p) { p.components[1].growth = -1; }},
      {"components[0].growth", [](auto& p) { p.components[0].growth = 0.01; }},
      {"components[3].growth", [](auto& p) { p.components[3].growth = 0.01; }},
      {"target", [](auto& p) { p.target.national_distance.reset(); }},
      {"target", [](auto& p) { p.target.opening_quantum = Pence(1); }},
      {"target.nationalDistance", [](auto& p) { p.target.national_distance = -1; }},
      {"target.nationalDistance", [](auto& p) { p.target.basis = TargetBasis::kGiven; }},
      {"target.openingQuantumPence",
       [](auto& p) {
         p.target.national_distance.reset();
         p.target.opening_quantum = Pence(0);
       }},
      {"target.openingQuantumPence",
       [](auto& p) {
         p.target = {TargetBasis::kNone, std::nullopt, Pence(5)};
       }},
      {"baseGrowth.rate", [&](auto& p) { p.base_growth.rate = infinity; }},
      {"baseGrowth.rate", [](auto& p) { p.base_growth.rate = 5.28; }},
      {"baseGrowth.mode",
       [](auto& p) {
         p.target = {};
         p.base_growth = {BaseGrowthMode::kTargetFollowing, 0.05, ""};
       }},
      {"baseGrowth.residualComponent", [](auto& p) { p.base_growth.residual_component = "dental"; }},
      {"baseGrowth.residualComponent", [](auto& p) { p.base_growth.residual_component = "high_cost_drugs"; }},
      {"baseGrowth.residualComponent", [](auto& p) { p.base_growth.mode = BaseGrowthMode::kUniform; }},
      {"convergence.overTarget.cap", [](auto& p) { p.convergence.over_target->cap = -0.005; }},
      {"convergence.underTarget.cap", [](auto& p) { p.convergence.under_target->cap = 1; }},
      {"convergence.overTarget.taperDistance",
       [](auto& p) { p.convergence.over_target->taper_distance = 0; }},
      {"convergence.underTarget.taperDistance",
       [&](auto& p) { p.convergence.under_target->taper_distance = nan; }},
      {"convergence", [](auto& p) { p.target = {}; }},
      {"convergence.regionalRates",
       [](auto& p) {
         p.convergence.regional_rates = {{RegionCode("Y63"), 0.001}};
       }},
      {"convergence.regionalRates[1].region",
       [](auto& p) {
         p.convergence = {};
         p.convergence.regional_rates = {{RegionCode("Y63"), 0.001}, {RegionCode("Y63"), 0.002}};
       }},
      {"convergence.regionalRates[0].rate",
       [](auto& p) {
         p.convergence = {};
         p.convergence.regional_rates = {{RegionCode("Y63"), 1.5}};
       }},
      {"convergence.component", [](auto& p) { p.convergence.component = "mental_health"; }},
      {"convergence.component", [](auto& p) { p.convergence.component = "dental"; }},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    AllocationPolicy policy = SpecialisedExample().policy;
    cases[i].second(policy);
    EXPECT_THAT(CheckPolicy(policy), Contains(Field(&FieldViolation::field, cases[i].first))) << "case " << i;
  }
}

TEST(Policy, ReportsEverythingAtOnce) {
  AllocationPolicy policy = SpecialisedExample().policy;
  policy.stream = "";
  policy.rounding_unit_pence = 0;
  policy.base_growth.rate = 2;
  policy.convergence.over_target->cap = 3;
  EXPECT_THAT(CheckPolicy(policy), ElementsAre(Field(&FieldViolation::field, "stream"),
                                               Field(&FieldViolation::field, "roundingUnitPence"),
                                               Field(&FieldViolation::field, "baseGrowth.rate"),
                                               Field(&FieldViolation::field, "convergence.overTarget.cap")));
}

TEST(Policy, ComponentsOfACompositeMayGrowOnTheirOwn) {
  AllocationPolicy policy = SpecialisedExample().policy;
  policy.components.push_back({"devices", ComponentTreatment::kInChain, 0.03});
  EXPECT_THAT(CheckPolicy(policy), IsEmpty());
  policy.base_growth = {BaseGrowthMode::kUniform, 0.05, ""};
  EXPECT_THAT(CheckPolicy(policy), SizeIs(1));
}

}  // namespace
}  // namespace specom::finance
