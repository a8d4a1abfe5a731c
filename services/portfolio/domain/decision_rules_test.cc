// Proves that a decision that breaks rules is refused with every one of them, and a sound one passes.
#include "services/portfolio/domain/decision_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/portfolio/domain/pack_for_tests.h"

namespace specom::portfolio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Date kToday = Day("2026-11-20");

Record<Decision> SoundDecision() {
  Record<Decision> decision;
  decision.id = "a-decision";
  decision.effective.from = Day("2026-12-01");
  decision.value.title = "A decision";
  decision.value.decided_by = "NHS England Board";
  decision.value.decided_on = kToday;
  decision.value.icbs = {"QOQ", "ICB-ESSEX"};
  decision.value.services = {"PSS-105"};
  return decision;
}

std::vector<std::string> FieldsOf(const Record<Decision>& decision) {
  std::vector<std::string> fields;
  for (const auto& problem : CheckDecision(*PackRegistry(), decision, kToday))
    fields.push_back(problem.field);
  return fields;
}

TEST(CheckDecisionTest, PassesASoundDecision) {
  EXPECT_THAT(FieldsOf(SoundDecision()), IsEmpty());
}

TEST(CheckDecisionTest, TellsEveryRuleAtOnce) {
  Record<Decision> decision;
  decision.id = "No Good";
  decision.effective = {Day("2013-03-31"), Day("2013-03-30")};
  decision.value.decided_on = kToday.Plus(1);
  EXPECT_THAT(FieldsOf(decision), ElementsAre("decision_id", "title", "decided_by", "decided_on",
                                              "effective_from", "effective_to", "icbs", "services"));
}

TEST(CheckDecisionTest, NamesTheIcbsThatCannotBeNamed) {
  auto decision = SoundDecision();
  decision.value.icbs = {"QOQ", "QXX", "Y60", "QHG", "QOQ"};
  auto problems = CheckDecision(*PackRegistry(), decision, kToday);
  ASSERT_EQ(problems.size(), 4u);
  EXPECT_EQ(problems[0].field, "icbs[4]");
  EXPECT_EQ(problems[1].value, "QXX");
  EXPECT_EQ(problems[2].value, "Y60");
  EXPECT_THAT(problems[3].rule, HasSubstr("replaced on 2026-04-01 by ICB-CENTRAL-EAST"));
}

TEST(CheckDecisionTest, KeepsHighlySpecialisedServicesAndLinesWithNhsEngland) {
  auto decision = SoundDecision();
  decision.value.services = {"PSS-1", "PSS-999"};
  decision.value.service_lines = {"NCBPS01B", "NCBPS22S"};
  EXPECT_THAT(FieldsOf(decision),
              ElementsAre("services[0]", "services[1]", "service_lines[0]", "service_lines[1]"));
}

TEST(CheckDecisionTest, PassesAServiceThatNoPublicationMadeDelegable) {
  auto decision = SoundDecision();
  decision.value.services = {"PSS-14"};
  EXPECT_FALSE(PackRegistry()->HasDelegableLine("PSS-14", On("2026-12-01")));
  EXPECT_THAT(FieldsOf(decision), IsEmpty());
}

TEST(CheckDecisionTest, RefusesAServiceWithoutALineToHandOverButLetsNhsEnglandKeepIt) {
  Records more;
  more.services.push_back(*PackRegistry()->services().At("PSS-14", On("2026-12-01")));
  more.services.back().id = "PSS-900";
  more.service_lines.push_back(*PackRegistry()->service_lines().At("NCBPS13G", On("2026-12-01")));
  more.service_lines.back().id = "NCBPS900";
  more.service_lines.back().value.service = "PSS-900";
  more.service_lines.back().value.highly_specialised = true;
  auto registry = PackRegistry()->With(std::move(more), 2, kToday.StartOfDayUtc());
  auto decision = SoundDecision();
  decision.value.services = {"PSS-900"};
  auto problems = CheckDecision(*registry, decision, kToday);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].field, "services[0]");
  EXPECT_THAT(problems[0].rule, HasSubstr("highly specialised services stay with NHS England"));
  decision.value.form = DelegationForm::kNhsEngland;
  EXPECT_THAT(CheckDecision(*registry, decision, kToday), IsEmpty());
}

TEST(CheckDecisionTest, AsksForConditionsWhereTheFormHasThem) {
  auto decision = SoundDecision();
  decision.value.form = DelegationForm::kDelegatedWithConditions;
  EXPECT_THAT(FieldsOf(decision), ElementsAre("conditions"));
  decision.value.conditions = {"Segment 3 support plan", "a|b"};
  EXPECT_THAT(FieldsOf(decision), ElementsAre("conditions[1]"));
  decision.value.conditions = {"Segment 3 support plan"};
  EXPECT_THAT(FieldsOf(decision), IsEmpty());
  decision.value.form = DelegationForm::kDelegated;
  EXPECT_THAT(FieldsOf(decision), ElementsAre("conditions"));
}

TEST(CheckDecisionTest, NeedsAJointCommitteeForJointCommissioning) {
  auto decision = SoundDecision();
  decision.value.form = DelegationForm::kJoint;
  EXPECT_THAT(FieldsOf(decision), IsEmpty());
  decision.effective = {Day("2023-03-01"), Day("2023-03-31")};
  decision.value.icbs = {"QOQ"};
  EXPECT_THAT(FieldsOf(decision), ElementsAre("icbs[0]")) << "committees began in April 2023";
}

TEST(EtagTest, ChangesWithTheVersion) {
  auto first = SoundDecision();
  auto second = first;
  second.version = 2;
  EXPECT_EQ(EtagOf(first), EtagOf(first));
  EXPECT_NE(EtagOf(first), EtagOf(second));
}

TEST(UsualFundingBasisTest, FollowsTheFormAndTheYear) {
  EXPECT_EQ(UsualFundingBasis(DelegationForm::kNhsEngland, kToday), FundingBasis::kHostProvider);
  EXPECT_EQ(UsualFundingBasis(DelegationForm::kJoint, Day("2024-03-31")), FundingBasis::kPopulationRegion);
  EXPECT_EQ(UsualFundingBasis(DelegationForm::kJoint, Day("2024-04-01")), FundingBasis::kPopulationIcb);
  EXPECT_EQ(UsualFundingBasis(DelegationForm::kDelegated, Day("2024-04-01")), FundingBasis::kPopulationIcb);
}

}  // namespace
}  // namespace specom::portfolio
