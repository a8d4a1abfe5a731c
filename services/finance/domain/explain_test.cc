// Proves that an explanation has every step, that its values are those of the result, and that its
// sentences say them.
#include "services/finance/domain/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "libs/testing/status_matchers.h"
#include "services/finance/domain/allocation.h"
#include "services/finance/domain/test_inputs.h"

namespace specom::finance {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> StepNames(const Explanation& explanation) {
  std::vector<std::string> names;
  for (const Step& step : explanation.steps) names.push_back(step.step);
  return names;
}

const Step& StepNamed(const Explanation& explanation, const std::string& name) {
  for (const Step& step : explanation.steps) {
    if (step.step == name) return step;
  }
  throw std::out_of_range(name);
}

TEST(Explain, HasEveryStepOfTheSpecialisedStream) {
  auto explained = Explain(SpecialisedExample(), IcbCode("QOQ"));
  ASSERT_THAT(explained, IsOk());
  EXPECT_EQ(explained->icb_name, "Humber and North Yorkshire");
  EXPECT_EQ(explained->stream, "specialised");
  EXPECT_EQ(explained->baseline_lines.size(), 5u);
  EXPECT_THAT(StepNames(*explained),
              ElementsAre("component_physical_health", "component_high_cost_drugs", "component_mental_health",
                          "component_corneal_tissue", "baseline", "opening_quantum", "opening_target",
                          "opening_distance", "closing_quantum", "closing_target", "residual_growth",
                          "base_growth", "grown_baseline", "distance_before_convergence", "convergence_rate",
                          "convergence", "allocation", "closing_distance", "taken_out", "retained",
                          "pass_through", "adjustments", "resource_allocation"));
}

TEST(Explain, SaysWhatTheResultSays) {
  const InputSet inputs = SpecialisedExample();
  const AllocationResult result = Allocate(inputs).value();
  for (const Allocation& icb : result.icbs) {
    const Explanation explanation = Explain(inputs, IcbCode(icb.code)).value();
    auto amount = [&](const char* step) {
      return std::get<Pence>(StepNamed(explanation, step).result.value);
    };
    auto ratio = [&](const char* step) {
      return std::get<Ratio>(StepNamed(explanation, step).result.value).value;
    };
    EXPECT_EQ(amount("baseline"), icb.baseline);
    EXPECT_EQ(amount("opening_target"), *icb.opening_target);
    EXPECT_EQ(ratio("opening_distance"), *icb.opening_distance);
    EXPECT_EQ(amount("closing_target"), *icb.closing_target);
    EXPECT_EQ(ratio("residual_growth"), *result.residual_growth);
    EXPECT_EQ(ratio("base_growth"), icb.base_growth);
    EXPECT_EQ(ratio("distance_before_convergence"), *icb.distance_before_convergence);
    EXPECT_EQ(ratio("convergence"), *icb.convergence);
    EXPECT_EQ(amount("allocation"), icb.allocation);
    EXPECT_EQ(ratio("closing_distance"), *icb.closing_distance);
    EXPECT_EQ(amount("taken_out"), *icb.taken_out);
    EXPECT_EQ(amount("retained"), *icb.retained);
    EXPECT_EQ(amount("pass_through"), *icb.pass_through);
    EXPECT_EQ(amount("adjustments"), *icb.adjustments);
    EXPECT_EQ(amount("resource_allocation"), icb.resource_allocation);
    EXPECT_THAT(StepNamed(explanation, "allocation").sentence, HasSubstr(PoundsInWords(icb.allocation)));
    EXPECT_THAT(StepNamed(explanation, "opening_distance").sentence,
                HasSubstr(*icb.opening_distance > 0 ? "over target by" : "under target by"));
  }
}

TEST(Explain, LinesAddUpToTheirComponent) {
  const Explanation explanation = Explain(SpecialisedExample(), IcbCode("QOQ")).value();
  const Step& step = StepNamed(explanation, "component_physical_health");
  ASSERT_EQ(step.inputs.size(), 2u);
  EXPECT_EQ(step.inputs[1].name, "Transfer");
  EXPECT_EQ(std::get<Pence>(step.inputs[0].value).value() + std::get<Pence>(step.inputs[1].value).value(),
            std::get<Pence>(step.result.value).value());
  EXPECT_THAT(step.sentence, HasSubstr("£325,554,692.31 for physical health, in 2 lines"));
}

RC_GTEST_PROP(Explain, EveryStepIsCompleteForAnyPolicy, ()) {
  const InputSet inputs = *SoundInputs();
  const Explanation explanation = Explain(inputs, inputs.need.front().icb).value();
  std::set<std::string> names;
  for (const Step& step : explanation.steps) {
    RC_ASSERT(names.insert(step.step).second);
    RC_ASSERT(!step.title.empty() && !step.formula.empty() && !step.source.empty() &&
              !step.result.name.empty());
    RC_ASSERT(step.sentence.ends_with("."));
  }
  RC_ASSERT(names.contains("resource_allocation"));
}

TEST(Explain, AStreamWithoutTargetHasNoStepsAboutOne) {
  InputSet inputs = SpecialisedExample();
  inputs.policy.target = {};
  inputs.policy.base_growth = {BaseGrowthMode::kUniform, 0.0306, ""};
  inputs.policy.convergence = {};
  inputs.policy.convergence.regional_rates = {{RegionCode("Y63"), -0.001017}, {RegionCode("Y56"), 0}};
  inputs.policy.combination = Combination::kAdditive;
  const Explanation explanation = Explain(inputs, IcbCode("QHM")).value();
  EXPECT_THAT(StepNames(explanation), ::testing::Not(::testing::Contains(HasSubstr("target"))));
  EXPECT_THAT(StepNamed(explanation, "convergence_rate").sentence,
              "Every ICB of North East and Yorkshire converges by -0.1017% of the baseline.");
  EXPECT_THAT(StepNamed(explanation, "allocation").formula, HasSubstr("B * (1 + g + C)"));
}

TEST(Explain, AnUnknownIcbIsNotFound) {
  EXPECT_THAT(Explain(SpecialisedExample(), IcbCode("QWO")),
              StatusIs(absl::StatusCode::kNotFound, "ICB_NOT_FOUND"));
}

TEST(Words, PoundsAndPercent) {
  EXPECT_EQ(PoundsInWords(Pence(55'791'600'000)), "£557,916,000.00");
  EXPECT_EQ(PoundsInWords(Pence(-2'962'350)), "-£29,623.50");
  EXPECT_EQ(PoundsInWords(Pence(99'999)), "£999.99");
  EXPECT_EQ(PoundsInWords(Pence(0)), "£0.00");
  EXPECT_EQ(PercentInWords(0.0528), "5.28%");
  EXPECT_EQ(PercentInWords(0.005), "0.50%");
  EXPECT_EQ(PercentInWords(-0.050651876), "-5.0652%");
  EXPECT_EQ(PercentInWords(-0.001017), "-0.1017%");
  EXPECT_EQ(PercentInWords(-1e-9), "0.00%");
  EXPECT_EQ(PercentInWords(1), "100.00%");
}

}  // namespace
}  // namespace specom::finance
