// Proves that every fault in baseline.csv and need.csv is reported at once with file, row, column
// and value, and that one fault is not reported twice.
#include "services/finance/domain/input_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/finance/domain/test_inputs.h"

namespace specom::finance {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kBaselineHeader[] = "icb,component,reason,amount_gbp\n";
constexpr char kNeedHeader[] = "icb,name,region,region_name,population,opening_need,closing_need\n";

// The policy of a stream with one component and a target.
AllocationPolicy SimplePolicy() {
  AllocationPolicy policy = SpecialisedExample().policy;
  policy.base_growth = {BaseGrowthMode::kUniform, 0.05, ""};
  policy.convergence.component = "";
  policy.components = {{"recurrent", ComponentTreatment::kInChain, 0}};
  return policy;
}

const char kGoodBaseline[] = "QOQ,recurrent,Opening,1000.00\nQKK,recurrent,Opening,2000.5\n";
const char kGoodNeed[] =
    "QOQ,Humber,Y63,North East and Yorkshire,1000,1,1\nQKK,South East London,Y56,London,,2,2\n";

struct Case {
  std::string baseline;
  std::string need;
  // "file row column value", in order.
  std::vector<std::string> expected;
};

std::vector<FileProblem> Problems(const std::string& baseline, const std::string& need) {
  const AllocationPolicy policy = SimplePolicy();
  std::vector<FileProblem> problems;
  ReadInputTables(&policy, absl::StrCat(kBaselineHeader, baseline), absl::StrCat(kNeedHeader, need),
                  problems);
  return problems;
}

std::vector<std::string> Places(const std::vector<FileProblem>& problems) {
  std::vector<std::string> places;
  for (const FileProblem& problem : problems) {
    places.push_back(absl::StrCat(problem.file, " ", problem.row, " ", problem.column, " ", problem.value));
    EXPECT_FALSE(problem.rule.empty());
  }
  return places;
}

TEST(InputFiles, ReadsWhatIsSound) {
  const AllocationPolicy policy = SimplePolicy();
  std::vector<FileProblem> problems;
  const InputSet inputs =
      ReadInputTables(&policy,
                      absl::StrCat("\xEF\xBB\xBF# a comment\r\n", kBaselineHeader,
                                   "QOQ,recurrent,\"Opening, as agreed\",-1000.5\r\n",
                                   "QOQ,recurrent,More,3000\nQKK,recurrent,Opening,2000\n"),
                      absl::StrCat(kNeedHeader, kGoodNeed), problems);
  ASSERT_THAT(problems, IsEmpty());
  EXPECT_EQ(inputs.policy, policy);
  EXPECT_EQ(inputs.baseline[0],
            (BaselineLine{IcbCode("QOQ"), "recurrent", "Opening, as agreed", Pence(-100'050)}));
  EXPECT_EQ(inputs.need[0], (NeedRow{IcbCode("QOQ"), "Humber", RegionCode("Y63"), "North East and Yorkshire",
                                     1000.0, 1.0, 1.0}));
  EXPECT_FALSE(inputs.need[1].population.has_value());
}

TEST(InputFiles, ProvenanceIsReadOverAndRegionNameMayBeMissing) {
  const AllocationPolicy policy = SimplePolicy();
  std::vector<FileProblem> problems;
  const InputSet inputs = ReadInputTables(
      &policy, "icb,component,reason,amount_gbp,provenance\nQOQ,recurrent,Opening,1,Sheet 4\n",
      "icb,name,region,opening_need,closing_need\nQOQ,Humber,Y63,1,\n", problems);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(inputs.need[0].region_name, "");
  EXPECT_FALSE(inputs.need[0].closing_need.has_value());
}

TEST(InputFiles, EveryFaultHasItsPlace) {
  const std::vector<Case> cases = {
      // Money.
      {"QOQ,recurrent,Opening,12x\nQKK,recurrent,Opening,1\n", kGoodNeed, {"baseline.csv 2 amount_gbp 12x"}},
      {"QOQ,recurrent,Opening,\nQKK,recurrent,Opening,1\n", kGoodNeed, {"baseline.csv 2 amount_gbp "}},
      {"QOQ,recurrent,Opening,1.005\nQKK,recurrent,Opening,1\n",
       kGoodNeed,
       {"baseline.csv 2 amount_gbp 1.005"}},
      {"QOQ,recurrent,Opening,\"1,000\"\nQKK,recurrent,Opening,1\n",
       kGoodNeed,
       {"baseline.csv 2 amount_gbp 1,000"}},
      {"QOQ,recurrent,Opening,£5\nQKK,recurrent,Opening,1\n", kGoodNeed, {"baseline.csv 2 amount_gbp £5"}},
      {"QOQ,recurrent,Opening,1e6\nQKK,recurrent,Opening,1\n", kGoodNeed, {"baseline.csv 2 amount_gbp 1e6"}},
      {"QOQ,recurrent,Opening,99999999999999999999\nQKK,recurrent,Opening,1\n",
       kGoodNeed,
       {"baseline.csv 2 amount_gbp 99999999999999999999"}},
      {"QOQ,recurrent,Opening,90000000000000000\nQKK,recurrent,Opening,1\n",
       kGoodNeed,
       {"baseline.csv 0 amount_gbp "}},
      {"QOQ,recurrent,Opening,nan\nQKK,recurrent,Opening,inf\n",
       kGoodNeed,
       {"baseline.csv 2 amount_gbp nan", "baseline.csv 3 amount_gbp inf"}},
      // A baseline that is not positive.
      {"QOQ,recurrent,Opening,0\nQKK,recurrent,Opening,1\n", kGoodNeed, {"baseline.csv 0 amount_gbp 0.00"}},
      {"QOQ,recurrent,Opening,5\nQOQ,recurrent,Cut,-6\nQKK,recurrent,Opening,1\n",
       kGoodNeed,
       {"baseline.csv 0 amount_gbp -1.00"}},
      // Codes, reasons, components.
      {"QOQ,recurrent,Opening,1\nQKK,recurrent,Opening,1\nQKK,recurrent,Opening,2\n",
       kGoodNeed,
       {"baseline.csv 4 reason Opening"}},
      {"QOQ,dental,Opening,1\nQOQ,recurrent,Opening,1\nQKK,recurrent,Opening,1\n",
       kGoodNeed,
       {"baseline.csv 2 component dental"}},
      {"QOQ,recurrent,,1\nQKK,recurrent,Opening,1\n", kGoodNeed, {"baseline.csv 2 reason "}},
      {"qoq,recurrent,Opening,1\nQOQ,recurrent,Opening,1\nQKK,recurrent,Opening,1\n",
       kGoodNeed,
       {"baseline.csv 2 icb qoq"}},
      {absl::StrCat(kGoodBaseline, "QWO,recurrent,Opening,1\n"), kGoodNeed, {"baseline.csv 4 icb QWO"}},
      {"QOQ,recurrent,Opening,1\n", kGoodNeed, {"need.csv 3 icb QKK"}},
      {"", kGoodNeed, {"baseline.csv 0  "}},
      // Need.
      {kGoodBaseline, "", {"need.csv 0  "}},
      {kGoodBaseline, "QOQ,H,Y63,N,1,nan,1\nQKK,S,Y56,L,,2,2\n", {"need.csv 2 opening_need nan"}},
      {kGoodBaseline, "QOQ,H,Y63,N,1,inf,1\nQKK,S,Y56,L,,2,2\n", {"need.csv 2 opening_need inf"}},
      {kGoodBaseline, "QOQ,H,Y63,N,1,-1,1\nQKK,S,Y56,L,,2,2\n", {"need.csv 2 opening_need -1"}},
      {kGoodBaseline,
       "QOQ,H,Y63,N,1,0,1\nQKK,S,Y56,L,,0,2\n",
       {"need.csv 2 opening_need 0", "need.csv 3 opening_need 0"}},
      {kGoodBaseline, "QOQ,H,Y63,N,1,1 000,1\nQKK,S,Y56,L,,2,2\n", {"need.csv 2 opening_need 1 000"}},
      {kGoodBaseline, "QOQ,H,Y63,N,1,1e999,1\nQKK,S,Y56,L,,2,2\n", {"need.csv 2 opening_need 1e999"}},
      {kGoodBaseline, "QOQ,H,Y63,N,1,,1\nQKK,S,Y56,L,,2,2\n", {"need.csv 2 opening_need "}},
      {kGoodBaseline, "QOQ,H,Y63,N,1,1,1\nQKK,S,Y56,L,,2,\n", {"need.csv 3 closing_need "}},
      {kGoodBaseline, "QOQ,H,Y63,N,1,1,x\nQKK,S,Y56,L,,2,2\n", {"need.csv 2 closing_need x"}},
      {kGoodBaseline, "QOQ,H,Y63,N,many,1,1\nQKK,S,Y56,L,,2,2\n", {"need.csv 2 population many"}},
      {kGoodBaseline, "QOQ,,Y63,N,1,1,1\nQKK,S,Y56,L,,2,2\n", {"need.csv 2 name "}},
      {kGoodBaseline, "QOQ,H,North,N,1,1,1\nQKK,S,Y56,L,,2,2\n", {"need.csv 2 region North"}},
      {kGoodBaseline, "QOQ,H,Y63,N,1,1,1\nQKK,S,Y63,L,,2,2\n", {"need.csv 3 region_name L"}},
      {kGoodBaseline, absl::StrCat(kGoodNeed, "QKK,S,Y56,London,,2,2\n"), {"need.csv 4 icb QKK"}},
      // Damage.
      {"QOQ,recurrent,Opening,1\nQKK,recurrent\n", kGoodNeed, {"baseline.csv 3  "}},
      {"QOQ,recurrent,\"Opening,1\nQKK,recurrent,Opening,1\n", kGoodNeed, {"baseline.csv 2  "}},
      {"QOQ,recurrent,\"two\nlines\",1\nQKK,recurrent,Opening,1\n",
       kGoodNeed,
       {"baseline.csv 2 reason two\nlines"}},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_THAT(Places(Problems(cases[i].baseline, cases[i].need)),
                ::testing::UnorderedElementsAreArray(cases[i].expected))
        << "case " << i;
  }
}

TEST(InputFiles, ReportsFaultsOfBothFilesAtOnce) {
  EXPECT_THAT(
      Places(
          Problems("QOQ,dental,Opening,1.234\nQKK,recurrent,,5\n", "QOQ,H,Y63,N,0,1,1\nQKK,S,X,L,,-2,2\n")),
      ::testing::UnorderedElementsAre("baseline.csv 2 component dental", "baseline.csv 2 amount_gbp 1.234",
                                      "baseline.csv 3 reason ", "need.csv 2 population 0",
                                      "need.csv 3 region X", "need.csv 3 opening_need -2"));
}

TEST(InputFiles, EmptyFilesSaySo) {
  const AllocationPolicy policy = SimplePolicy();
  std::vector<FileProblem> problems;
  ReadInputTables(&policy, "", "", problems);
  std::vector<std::string> places = Places(problems);
  EXPECT_THAT(places, ElementsAre("baseline.csv 0  ", "need.csv 0  "));
  EXPECT_THAT(problems[0].rule, HasSubstr("icb,component,reason,amount_gbp"));
}

TEST(InputFiles, WithoutAPolicyTheTablesAreStillRead) {
  std::vector<FileProblem> problems;
  ReadInputTables(nullptr,
                  absl::StrCat(kBaselineHeader, "QOQ,whatever,Opening,1.234\nQKK,recurrent,Opening,1\n"),
                  absl::StrCat(kNeedHeader, kGoodNeed), problems);
  EXPECT_THAT(Places(problems), ElementsAre("baseline.csv 2 amount_gbp 1.234"));
}

TEST(InputFiles, MissingRegionalRatesAndComponentsAreThePolicysOrTheFiles) {
  AllocationPolicy policy = SimplePolicy();
  policy.target = {};
  policy.convergence = {};
  policy.convergence.regional_rates = {{RegionCode("Y63"), 0.001}};
  policy.components.push_back({"drugs", ComponentTreatment::kTakenOut, 0.1});
  std::vector<FileProblem> problems;
  ReadInputTables(&policy, absl::StrCat(kBaselineHeader, kGoodBaseline), absl::StrCat(kNeedHeader, kGoodNeed),
                  problems);
  EXPECT_THAT(Places(problems),
              ElementsAre("baseline.csv 0 component drugs", "policy.json 0 convergence.regionalRates Y56"));
}

}  // namespace
}  // namespace specom::finance
