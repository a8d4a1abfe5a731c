// Proves that policies are read strictly: every fault with its line and JSON path, all at once, and
// that what is written is read back the same.
#include "services/finance/adapters/inputs/policy_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/finance/domain/test_inputs.h"
#include "specom/finance/v1/policy.pb.h"

namespace specom::finance {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// One key on a line, so that lines can be told.
constexpr char kPolicy[] = R"({
  "stream": "specialised",
  "financialYear": "2025/26",
  "target": {
    "basis": "TARGET_BASIS_SHARE_OF_QUANTUM",
    "nationalDistance": 0.0158
  },
  "baseGrowth": {
    "mode": "BASE_GROWTH_MODE_COMPOSITE",
    "rate": 0.0528,
    "residualComponent": "physical_health"
  },
  "convergence": {
    "overTarget": {"cap": 0.005, "taperDistance": 0.025},
    "underTarget": {"cap": 0.004, "taperDistance": 0.02},
    "distance": "CONVERGENCE_DISTANCE_BEFORE_CONVERGENCE",
    "component": "physical_health"
  },
  "combination": "COMBINATION_MULTIPLICATIVE",
  "roundingUnitPence": 100000,
  "components": [
    {"component": "physical_health", "treatment": "COMPONENT_TREATMENT_IN_CHAIN"},
    {"component": "high_cost_drugs", "treatment": "COMPONENT_TREATMENT_TAKEN_OUT", "growth": 0.0866}
  ],
  "notes": ["A note"]
})";

std::string Replaced(const char* from, const char* to) {
  std::string text = absl::StrReplaceAll(kPolicy, {{from, to}});
  EXPECT_NE(text, kPolicy) << from;
  return text;
}

std::vector<FileProblem> Problems(const std::string& json) {
  std::vector<FileProblem> problems;
  EXPECT_FALSE(ReadPolicyJson("policy.json", json, problems).has_value());
  return problems;
}

