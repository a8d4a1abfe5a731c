// Proves that files of records are read exactly, that a bad file gets every error at once with its
// place, and that an import adds what is new and nothing else.
#include "services/portfolio/domain/record_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "services/portfolio/domain/pack_for_tests.h"
#include "services/portfolio/domain/record_columns.h"

namespace specom::portfolio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kProgrammeHeader[] = "letter,name,note,effective_from,effective_to,provenance,inferred\n";
const absl::Time kNow = Day("2026-11-20").StartOfDayUtc();

// The problems of the files, checked against the pack, in words.
std::vector<std::string> ProblemsOf(std::vector<RecordFile> files) {
  std::vector<FileProblem> problems;
  ParsedFiles parsed = ParseRecordFiles(files, problems);
  ImportPlan plan = PlanImport(*PackRegistry(), parsed.records, kNow);
  auto after = PackRegistry()->With(std::move(plan.records), 2, kNow);
  CheckReferences(parsed, *after, Day("2026-11-20"), problems);
  std::vector<std::string> words;
  for (const auto& problem : problems) words.push_back(ToString(problem));
  return words;
}

TEST(ReferencePackFilesTest, KeepEveryRule) {
  EXPECT_THAT(ProblemsOf(PackFiles()), IsEmpty());
}

TEST(ReferencePackFilesTest, NameWhereEveryFactComesFrom) {
  std::vector<FileProblem> problems;
  ParsedFiles parsed = ParseRecordFiles(PackFiles(), problems);
  EXPECT_THAT(problems, IsEmpty());
  Records::ForEachKind(parsed.records, [](const auto& list) {
    for (const auto& record : list) EXPECT_FALSE(record.provenance.empty()) << record.id;
  });
}

TEST(ReferencePackFilesTest, SurviveBeingWrittenAsColumns) {
  std::vector<FileProblem> problems;
  ParsedFiles parsed = ParseRecordFiles(PackFiles(), problems);
  Records::ForEachKind(parsed.records, []<class T>(const std::vector<Record<T>>& list) {
    for (const auto& record : list) {
      std::vector<ColumnProblem> lost;
      EXPECT_TRUE(FromColumns<T>(ToColumns(record), lost).SaysTheSameAs(record)) << record.id;
      EXPECT_THAT(lost, IsEmpty());
    }
  });
}

TEST(ReferencePackFilesTest, HoldEveryKindThatIsPublished) {
  std::vector<FileProblem> problems;
  ParsedFiles parsed = ParseRecordFiles(PackFiles(), problems);
  std::set<std::string> empty;
  Records::ForEachKind(parsed.records, [&]<class T>(const std::vector<Record<T>>& list) {
    if (list.empty()) empty.insert(ColumnNames<T>().front());
  });
  EXPECT_THAT(empty, ElementsAre("assessment", "eligibility", "specification"));
  EXPECT_EQ(parsed.records.assessment_criteria.size(), 19u);
  int suitability = 0;
  for (const auto& criterion : parsed.records.assessment_criteria) {
    suitability += criterion.value.aspect == AssessmentAspect::kSuitability ? 1 : 0;
  }
  EXPECT_EQ(suitability, 6);
}

TEST(PlanImportTest, AddsNothingThatIsKnown) {
  std::vector<FileProblem> problems;
  ParsedFiles parsed = ParseRecordFiles(PackFiles(), problems);
  ImportPlan plan = PlanImport(*PackRegistry(), parsed.records, kNow);
  EXPECT_EQ(plan.added, 0);
  EXPECT_EQ(plan.superseded, 0);
  EXPECT_EQ(plan.unchanged, static_cast<int>(parsed.records.size()));
  EXPECT_EQ(plan.records.size(), 0u);
}

