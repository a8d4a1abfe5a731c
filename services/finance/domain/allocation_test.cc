// Proves that results add up to the penny at every level, that a result that does not is refused
// with both sides named, and that absent parts are absent.
#include "services/finance/domain/allocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "libs/testing/status_matchers.h"
#include "services/finance/domain/test_inputs.h"

namespace specom::finance {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using ::testing::HasSubstr;

const Allocation& Icb(const AllocationResult& result, const char* code) {
  return *result.FindIcb(code);
}

TEST(Allocate, GivesWhatTheFormulasGiveByHand) {
  auto allocated = Allocate(SpecialisedExample());
  ASSERT_THAT(allocated, IsOk());
  const AllocationResult& result = *allocated;
  const Allocation& icb = Icb(result, "QOQ");
  const double baseline = 32'555'469'231.0 + 17'131'779'265.0;
  const double england = baseline + 60'647'121'914.0 + 28'672'137'475.0 + 72'000'000'033.0 + 18'700'000'000.0;
  const double opening_target = 520.5 / (520.5 + 930.25 + 780) * england / 1.01;
  const double closing_target = 521.0 / (521.0 + 931.0 + 779.5) * england / 1.01 * 1.05;
  EXPECT_EQ(icb.name, "Humber and North Yorkshire");
  EXPECT_EQ(icb.region, "North East and Yorkshire");
  EXPECT_EQ(icb.region_code, "Y63");
  EXPECT_EQ(icb.baseline, Pence(49'687'248'496));
  EXPECT_NEAR(static_cast<double>(icb.opening_target->value()), opening_target, 1);
  EXPECT_NEAR(static_cast<double>(icb.closing_target->value()), closing_target, 1);
  EXPECT_NEAR(*icb.opening_distance, baseline / opening_target - 1, 1e-13);
  const double grown = 32'555'469'231.0 * (1 + *result.residual_growth) + 17'131'779'265.0 * 1.08;
  EXPECT_NEAR(icb.base_growth, grown / baseline - 1, 1e-13);
  const double distance = grown / closing_target - 1;
  EXPECT_NEAR(*icb.distance_before_convergence, distance, 1e-13);
  const double rate = std::min(std::max(-0.2 * distance, -0.005), 0.005) * 32'555'469'231.0 / baseline;
  EXPECT_NEAR(*icb.convergence, rate, 1e-13);
  EXPECT_EQ(icb.allocation,
            Pence(static_cast<std::int64_t>(std::round(grown * (1 + rate) / 100'000)) * 100'000));
  EXPECT_NEAR(*icb.closing_distance, static_cast<double>(icb.allocation.value()) / closing_target - 1, 1e-13);
  EXPECT_EQ(*icb.taken_out, Pence(18'502'321'606));  // 171,317,792.65 * 1.08
  EXPECT_EQ(*icb.retained, Pence(icb.allocation.value() - 18'502'321'606));
  EXPECT_EQ(*icb.pass_through, Pence(6'716'708'713));  // 65,850,085.42 * 1.02
  EXPECT_EQ(*icb.adjustments, Pence(-2'962'350));
  EXPECT_EQ(icb.resource_allocation, Pence(icb.retained->value() + 6'716'708'713 - 2'962'350));
}

TEST(Allocate, RegionsAndEnglandAreRatiosOfSums) {
  const AllocationResult result = Allocate(SpecialisedExample()).value();
  ASSERT_EQ(result.regions.size(), 2u);
  const Allocation& north = result.regions[1];
  EXPECT_EQ(north.code, "Y63");
  EXPECT_EQ(north.name, "North East and Yorkshire");
  const double baseline = 49'687'248'496.0 + 60'647'121'914.0 + 28'672'137'475.0;
  EXPECT_EQ(north.baseline, Pence(static_cast<std::int64_t>(baseline)));
  EXPECT_NEAR(*north.opening_distance, baseline / static_cast<double>(north.opening_target->value()) - 1,
              1e-10);
  EXPECT_NEAR(
      *north.closing_distance,
      static_cast<double>(north.allocation.value()) / static_cast<double>(north.closing_target->value()) - 1,
      1e-10);
  EXPECT_DOUBLE_EQ(*north.population, 1'821'439.5 + 3'242'301.0);
  EXPECT_EQ(result.england.code, "England");
  EXPECT_EQ(result.england.region, "");
  EXPECT_NEAR(result.england.base_growth, 0.05, 1e-13);
  EXPECT_NEAR(*result.england.opening_distance, 0.01, 1e-13);
  // Rounding is part of what convergence did.
  EXPECT_NEAR((1 + result.england.base_growth) * (1 + *result.england.convergence),
              static_cast<double>(result.england.allocation.value()) /
                  static_cast<double>(result.england.baseline.value()),
              1e-13);
}

TEST(Allocate, WhatAStreamDoesNotHaveIsAbsent) {
  InputSet inputs = SpecialisedExample();
  inputs.policy.target = {};
  inputs.policy.convergence = {};
  inputs.policy.base_growth = {BaseGrowthMode::kUniform, 0.0347, ""};
  inputs.policy.components = {{"physical_health", ComponentTreatment::kInChain, 0},
                              {"high_cost_drugs", ComponentTreatment::kInChain, 0}};
  std::erase_if(inputs.baseline, [](const BaselineLine& line) {
    return line.component == "mental_health" || line.component == "corneal_tissue";
  });
  inputs.need[0].population.reset();
  const AllocationResult result = Allocate(inputs).value();
  for (const Allocation* row : {&result.icbs[0], &result.regions[0], &result.england}) {
    EXPECT_FALSE(row->opening_target || row->closing_target || row->opening_distance ||
                 row->distance_before_convergence || row->convergence || row->closing_distance);
    EXPECT_FALSE(row->taken_out || row->retained || row->pass_through || row->adjustments);
    EXPECT_EQ(row->resource_allocation, row->allocation);
  }
  EXPECT_FALSE(result.opening_quantum || result.residual_growth);
  // One ICB of the north has no population, so the north has none and London has.
  EXPECT_FALSE(result.regions[1].population || result.england.population);
  EXPECT_TRUE(result.regions[0].population);
}

RC_GTEST_PROP(Allocate, EverythingAddsUpToThePenny, ()) {
  const InputSet inputs = *SoundInputs();
  const auto result = Allocate(inputs);
  RC_ASSERT(result.ok());
  RC_ASSERT(CheckInvariants(*result).ok());
  // Independently of CheckInvariants: ICBs to England, targets to the quantum.
  std::int64_t baseline = 0, targets = 0, resource = 0;
  for (const Allocation& icb : result->icbs) {
    baseline += icb.baseline.value();
    targets += icb.opening_target->value();
    resource += icb.resource_allocation.value();
    RC_ASSERT(icb.allocation.value() % inputs.policy.rounding_unit_pence == 0);
    RC_ASSERT(icb.resource_allocation.value() == icb.allocation.value() - icb.taken_out->value() +
                                                     icb.pass_through->value() + icb.adjustments->value());
  }
  RC_ASSERT(baseline == ChainBaseline(inputs)->value());
  RC_ASSERT(baseline == result->england.baseline.value());
  RC_ASSERT(resource == result->england.resource_allocation.value());
  RC_ASSERT(targets == result->opening_quantum->value());
}

RC_GTEST_PROP(Allocate, SharesOfTheQuantumAreWithinAPennyOfTheExactOnes, ()) {
  InputSet inputs = *SoundInputs();
  inputs.policy.target = {TargetBasis::kShareOfQuantum, std::nullopt,
                          Pence(*rc::gen::inRange(1, 2'000'000'000))};
  const auto result = Allocate(inputs);
  RC_ASSERT(result.ok());
  RC_ASSERT(result->england.opening_target == inputs.policy.target.opening_quantum);
  CompensatedSum total;
  for (const NeedRow& row : inputs.need) total.Add(*row.opening_need);
  for (const NeedRow& row : inputs.need) {
    const double exact = *row.opening_need / total.Total() *
                         static_cast<double>(inputs.policy.target.opening_quantum->value());
    const Allocation* icb = result->FindIcb(row.icb.value());
    RC_ASSERT(std::abs(static_cast<double>(icb->opening_target->value()) - exact) < 1 + 1e-6);
  }
}

RC_GTEST_PROP(Allocate, TheSameInputsGiveTheSameBytes, ()) {
  const InputSet inputs = *SoundInputs();
  const std::string digest = ResultDigest(Allocate(inputs).value());
  RC_ASSERT(digest.size() == 64u);
  RC_ASSERT(digest == ResultDigest(Allocate(inputs).value()));
}

TEST(Allocate, SeveralComponentsShareWhatIsLeftOfTheAllocation) {
  InputSet inputs = SpecialisedExample();
  inputs.policy.components.push_back({"neonatal", ComponentTreatment::kInChain, 0.1});
  for (const char* icb : {"QOQ", "QHM", "QKK"}) {
    inputs.baseline.push_back({IcbCode(icb), "neonatal", "Neonatal care", Pence(1'000'000'000)});
  }
  const AllocationResult result = Allocate(inputs).value();
  const Allocation& icb = Icb(result, "QKK");
  const ComponentAmount& neonatal = icb.components[4];
  EXPECT_EQ(neonatal.component, "neonatal");
  // Its own growth, no convergence; rounding to whole thousands is shared.
  EXPECT_NEAR(static_cast<double>(neonatal.amount.value()), 1'100'000'000, 1'100'000'000 * 1e-4);
  EXPECT_EQ(icb.components[0].amount.value() + neonatal.amount.value(), icb.retained->value());
}

TEST(Invariants, NameBothSides) {
  const AllocationResult sound = Allocate(SpecialisedExample()).value();
  ASSERT_THAT(CheckInvariants(sound), IsOk());
  using Change = std::function<void(AllocationResult&)>;
  const std::vector<std::pair<Change, const char*>> cases = {
      {[](auto& r) { r.icbs[0].baseline = Pence(1); }, "the baseline of QHM"},
      {[](auto& r) { r.icbs[0].components[0].amount = Pence(1); }, "the allocation of QHM"},
      {[](auto& r) { r.icbs[0].taken_out = Pence(1); }, "what is taken out of QHM"},
      {[](auto& r) { r.icbs[0].retained = Pence(1); }, "the allocation of QHM"},
      {[](auto& r) { r.icbs[0].pass_through = Pence(1); }, "what is passed through of QHM"},
      {[](auto& r) { r.icbs[0].adjustments = Pence(1); }, "the adjustments of QHM"},
      {[](auto& r) { r.icbs[0].resource_allocation = Pence(1); }, "the resource allocation of QHM"},
      {[](auto& r) { r.icbs[0].opening_target = Pence(1); }, "the opening target of Y63"},
      {[](auto& r) { r.icbs.pop_back(); }, "of Y63"},
      {[](auto& r) { r.regions.pop_back(); }, "of England"},
      {[](auto& r) { r.opening_quantum = Pence(1); }, "the opening quantum"},
      {[](auto& r) { r.closing_quantum = Pence(1); }, "the closing quantum"},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    AllocationResult broken = sound;
    cases[i].first(broken);
    const absl::Status status = CheckInvariants(broken);
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, "INVARIANT_BROKEN")) << "case " << i;
    EXPECT_THAT(std::string(status.message()), HasSubstr(cases[i].second)) << "case " << i;
    const ErrorMetadata metadata = ErrorMetadataOf(status);
    EXPECT_NE(metadata.at("total_gbp"), metadata.at("parts_gbp")) << "case " << i;
  }
}

TEST(ResultDigest, DependsOnEveryValue) {
  const AllocationResult sound = Allocate(SpecialisedExample()).value();
  const std::vector<std::function<void(AllocationResult&)>> changes = {
      [](auto&) {},
      [](auto& r) { r.icbs[0].code = "QXX"; },
      [](auto& r) { r.icbs[0].name = "Another"; },
      [](auto& r) { r.icbs[0].region = "Another"; },
      [](auto& r) { r.icbs[0].region_code = "Y60"; },
      [](auto& r) { r.icbs[0].population = 1; },
      [](auto& r) { r.icbs[0].baseline = Pence(1); },
      [](auto& r) { r.icbs[0].opening_target = Pence(1); },
      [](auto& r) { r.icbs[0].closing_target.reset(); },
      [](auto& r) { r.icbs[0].opening_distance = std::nextafter(*r.icbs[0].opening_distance, 1); },
      [](auto& r) { r.icbs[0].base_growth += 1e-15; },
      [](auto& r) { r.icbs[0].distance_before_convergence.reset(); },
      [](auto& r) { r.icbs[0].convergence = 0.5; },
      [](auto& r) { r.icbs[0].allocation = Pence(1); },
      [](auto& r) { r.icbs[0].closing_distance = 0; },
      [](auto& r) { r.icbs[0].taken_out = Pence(1); },
      [](auto& r) { r.icbs[0].retained = Pence(1); },
      [](auto& r) { r.icbs[0].pass_through = Pence(1); },
      [](auto& r) { r.icbs[0].adjustments = Pence(1); },
      [](auto& r) { r.icbs[0].resource_allocation = Pence(1); },
      [](auto& r) { r.icbs[0].components[0].component = "another"; },
      [](auto& r) { r.icbs[0].components[0].amount = Pence(1); },
      [](auto& r) { r.icbs[0].components[0].baseline = Pence(1); },
      [](auto& r) { r.regions[0].allocation = Pence(1); },
      [](auto& r) { r.england.allocation = Pence(1); },
      [](auto& r) { r.opening_quantum = Pence(1); },
      [](auto& r) { r.closing_quantum = Pence(1); },
      [](auto& r) { r.residual_growth = 1; },
  };
  std::set<std::string> digests;
  for (const auto& change : changes) {
    AllocationResult result = sound;
    change(result);
    digests.insert(ResultDigest(result));
  }
  EXPECT_EQ(digests.size(), changes.size());
}

}  // namespace
}  // namespace specom::finance
