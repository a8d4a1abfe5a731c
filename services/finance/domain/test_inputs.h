// Small inputs for the tests of this folder.
#pragma once

#include <rapidcheck.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/finance/domain/inputs.h"

namespace specom::finance {

// Three ICBs in two regions, with everything that the specialised stream has: a composite growth,
// convergence on one component, drugs taken out, mental health passed through, an adjustment.
inline InputSet SpecialisedExample() {
  InputSet inputs;
  AllocationPolicy& policy = inputs.policy;
  policy.stream = "specialised";
  policy.financial_year = FinancialYear::Parse("2025/26").value();
  policy.title = "Example";
  policy.source = "The tests";
  policy.target.basis = TargetBasis::kShareOfQuantum;
  policy.target.national_distance = 0.01;
  policy.base_growth = {BaseGrowthMode::kComposite, 0.05, "physical_health"};
  policy.convergence.over_target = ConvergenceSide{0.005, 0.025};
  policy.convergence.under_target = ConvergenceSide{0.005, 0.025};
  policy.convergence.component = "physical_health";
  policy.rounding_unit_pence = 100'000;
  policy.components = {{"physical_health", ComponentTreatment::kInChain, 0},
                       {"high_cost_drugs", ComponentTreatment::kTakenOut, 0.08},
                       {"mental_health", ComponentTreatment::kPassThrough, 0.02},
                       {"corneal_tissue", ComponentTreatment::kAdjustment, 0}};
  auto line = [&](const char* icb, const char* component, const char* reason, std::int64_t pence) {
    inputs.baseline.push_back({IcbCode(icb), component, reason, Pence(pence)});
  };
  line("QOQ", "physical_health", "Opening allocation", 32'567'814'909);
  line("QOQ", "physical_health", "Transfer", -12'345'678);
  line("QOQ", "high_cost_drugs", "Drugs", 17'131'779'265);
  line("QOQ", "mental_health", "Mental health", 6'585'008'542);
  line("QOQ", "corneal_tissue", "Corneal tissue", -2'962'350);
  line("QHM", "physical_health", "Opening allocation", 60'647'121'914);
  line("QHM", "high_cost_drugs", "Drugs", 28'672'137'475);
  line("QHM", "mental_health", "Mental health", 10'727'973'448);
  line("QKK", "physical_health", "Opening allocation", 72'000'000'033);
  line("QKK", "high_cost_drugs", "Drugs", 18'700'000'000);
  inputs.need = {
      {IcbCode("QOQ"), "Humber and North Yorkshire", RegionCode("Y63"), "North East and Yorkshire",
       1'821'439.5, 520.5, 521.0},
      {IcbCode("QHM"), "North East and North Cumbria", RegionCode("Y63"), "North East and Yorkshire",
       3'242'301.0, 930.25, 931.0},
      {IcbCode("QKK"), "South East London", RegionCode("Y56"), "London", 2'075'000.0, 780.0, 779.5},
  };
  return inputs;
}

// Any inputs that pass CheckInputs: up to 12 ICBs in up to 4 regions, any growth mode, any shape of
// convergence, any rounding unit.
inline rc::Gen<InputSet> SoundInputs() {
  return rc::gen::exec([] {
    InputSet inputs = SpecialisedExample();
    AllocationPolicy& policy = inputs.policy;
    auto ratio = [](int low, int high) { return *rc::gen::inRange(low, high) / 100'000.0; };
    policy.target.basis = *rc::gen::element(TargetBasis::kShareOfQuantum, TargetBasis::kGiven);
    if (policy.target.basis == TargetBasis::kShareOfQuantum) {
      policy.target.national_distance = ratio(-5'000, 5'000);
    } else {
      policy.target.national_distance.reset();
    }
    policy.base_growth = {*rc::gen::element(BaseGrowthMode::kUniform, BaseGrowthMode::kTargetFollowing,
                                            BaseGrowthMode::kComposite),
                          ratio(0, 8'000), ""};
    if (policy.base_growth.mode == BaseGrowthMode::kComposite)
      policy.base_growth.residual_component = "physical_health";
    policy.convergence.over_target = ConvergenceSide{ratio(0, 2'000), ratio(1, 10'000)};
    policy.convergence.under_target = ConvergenceSide{ratio(0, 2'000), ratio(1, 10'000)};
    policy.convergence.component = *rc::gen::element<std::string>("", "physical_health");
    policy.combination = *rc::gen::element(Combination::kMultiplicative, Combination::kAdditive);
    policy.rounding_unit_pence = *rc::gen::element<std::int64_t>(1, 100, 100'000);
    inputs.baseline.clear();
    inputs.need.clear();
    const int icbs = *rc::gen::inRange(1, 13);
    for (int i = 0; i < icbs; ++i) {
      const IcbCode icb(absl::StrCat("Q", i / 10, i % 10));
      const int region = *rc::gen::inRange(0, 4);
      auto pence = [&](std::int64_t low, std::int64_t high) { return Pence(*rc::gen::inRange(low, high)); };
      const Pence physical = pence(10'000'000'000, 100'000'000'000);
      inputs.baseline.push_back({icb, "physical_health", "Opening allocation", physical});
      inputs.baseline.push_back({icb, "physical_health", "Transfer", pence(-100'000'000, 100'000'000)});
      inputs.baseline.push_back(
          {icb, "high_cost_drugs", "Drugs", Pence(physical.value() / 10 * *rc::gen::inRange(1, 6))});
      inputs.baseline.push_back({icb, "mental_health", "Mental health", pence(0, 10'000'000'000)});
      inputs.baseline.push_back({icb, "corneal_tissue", "Corneal tissue", pence(-10'000'000, 10'000'000)});
      NeedRow row;
      row.icb = icb;
      row.name = absl::StrCat("ICB ", i);
      row.region = RegionCode(absl::StrCat("Y5", region));
      row.region_name = absl::StrCat("Region ", region);
      // Pounds near the baseline where targets are given, and as good a weight where not.
      row.opening_need = static_cast<double>(physical.value()) / 100 * (0.9 + ratio(0, 40'000));
      row.closing_need = *row.opening_need * (1.02 + ratio(0, 5'000));
      inputs.need.push_back(std::move(row));
    }
    return inputs;
  });
}

}  // namespace specom::finance