TEST(PlanImportTest, TakesTheDayOfDecisionAsTheTimeOfLearningInANewRegistry) {
  const auto* decision = &PackRegistry()->decisions().Versions("nhse-board-2023-12-delegation")[0];
  EXPECT_EQ(decision->recorded_at, Day("2023-12-07").StartOfDayUtc());
  EXPECT_EQ(PackRegistry()->organisations().Versions("ICB-ESSEX")[0].recorded_at,
            Day("2026-04-01").StartOfDayUtc());
}

TEST(PlanImportTest, SupersedesWhatWasKnownOtherwise) {
  std::vector<FileProblem> problems;
  std::string content = std::string(kProgrammeHeader) +
                        "B,Cancer and haematology,,2013-04-01,,test,N\n"
                        "B,Cancer,,2026-12-01,,test,N\n"
                        "H,Digital,,2026-12-01,,test,Y\n";
  ParsedFiles parsed = ParseRecordFiles(std::vector<RecordFile>{{"programmes.csv", content}}, problems);
  ASSERT_THAT(problems, IsEmpty());
  ImportPlan plan = PlanImport(*PackRegistry(), parsed.records, kNow);
  EXPECT_EQ(plan.added, 2);
  EXPECT_EQ(plan.superseded, 1);
  auto after = PackRegistry()->With(plan.records, 2, kNow);
  EXPECT_EQ(after->programmes().At("B", {Day("2026-11-30"), kNow})->value.name, "Cancer and haematology");
  EXPECT_EQ(after->programmes().At("B", {Day("2026-12-01"), kNow})->value.name, "Cancer");
  EXPECT_EQ(after->programmes().At("B", {Day("2026-12-01"), kNow - absl::Seconds(1)})->value.name, "Cancer");
  EXPECT_EQ(after->programmes().At("B", {Day("2020-01-01"), kNow - absl::Seconds(1)})->version, 1);
  EXPECT_EQ(after->programmes().SpanAround(*after->programmes().At("B", {Day("2020-01-01"), kNow}),
                                           {Day("2020-01-01"), kNow}),
            (DateSpan{Day("2013-04-01"), Day("2026-11-30")}));
}

TEST(PlanImportTest, LeavesAloneWhatWasCorrectedWhenAsked) {
  std::vector<FileProblem> problems;
  std::string corrected = std::string(kProgrammeHeader) + "B,Cancers,,2013-04-01,,test,N\n";
  auto parse = [&](const std::string& content) {
    return ParseRecordFiles(std::vector<RecordFile>{{"programmes.csv", content}}, problems).records;
  };
  auto after = PackRegistry()->With(PlanImport(*PackRegistry(), parse(corrected), kNow).records, 2, kNow);
  auto again = parse(std::string(kProgrammeHeader) + "B,Cancer services,,2013-04-01,,test,N\n");
  EXPECT_EQ(PlanImport(*after, again, kNow, true).superseded, 0);
  EXPECT_EQ(PlanImport(*after, again, kNow, false).superseded, 1);
  EXPECT_EQ(PlanImport(*PackRegistry(), again, kNow, true).superseded, 1);
}

TEST(RecordFilesTest, TellEveryErrorWithItsPlace) {
  std::string content = std::string(kProgrammeHeader) +
                        "H,,,2026-13-01,,test,N\n"
                        "I,Name,,2026-04-01,2026-03-31,,maybe\n"
                        "J,Name,,2026-04-01,,test,N\n"
                        "J,Name,,2026-04-01,,test,N\n";
  EXPECT_THAT(
      ProblemsOf({{"programmes.csv", content}, {"stuff.csv", "a\n"}}),
      ElementsAre(
          "programmes.csv row 2, column effective_from, value \"2026-13-01\": write a date as 2024-04-01",
          "programmes.csv row 2, column name: a value is needed",
          "programmes.csv row 3, column effective_to, value \"2026-03-31\": the last day lies before the "
          "first day",
          "programmes.csv row 3, column provenance: a value is needed",
          "programmes.csv row 3, column inferred, value \"maybe\": write Y or N",
          "programmes.csv row 5, column letter, value \"J\": the record stands twice with this first day; "
          "remove one",
          HasSubstr("stuff.csv: no such file is known; the files are organisations.csv, successions.csv")));
}