TEST(PolicyJson, ReadsWhatIsSound) {
  std::vector<FileProblem> problems;
  auto policy = ReadPolicyJson("policy.json", kPolicy, problems);
  ASSERT_TRUE(policy.has_value()) << ToString(problems.front());
  EXPECT_EQ(policy->stream, "specialised");
  EXPECT_EQ(policy->financial_year.ToString(), "2025/26");
  EXPECT_EQ(policy->target.basis, TargetBasis::kShareOfQuantum);
  EXPECT_EQ(policy->target.national_distance, 0.0158);
  EXPECT_EQ(policy->base_growth, (BaseGrowthRule{BaseGrowthMode::kComposite, 0.0528, "physical_health"}));
  EXPECT_EQ(policy->convergence.over_target, (ConvergenceSide{0.005, 0.025}));
  EXPECT_EQ(policy->convergence.under_target, (ConvergenceSide{0.004, 0.02}));
  EXPECT_EQ(policy->convergence.component, "physical_health");
  EXPECT_EQ(policy->rounding_unit_pence, 100'000);
  EXPECT_EQ(policy->components[1], (ComponentRule{"high_cost_drugs", ComponentTreatment::kTakenOut, 0.0866}));
  EXPECT_EQ(policy->notes, std::vector<std::string>{"A note"});
}

TEST(PolicyJson, TakesTheProtosNamesAndQuotedIntegers) {
  std::vector<FileProblem> problems;
  const std::string json = absl::StrReplaceAll(
      kPolicy, {{"financialYear", "financial_year"},
                {"nationalDistance\": 0.0158", "opening_quantum_pence\": \"11004000000000\""},
                {"taperDistance", "taper_distance"},
                {"\"roundingUnitPence\": 100000", "\"rounding_unit_pence\": \"100000\""}});
  auto policy = ReadPolicyJson("policy.json", "\xEF\xBB\xBF" + json, problems);
  ASSERT_TRUE(policy.has_value()) << ToString(problems.front());
  EXPECT_EQ(policy->target.opening_quantum, Pence(11'004'000'000'000));
  EXPECT_EQ(policy->rounding_unit_pence, 100'000);
}

TEST(PolicyJson, ADistanceOfZeroIsGiven) {
  std::vector<FileProblem> problems;
  auto policy = ReadPolicyJson("policy.json", Replaced("0.0158", "0"), problems);
  ASSERT_TRUE(policy.has_value());
  EXPECT_EQ(policy->target.national_distance, 0.0);
}

TEST(PolicyJson, EveryFaultHasItsLineAndPath) {
  struct Case {
    std::string json;
    int row;
    std::string path;
    std::string rule;
  };
  const std::vector<Case> cases = {
      {"", 0, "", "empty"},
      {"  \n ", 0, "", "empty"},
      {"[]", 1, "", "a JSON object"},
      {"{\n\"stream\": \"specialised\",\n}", 3, "", "not valid JSON"},
      {"{\"stream\": \"specialised\"", 1, "", "not valid JSON"},
      {std::string(100, '[') + std::string(100, ']'), 0, "", "nested far too deeply"},
      {Replaced("\"notes\"", "\"stream\""), 25, "stream", "stands twice"},
      {Replaced("\"residualComponent\"", "\"rate\""), 11, "baseGrowth.rate", "stands twice"},
      {Replaced("\"notes\": [\"A note\"]", "\"financial_year\": \"2025/26\""), 25, "financialYear",
       "stands twice, as"},
      {Replaced("\"rate\"", "\"rates\""), 10, "baseGrowth.rates", "not known; the keys here are mode, rate"},
      {Replaced("\"notes\"", "\"remarks\""), 25, "remarks", "not known"},
      {Replaced("0.0528", "\"5.28%\""), 10, "baseGrowth.rate", "must be a number"},
      {Replaced("0.0528", "null"), 10, "baseGrowth.rate", "must be a number"},
      {Replaced("0.0528", "5.28"), 10, "baseGrowth.rate", "ratio"},
      {Replaced("0.0528", "1e999"), 10, "", "not valid JSON"},
      {Replaced("\"specialised\"", "7"), 2, "stream", "text in quotes"},
      {Replaced("100000", "0.5"), 20, "roundingUnitPence", "whole number"},
      {Replaced("100000", "99999999999999999999"), 20, "roundingUnitPence", "whole number"},
      {Replaced("100000", "true"), 20, "roundingUnitPence", "whole number"},
      {Replaced("100000", "0"), 20, "roundingUnitPence", "from 1"},
      {Replaced("BASE_GROWTH_MODE_COMPOSITE", "COMPOSITE"), 9, "baseGrowth.mode", "BASE_GROWTH_MODE_UNIFORM"},
      {Replaced("\"COMBINATION_MULTIPLICATIVE\"", "2"), 19, "combination", "must be one of"},
      {Replaced("COMBINATION_MULTIPLICATIVE", "COMBINATION_UNSPECIFIED"), 19, "combination",
       "must be one of"},
      {Replaced("  \"combination\": \"COMBINATION_MULTIPLICATIVE\",\n", ""), 0, "combination",
       "must be given"},
      {Replaced("\"nationalDistance\": 0.0158", "\"nationalDistance\": 0.0158, \"openingQuantumPence\": 5"),
       6, "", "stands beside"},
      {Replaced("[\"A note\"]", "\"A note\""), 25, "notes", "must be a list"},
      {Replaced("[\"A note\"]", "[7]"), 25, "notes[0]", "text in quotes"},
      {Replaced("{\"cap\": 0.005, \"taperDistance\": 0.025}", "0.005"), 14, "convergence.overTarget",
       "must be an object"},
      {Replaced("\"cap\": 0.004", "\"cap\": -0.004"), 15, "convergence.underTarget.cap", "from 0"},
      {Replaced("0.0866", "8.66"), 23, "components[1].growth", "ratio"},
      {Replaced("\"component\": \"high_cost_drugs\"", "\"component\": \"Drugs\""), 23,
       "components[1].component", "lower-case"},
      {Replaced("2025/26", "2025/27"), 3, "financialYear", "financial year"},
      {Replaced("\"stream\": \"specialised\"",
                "\"stream\": \"specialised\", \"name\": \"policies/core-2025-26\""),
       2, "name", "policies/specialised-2025-26"},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const std::vector<FileProblem> problems = Problems(cases[i].json);
    bool found = false;
    for (const FileProblem& problem : problems) {
      found = found ||
              (problem.row == cases[i].row && (cases[i].path.empty() || problem.column == cases[i].path) &&
               problem.rule.find(cases[i].rule) != std::string::npos);
    }
    EXPECT_TRUE(found) << "case " << i << ", which gives "
                       << (problems.empty() ? "nothing" : ToString(problems.front()));
  }
}

TEST(PolicyJson, ReportsEverythingAtOnceAndEachOnce) {
  std::string json = absl::StrReplaceAll(kPolicy, {{"\"specialised\"", "7"},
                                                   {"0.0528", "\"x\""},
                                                   {"\"cap\": 0.005", "\"cap\": 5"},
                                                   {"COMBINATION_MULTIPLICATIVE", "TIMES"},
                                                   {"\"notes\"", "\"remarks\""}});
  std::vector<std::string> places;
  for (const FileProblem& problem : Problems(json)) {
    EXPECT_EQ(problem.file, "policy.json");
    places.push_back(absl::StrCat(problem.row, " ", problem.column, " ", problem.value));
  }
  EXPECT_THAT(places,
              UnorderedElementsAre("2 stream 7", "10 baseGrowth.rate x", "14 convergence.overTarget.cap ",
                                   "19 combination TIMES", "25 remarks "));
}

TEST(PolicyJson, DeepNestingAndOddBytesAreOnlyProblems) {
  EXPECT_THAT(Problems(std::string(200'000, '{')), SizeIs(1));
  EXPECT_THAT(Problems("{\"stream\": \"\xFF\xFE\"}"), ::testing::Not(IsEmpty()));
  EXPECT_THAT(Problems(std::string("{\"stream\": \"a\0b\"}", 17)), ::testing::Not(IsEmpty()));
}

RC_GTEST_PROP(PolicyJson, WhatIsWrittenIsReadBack, ()) {
  const AllocationPolicy policy = (*SoundInputs()).policy;
  std::vector<FileProblem> problems;
  auto read = ReadPolicyJson("policy.json", WritePolicyJson(policy), problems);
  RC_ASSERT(problems.empty());
  RC_ASSERT(*read == policy);
}

TEST(PolicyJson, ProtosGoThereAndBack) {
  AllocationPolicy policy = SpecialisedExample().policy;
  policy.target = {TargetBasis::kNone, std::nullopt, std::nullopt};
  policy.base_growth = {BaseGrowthMode::kUniform, 0.03, ""};
  policy.convergence = {};
  policy.convergence.regional_rates = {{RegionCode("Y63"), -0.001}, {RegionCode("Y60"), 0}};
  std::vector<FieldViolation> violations;
  EXPECT_EQ(FromProto(ToProto(policy), violations), policy);
  EXPECT_THAT(violations, IsEmpty());
}

TEST(PolicyJson, AnEmptyProtoSaysWhatIsMissing) {
  std::vector<FieldViolation> violations;
  FromProto(v1::AllocationPolicy(), violations);
  std::vector<std::string> fields;
  for (const FieldViolation& violation : violations) fields.push_back(violation.field);
  EXPECT_THAT(fields,
              UnorderedElementsAre("financialYear", "target.basis", "baseGrowth.mode", "combination"));
}

}  // namespace
}  // namespace specom::finance
