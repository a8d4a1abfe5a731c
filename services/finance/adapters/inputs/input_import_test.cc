// Proves that a folder of inputs is imported all or nothing, with every problem of all three files,
// up to a limit; and that what ships with the platform is sound.
#include "services/finance/adapters/inputs/input_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/testing/status_matchers.h"
#include "services/finance/adapters/inputs/reference_packs.h"
#include "services/finance/domain/allocation.h"
#include "services/finance/domain/explain.h"
#include "services/finance/domain/projection.h"
#include "services/finance/reference/finance_reference.h"

namespace specom::finance {
namespace {

using ::specom::testing::IsOk;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string_view File(std::string_view path) {
  for (const EmbeddedFile& file : finance_reference()) {
    if (file.path == path) return file.content;
  }
  ADD_FAILURE() << "no file " << path;
  return {};
}

TEST(ImportInputs, TheExampleRuns) {
  const ImportOutcome outcome =
      ImportInputFiles(File("example/baseline.csv"), File("example/need.csv"), File("example/policy.json"));
  ASSERT_TRUE(outcome.inputs.has_value()) << ToString(outcome.problems.front());
  auto result = Allocate(*outcome.inputs);
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->icbs.size(), 3u);
  EXPECT_EQ(result->regions.size(), 2u);
  EXPECT_THAT(Project(*outcome.inputs, 10), IsOk());
}

TEST(ImportInputs, EveryFileIsReadWhateverIsWrongInAnother) {
  const ImportOutcome outcome = ImportInputFiles(
      "icb,component,reason,amount_gbp\nQOQ,physical_health,Opening,1.234\n",
      "icb,name,region,opening_need,closing_need\nQOQ,Humber,Y63,-1,\n", "{\"stream\": 5, \"extra\": 1}");
  EXPECT_FALSE(outcome.inputs.has_value());
  std::vector<std::string> files;
  for (const FileProblem& problem : outcome.problems) files.push_back(problem.file);
  EXPECT_TRUE(std::is_sorted(files.begin(), files.end()));
  files.erase(std::unique(files.begin(), files.end()), files.end());
  EXPECT_THAT(files, ::testing::ElementsAre("baseline.csv", "need.csv", "policy.json"));
  EXPECT_EQ(outcome.further_problems, 0u);
}

TEST(ImportInputs, ProblemsAreCountedBeyondTheLimit) {
  std::string baseline = "icb,component,reason,amount_gbp\n";
  for (int i = 0; i < 12'345; ++i) absl::StrAppend(&baseline, "QE1,physical_health,Line ", i, ",wrong\n");
  const ImportOutcome outcome = ImportInputFiles(baseline, File("specialised-2025-26/need.csv"),
                                                 File("specialised-2025-26/policy.json"));
  EXPECT_FALSE(outcome.inputs.has_value());
  EXPECT_THAT(outcome.problems, SizeIs(kMaxInputProblems));
  // The 41 ICBs without a line are among them.
  EXPECT_EQ(outcome.further_problems, 12'345u + 41u - kMaxInputProblems);
}

TEST(ReferenceData, HasEveryPublishedStreamYear) {
  auto data = LoadReferenceData();
  ASSERT_THAT(data, IsOk());
  std::vector<std::string> slugs;
  for (const auto& [slug, policy] : data->policies) {
    slugs.push_back(slug);
    EXPECT_FALSE(policy.title.empty()) << slug;
    EXPECT_NE(policy.source.find("NHS England"), std::string::npos) << slug;
    EXPECT_FALSE(policy.notes.empty()) << slug;
  }
  EXPECT_THAT(slugs, ::testing::ElementsAre("core-2023-24", "core-2024-25", "core-2025-26",
                                            "other-primary-care-2023-24", "other-primary-care-2024-25",
                                            "pharmacy-optometry-dental-2025-26", "primary-medical-2023-24",
                                            "primary-medical-2024-25", "primary-medical-2025-26",
                                            "specialised-2025-26", "specialised-mental-health-2025-26"));
}

TEST(ReferenceData, PacksStandOnTheShippedPolicies) {
  const ReferenceData data = LoadReferenceData().value();
  ASSERT_THAT(data.packs, SizeIs(2));
  for (const auto& [slug, pack] : data.packs) {
    EXPECT_EQ(pack.inputs.policy, data.policies.at(slug)) << slug;
    EXPECT_EQ(pack.inputs.need.size(), 42u) << slug;
    // Every column of the baseline's construction is a line of every ICB.
    const std::size_t lines = slug == "core-2025-26" ? 23 : 13;
    EXPECT_EQ(pack.inputs.baseline.size(), 42 * lines) << slug;
    for (const NeedRow& row : pack.inputs.need) {
      auto explanation = Explain(pack.inputs, row.icb);
      ASSERT_THAT(explanation, IsOk());
      EXPECT_EQ(explanation->baseline_lines.size(), lines);
    }
  }
}

TEST(ReferenceData, SpecialisedReachesTargetSlowly) {
  const ReferenceData data = LoadReferenceData().value();
  const InputSet& inputs = data.packs.at("specialised-2025-26").inputs;
  const Projection projection = Project(inputs, 10).value();
  const auto at_target =
      std::count_if(projection.rows.begin(), projection.rows.end(),
                    [](const ProjectionRow& row) { return row.years_to_target.has_value(); });
  EXPECT_GT(at_target, 0);
  EXPECT_LT(at_target, 42);
  // South East London starts 21% over target.
  for (const ProjectionRow& row : projection.rows) {
    if (row.icb.value() != "QKK") continue;
    EXPECT_FALSE(row.years_to_target.has_value());
  }
}

}  // namespace
}  // namespace specom::finance