TEST(RecordFilesTest, TellAMissingColumnOnce) {
  EXPECT_THAT(
      ProblemsOf({{"programmes.csv", "letter,name,note,effective_from,effective_to,provenance\nH,,,,,\n"}}),
      ElementsAre("programmes.csv row 1, column inferred: the column is missing from the header"));
}

TEST(RecordFilesTest, ReadEveryKindOfValue) {
  std::string lines =
      "code,name,kind,service,service_inferred,programme,clinical_reference_groups,highly_specialised,"
      "grouping,"
      "statuses,effective_from,effective_to,provenance,inferred\n"
      "X1,Name,servce,PSS-999,N,Cancr,B02;Z99,N,Acute,2025/27=GREEN;2024/25=PINK;x,2026-04-01,,test,N\n"
      "X2,Name,service,PSS-999,N,Cancr,B02;Z99,N,Acute,2025/26=GREEN,2026-04-01,,test,N\n";
  EXPECT_THAT(
      ProblemsOf({{"service_lines.csv", lines}}),
      ElementsAre(
          "service_lines.csv row 2, column kind, value \"servce\": write one of service, top_up, network, "
          "retired or not_attributable",
          HasSubstr("write \"x\" as name=value"),
          HasSubstr("write the financial year \"2025/27\" as 2025/26"),
          HasSubstr("the colour \"PINK\" is not GREEN"),
          "service_lines.csv row 3, column programme, value \"Cancr\": no programme of care with this name "
          "is "
          "known",
          "service_lines.csv row 3, column clinical_reference_groups, value \"Z99\": no clinical reference "
          "group with this code is known",
          "service_lines.csv row 3, column service, value \"PSS-999\": no service with this id is known"));
}

TEST(RecordFilesTest, RefuseSuccessionsThatDoNotAddUpOrGoInCircles) {
  std::string header = "predecessor,successor,share,basis,date,provenance,inferred\n";
  EXPECT_THAT(ProblemsOf({{"successions.csv", header + "QOQ,QF7,0.5,half,2027-04-01,test,N\n"}}),
              ElementsAre(HasSubstr("the parts of QOQ add up to 0.500000 and must add up to 1")));
  EXPECT_THAT(ProblemsOf({{"successions.csv", header + "QOQ,QF7,1,whole,2027-04-01,test,N\n"
                                                       "QF7,QOQ,1,whole,2028-04-01,test,N\n"}}),
              ElementsAre(HasSubstr("leads back to QOQ"), HasSubstr("leads back to QF7")));
  EXPECT_THAT(ProblemsOf({{"successions.csv", header + "QOQ,QOQ,1.5,whole,2027-04-01,test,N\n"}}),
              ElementsAre(HasSubstr("column share, value \"1.5\""), HasSubstr("cannot succeed itself")));
}

constexpr char kSpecificationHeader[] =
    "specification,service,kind,title,version,clinical_reference_group,published_on,review_on,"
    "effective_from,effective_to,provenance,inferred\n";
constexpr char kAssessmentHeader[] =
    "assessment,service,scores,evidence,comments,reviewer,outcome,assessed_on,effective_from,effective_to,"
    "provenance,inferred\n";

