// Proves that the specom command alone, on a platform of its own, answers what its users ask.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "libs/base/csv.h"
#include "libs/base/money.h"
#include "tests/journeys/process.h"

namespace specom::journeys {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::SizeIs;

const std::vector<std::string> kAllocationColumns = {"icb",
                                                     "name",
                                                     "region",
                                                     "baseline_gbp",
                                                     "target_gbp",
                                                     "opening_distance",
                                                     "base_growth",
                                                     "distance_before_convergence",
                                                     "convergence",
                                                     "allocation_gbp",
                                                     "closing_distance",
                                                     "hcdd_gbp",
                                                     "physical_health_gbp",
                                                     "mental_health_gbp",
                                                     "adjustments_gbp",
                                                     "resource_allocation_gbp"};

std::string Joined(const std::vector<std::string>& values) {
  std::string line;
  AppendCsvLine(line, values);
  line.pop_back();
  return line;
}

CsvTable Parsed(const std::string& csv, const std::vector<std::string>& columns) {
  std::vector<FileProblem> problems;
  auto table = CsvTable::Parse("stdout", csv, columns, {}, problems);
  EXPECT_THAT(problems, IsEmpty());
  return table;
}

TEST(CommandJourney, TheSpecialisedAllocationsOf2025To26EqualThePublishedOnes) {
  Finished finished =
      RunProgram("specom", {"allocate", "--stream", "specialised", "--year", "2025/26", "--format", "csv"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("42 of 42 ICBs equal the published 2025/26 figures to the whole £k"));
  EXPECT_EQ(Lines(finished.out)[0], Joined(kAllocationColumns));
  CsvTable table = Parsed(finished.out, kAllocationColumns);
  ASSERT_EQ(table.size(), 42u);
  for (std::size_t row = 1; row < table.size(); ++row)
    EXPECT_LT(table.At(row - 1, "icb"), table.At(row, "icb"));
  std::size_t humber = 0;
  while (table.At(humber, "icb") != "QOQ") ++humber;
  EXPECT_EQ(table.At(humber, "allocation_gbp"), "557916000.00");
  EXPECT_EQ(table.At(humber, "baseline_gbp"), "526850685.37");
  EXPECT_EQ(table.At(humber, "closing_distance"), "-0.045754800819");
  EXPECT_EQ(table.At(humber, "region"), "North East and Yorkshire");
}

TEST(CommandJourney, EnglandIsSumsAndRatiosOfSums) {
  Finished finished = RunProgram("specom", {"allocate", "--by", "england", "--format", "csv"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  CsvTable table = Parsed(finished.out, kAllocationColumns);
  ASSERT_EQ(table.size(), 1u);
  EXPECT_EQ(table.At(0, "allocation_gbp"), "20724410000.00");
  EXPECT_EQ(table.At(0, "opening_distance"), "0.015800000000");
  EXPECT_EQ(table.At(0, "base_growth"), "0.052800000000");
}

TEST(CommandJourney, TheFiguresOfMergedIcbsStandWithTheirSuccessors) {
  // In pence, exactly, column by column.
  auto totals = [](const CsvTable& table) {
    std::map<std::string, Pence> sums;
    for (const char* column :
         {"baseline_gbp", "target_gbp", "allocation_gbp", "hcdd_gbp", "physical_health_gbp",
          "mental_health_gbp", "adjustments_gbp", "resource_allocation_gbp"}) {
      PenceSum sum;
      for (std::size_t row = 0; row < table.size(); ++row)
        sum.Add(Pence::ParsePounds(table.At(row, column)).value());
      sums[column] = sum.Total().value();
    }
    return sums;
  };
  Finished before = RunProgram("specom", {"allocate", "--by", "england", "--format", "csv"});
  ASSERT_EQ(before.code, 0) << before.err;
  Finished finished = RunProgram("specom", {"allocate", "--footprint", "2026-04-01", "--format", "csv"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  CsvTable table = Parsed(finished.out, kAllocationColumns);
  ASSERT_EQ(table.size(), 36u);
  EXPECT_EQ(totals(table), totals(Parsed(before.out, kAllocationColumns)));
  std::set<std::string> icbs;
  for (std::size_t row = 0; row < table.size(); ++row) icbs.insert(table.At(row, "icb"));
  EXPECT_THAT(icbs, IsSupersetOf({"ICB-CENTRAL-EAST", "ICB-ESSEX", "ICB-NORFOLK-SUFFOLK", "ICB-SURREY-SUSSEX",
                                  "ICB-THAMES-VALLEY", "ICB-WEST-NORTH-LONDON", "QOQ", "QRL"}));
  for (const char* replaced : {"QNQ", "QH8", "QJG"}) EXPECT_FALSE(icbs.contains(replaced)) << replaced;
  EXPECT_THAT(finished.err, AllOf(HasSubstr("2026-04-01"), HasSubstr("inferred"), Not(HasSubstr("of 42"))));

  Finished regions =
      RunProgram("specom", {"allocate", "--footprint", "2026-04-01", "--by", "region", "--format", "csv"});
  ASSERT_EQ(regions.code, 0) << regions.err;
  EXPECT_EQ(Parsed(regions.out, kAllocationColumns).size(), 7u);
  Finished no_date = RunProgram("specom", {"allocate", "--footprint", "April"});
  EXPECT_EQ(no_date.code, 2);
  EXPECT_THAT(no_date.err, HasSubstr("April"));
}

TEST(CommandJourney, CoreHasNoColumnsOfTheSpecialisedStream) {
  Finished finished =
      RunProgram("specom", {"allocate", "--stream", "core", "--by", "region", "--format", "csv"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("42 of 42 ICBs equal"));
  CsvTable table = Parsed(finished.out, kAllocationColumns);
  ASSERT_EQ(table.size(), 7u);
  EXPECT_EQ(table.At(0, "hcdd_gbp"), "");
  EXPECT_EQ(table.At(0, "mental_health_gbp"), "");
}

TEST(CommandJourney, ATableFitsTheTerminalAndEndsWithTheComparison) {
  Finished finished = RunProgram("specom", {"allocate"}, {{"COLUMNS", "80"}});
  ASSERT_EQ(finished.code, 0) << finished.err;
  for (const auto& line : Lines(finished.out)) {
    std::size_t width = 0;
    for (char c : line) width += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    EXPECT_LE(width, 80u) << line;
  }
  EXPECT_THAT(Lines(finished.out).back(), HasSubstr("42 of 42"));
}

TEST(CommandJourney, ExplainShowsTheLedgerAndEveryStep) {
  Finished finished = RunProgram("specom", {"explain", "--icb", "QOQ"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out,
              AllOf(HasSubstr("Baseline ledger"), HasSubstr("convergence"), HasSubstr("£557,916,000.00")));
  Finished unknown = RunProgram("specom", {"explain", "--icb", "QXX"});
  EXPECT_NE(unknown.code, 0);
  EXPECT_THAT(unknown.err, HasSubstr("QXX"));
}

TEST(CommandJourney, ProjectSaysYearsToTarget) {
  Finished finished = RunProgram("specom", {"project", "--years", "10", "--format", "csv"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(Lines(finished.out), SizeIs(43));
  EXPECT_THAT(Lines(finished.out)[0], HasSubstr("years_to_target"));
}

TEST(CommandJourney, CompareFindsARunEqualToItself) {
  Finished finished =
      RunProgram("specom", {"compare", "specialised:2025/26", "specialised:2025/26", "--format", "csv"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  for (std::size_t i = 1; i < Lines(finished.out).size(); ++i) {
    EXPECT_THAT(Lines(finished.out)[i], HasSubstr(",0.00,0.000000000000,"));
  }
}

// For each form, the distinct services and the distinct ICBs that hold at least one.
struct Held {
  std::set<std::string> services, icbs;
};

std::map<std::string, Held> HeldOn(const std::string& date) {
  Finished finished = RunProgram("specom", {"portfolio", "delegations", "--as-of", date, "--format", "csv"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  CsvTable table = Parsed(finished.out, {"icb", "service", "service_line", "form", "agreement",
                                         "effective_from", "effective_to"});
  std::map<std::string, Held> held;
  for (std::size_t row = 0; row < table.size(); ++row) {
    held[table.At(row, "form")].services.insert(table.At(row, "service"));
    held[table.At(row, "form")].icbs.insert(table.At(row, "icb"));
  }
  return held;
}

TEST(CommandJourney, TheRegistryKnowsWhoCommissionedWhatWhen) {
  auto joint_year = HeldOn("2023-06-01");
  EXPECT_THAT(joint_year["joint"].services, SizeIs(59));
  EXPECT_THAT(joint_year["joint"].icbs, SizeIs(42));
  EXPECT_FALSE(joint_year.contains("delegated"));

  auto first_wave = HeldOn("2024-06-01");
  EXPECT_THAT(first_wave["delegated"].services, SizeIs(59));
  EXPECT_THAT(first_wave["delegated"].icbs, SizeIs(20));
  EXPECT_THAT(first_wave["joint"].services, SizeIs(59));
  EXPECT_THAT(first_wave["joint"].icbs, SizeIs(22));

  auto everywhere = HeldOn("2025-06-01");
  EXPECT_THAT(everywhere["delegated"].services, SizeIs(70));
  EXPECT_THAT(everywhere["delegated"].icbs, SizeIs(42));
  EXPECT_FALSE(everywhere.contains("joint"));
}

TEST(CommandJourney, SeventyServicesAreDelegatedAndNoneIsHighlySpecialised) {
  Finished finished = RunProgram("specom", {"portfolio", "services", "--as-of", "2025-06-01", "--status",
                                            "delegated", "--format", "csv"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  CsvTable table = Parsed(finished.out, {"service", "name", "programme", "highly_specialised", "status"});
  ASSERT_EQ(table.size(), 70u);
  for (std::size_t row = 0; row < table.size(); ++row) {
    EXPECT_EQ(table.At(row, "highly_specialised"), "false");
    EXPECT_EQ(table.At(row, "status"), "delegated");
  }
}

TEST(CommandJourney, ARegionalReportHasARowForEveryIcbAndTheRegion) {
  Finished finished =
      RunProgram("specom", {"report", "region", "--region", "Y60", "--year", "2025/26", "--format", "csv"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  auto lines = Lines(finished.out);
  ASSERT_THAT(lines, SizeIs(1 + 11 + 1));
  EXPECT_THAT(lines.back(), AllOf(HasSubstr("Midlands"), HasSubstr("3813494000.00")));
  EXPECT_THAT(lines[1], HasSubstr(",70,0"));
}

TEST(CommandJourney, EveryProblemInTheInputsIsNamedAndNothingIsImported) {
  TemporaryFolder folder;
  WriteFile(folder.Path("baseline.csv"),
            "icb,component,reason,amount_gbp\nQOQ,recurrent,Opening,12x\nQOQ,unheard_of,Opening,1.00\n");
  WriteFile(folder.Path("need.csv"),
            "icb,name,region,population,opening_need,closing_need\nQOQ,Humber,Y63,1000,-1,2\n");
  WriteFile(folder.Path("policy.json"), "{\"stream\": \"core\", \"colour\": 1}");
  Finished finished =
      RunProgram("specom", {"allocate", "--stream", "core", "--inputs", folder.path(), "--format", "csv"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_EQ(finished.out, "");
  EXPECT_THAT(finished.err,
              AllOf(HasSubstr("baseline.csv row 2, column amount_gbp, value \"12x\""),
                    HasSubstr("need.csv row 2, column opening_need, value \"-1\""), HasSubstr("policy.json"),
                    HasSubstr("colour"), HasSubstr("nothing was imported")));
}

TEST(CommandJourney, YourOwnInputsAreForTheStreamAndYearOfTheirPolicy) {
  std::string example = RequiredEnvironment("SPECOM_SOURCE_DIR") + "/services/finance/reference/example";
  Finished own = RunProgram("specom", {"allocate", "--inputs", example, "--format", "csv"});
  EXPECT_EQ(own.code, 0) << own.err;
  EXPECT_THAT(Lines(own.out), SizeIs(1 + 3));
  Finished other = RunProgram("specom", {"allocate", "--inputs", example, "--year", "2025/26"});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("is for specialised 2026/27"));
}

TEST(CommandJourney, AMissingFolderAndAWrongWordAreNamedWithTheRemedy) {
  Finished missing = RunProgram("specom", {"allocate", "--inputs", "/nonexistent"});
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.err, AllOf(HasSubstr("baseline.csv"), HasSubstr("need.csv"), HasSubstr("policy.json")));
  Finished wrong = RunProgram("specom", {"allocate", "--by", "village"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("region"));
  Finished nobody = RunProgram("specom", {"allocate", "--endpoint", "127.0.0.1:1"});
  EXPECT_EQ(nobody.code, 1);
  EXPECT_THAT(nobody.err, HasSubstr("127.0.0.1:1"));
}

TEST(CommandJourney, TheRunCommandPrintsTheAllocationsAndCanBeRepeated) {
  for (int time = 0; time < 2; ++time) {
    Finished finished = RunProgram(RequiredEnvironment("SPECOM_SOURCE_DIR") + "/tools/run", {"--once"});
    ASSERT_EQ(finished.code, 0) << finished.err;
    EXPECT_EQ(Lines(finished.out).back(),
              "42 of 42 ICBs equal the published 2025/26 figures to the whole £k");
    EXPECT_THAT(finished.out, HasSubstr("Published by director."));
  }
}

TEST(CommandJourney, HelpShowsExamples) {
  for (const char* command : {"allocate", "explain", "project", "compare", "dev", "migrate", "doctor"}) {
    Finished finished = RunProgram("specom", {command, "--help"});
    EXPECT_EQ(finished.code, 0) << command;
    EXPECT_THAT(finished.out, HasSubstr("Example")) << command;
  }
}

}  // namespace
}  // namespace specom::journeys