TEST(RecordFilesTest, TakeTheTierThatAServiceIsPlannedAtOrLeaveItOut) {
  auto tiers = [](const std::string& column, const std::string& value) {
    std::vector<FileProblem> problems;
    ParsedFiles parsed = ParseRecordFiles(
        std::vector<RecordFile>{{"services.csv",
                                 "service,manual_number,name,programme,clinical_reference_groups,"
                                 "highly_specialised,suitability," +
                                     column +
                                     "effective_from,effective_to,provenance,inferred\n"
                                     "PSS-14,14,Name,,,N,retained," +
                                     value + "2026-04-01,,test,N\n"}},
        problems);
    EXPECT_EQ(problems.size(), value == "huge," ? 1u : 0u);
    return parsed.records.services.empty() ? std::nullopt
                                           : parsed.records.services.front().value.planning_tier;
  };
  EXPECT_EQ(tiers("", ""), std::nullopt);
  EXPECT_EQ(tiers("planning_tier,", ","), std::nullopt);
  EXPECT_EQ(tiers("planning_tier,", "1m_to_2.5m,"), PlanningTier::kFromOneMillion);
  EXPECT_EQ(tiers("planning_tier,", "2.5m_to_10m,"), PlanningTier::kFromTwoAndAHalfMillion);
  EXPECT_EQ(tiers("planning_tier,", "over_10m,"), PlanningTier::kOverTenMillion);
  EXPECT_EQ(tiers("planning_tier,", "huge,"), std::nullopt);
}

TEST(RecordFilesTest, CheckSpecifications) {
  std::string good = "A03-S,PSS-105,specification,Chemotherapy,2.1,B02,2020-04-01,,2020-04-01,,test,N\n";
  EXPECT_THAT(ProblemsOf({{"specifications.csv", kSpecificationHeader + good}}), IsEmpty());
  EXPECT_THAT(
      ProblemsOf({{"specifications.csv",
                   kSpecificationHeader + good +
                       "X1,PSS-999,policy,Title,1,Z99,2020-04-01,2026-04-01,2020-04-01,,test,N\n"
                       "X2,PSS-105,guide,,1,B02,,2020-13-01,2020-04-01,,test,N\n"
                       "X3,PSS-105,policy,Title,1,B02,2020-04-01,2020-03-31,2020-04-01,,test,N\n"}}),
      ElementsAre(
          HasSubstr("row 4, column kind, value \"guide\": write one of specification or policy"),
          HasSubstr("row 4, column title: a value is needed"),
          HasSubstr("row 4, column published_on: a date is needed"),
          HasSubstr("row 4, column review_on, value \"2020-13-01\": write a date"),
          HasSubstr(
              "row 5, column review_on, value \"2020-03-31\": the day of review lies before the day of"),
          HasSubstr("row 3, column service, value \"PSS-999\": no service with this id is known"),
          HasSubstr("row 3, column clinical_reference_group, value \"Z99\": no clinical reference group")));
}

TEST(RecordFilesTest, CheckProviderEligibilities) {
  std::string header = "eligibility,provider,service_line,effective_from,effective_to,provenance,inferred\n";
  EXPECT_THAT(
      ProblemsOf({{"provider_eligibilities.csv", header + "E1,RJ1,NCBPS01C,2025-04-01,2026-03-31,test,N\n"}}),
      IsEmpty());
  EXPECT_THAT(ProblemsOf({{"provider_eligibilities.csv", header + "E1,QOQ,NCBPS00X,2025-04-01,,test,N\n"}}),
              ElementsAre(HasSubstr("column provider, value \"QOQ\": no trust with this code is known"),
                          HasSubstr("column service_line, value \"NCBPS00X\": no service line with")));
}

TEST(RecordFilesTest, ReadAnAssessmentByCriterion) {
  std::vector<FileProblem> problems;
  ParsedFiles parsed = ParseRecordFiles(
      std::vector<RecordFile>{
          {"service_assessments.csv",
           std::string(kAssessmentHeader) +
               "PSS-14-2026,PSS-14,provider-count=2;governance=4,governance=Minutes; a=b|provider-count=7 "
               "trusts,governance=Sound,Programme "
               "team,suitable_not_yet_ready,2026-10-01,2026-10-01,,test,N\n"}},
      problems);
  ASSERT_THAT(problems, IsEmpty());
  const auto& record = parsed.records.service_assessments.front();
  ASSERT_EQ(record.value.findings.size(), 2u);
  EXPECT_EQ(record.value.findings[0], (CriterionFinding{"governance", 4, "Minutes; a=b", "Sound"}));
  EXPECT_EQ(record.value.findings[1], (CriterionFinding{"provider-count", 2, "7 trusts", ""}));
  EXPECT_EQ(record.value.outcome, Suitability::kSuitableNotYetReady);
  std::vector<ColumnProblem> lost;
  EXPECT_TRUE(FromColumns<ServiceAssessment>(ToColumns(record), lost).SaysTheSameAs(record));
  EXPECT_THAT(lost, IsEmpty());
}

TEST(RecordFilesTest, RefuseAnAssessmentByUnknownCriteria) {
  EXPECT_THAT(
      ProblemsOf(
          {{"service_assessments.csv",
            std::string(kAssessmentHeader) +
                "A1,PSS-14,governance=6;governance=3,spend=High,,,retained,2026-10-01,2026-10-01,,t,N\n"
                "A2,PSS-14,,,,Team,perhaps,2026-10-01,2026-10-01,,t,N\n"
                "A3,PSS-999,charm=3,,,Team,retained,2026-11-21,2026-10-01,,t,N\n"}}),
      ElementsAre(
          HasSubstr("row 2, column scores, value \"governance=6;governance=3\": write the score of "
                    "governance as a whole number from 1 to 5"),
          HasSubstr("row 2, column scores, value \"governance=6;governance=3\": governance stands twice"),
          HasSubstr("row 2, column evidence, value \"spend=High\": spend has no score"),
          HasSubstr("row 2, column reviewer: a value is needed"),
          HasSubstr("row 3, column scores: score at least one criterion"),
          HasSubstr("row 3, column outcome, value \"perhaps\": write one of suitable_and_ready"),
          HasSubstr("row 4, column service, value \"PSS-999\": no service with this id is known"),
          HasSubstr("row 4, column scores, value \"charm\": no criterion with this code is known; the "
                    "criteria are activity, co-dependent-services"),
          HasSubstr("row 4, column assessed_on, value \"2026-11-21\": an assessment is recorded once")));
}

TEST(SpecificationTest, IsDueSixYearsAfterPublicationOrPastItsReview) {
  Specification specification;
  specification.published_on = Day("2020-02-29");
  EXPECT_FALSE(specification.DueOn(Day("2026-02-28")));
  EXPECT_TRUE(specification.DueOn(Day("2026-03-01")));
  specification.published_on = Day("2020-04-01");
  EXPECT_FALSE(specification.DueOn(Day("2026-04-01")));
  EXPECT_TRUE(specification.DueOn(Day("2026-04-02")));
  specification.review_on = Day("2023-04-01");
  EXPECT_FALSE(specification.DueOn(Day("2023-04-01")));
  EXPECT_TRUE(specification.DueOn(Day("2023-04-02")));
  specification.review_on = Day("2030-04-01");
  EXPECT_TRUE(specification.DueOn(Day("2026-04-02"))) << "a late review does not make it younger";
}

TEST(RecordFilesTest, CheckDecisionsByTheirRules) {
  std::string header =
      "decision,title,decided_by,decided_on,form,funding_basis,icbs,services,service_lines,agreement,"
      "conditions,"
      "effective_from,effective_to,source,provenance,inferred\n";
  EXPECT_THAT(
      ProblemsOf(
          {{"decisions.csv",
            header + "Bad_Id,T,Board,2027-01-01,delegated,,QOQ;QXX,PSS-1;PSS-105,,,,2026-12-01,,,test,N\n"}}),
      ElementsAre(HasSubstr("column decision, value \"Bad_Id\""), HasSubstr("not after today"),
                  HasSubstr("column icbs, value \"QXX\": no ICB with this code is known"),
                  HasSubstr("column services, value \"PSS-1\": is highly specialised")));
}

}  // namespace
}  // namespace specom::portfolio
