// Proves that the registry answers, from the England reference pack, who commissions what for whom
// on any day as known at any time, and that what was known stays answerable.
#include "services/portfolio/domain/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "libs/testing/status_matchers.h"
#include "services/portfolio/domain/decision_rules.h"
#include "services/portfolio/domain/pack_for_tests.h"
#include "services/portfolio/domain/words.h"

namespace specom::portfolio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;
using ::testing::UnorderedElementsAre;

constexpr std::size_t kAll = 1'000'000;

Delegation ResolveOk(const Registry& registry, const char* icb, const char* line, Viewpoint at) {
  auto answer = registry.Resolve(IcbCode(icb), ServiceLineCode(line), at);
  EXPECT_THAT(answer, IsOk());
  return answer.ok() ? *answer : Delegation();
}

// By form: the services, and the ICBs, that have a line in it.
struct Held {
  std::map<DelegationForm, std::set<std::string>> services;
  std::map<DelegationForm, std::set<std::string>> icbs;
};

Held HeldOn(Viewpoint at) {
  Held held;
  for (const auto& answer : PackRegistry()->ListDelegations({}, at, std::nullopt, kAll)) {
    held.services[answer.form].insert(answer.line->value.service);
    held.icbs[answer.form].insert(answer.icb->id);
  }
  return held;
}

int CountOrganisations(OrganisationKind kind, Viewpoint at) {
  int count = 0;
  for (auto code : PackRegistry()->organisations().ids()) {
    const auto* found = PackRegistry()->FindOrganisation(code, at);
    count += found != nullptr && found->value.kind == kind ? 1 : 0;
  }
  return count;
}

// A decision with the least that it needs.
Record<Decision> MakeDecision(std::string id, DelegationForm form, std::vector<std::string> icbs,
                              std::vector<std::string> services, DateSpan effective, absl::Time recorded_at) {
  Record<Decision> decision;
  decision.id = std::move(id);
  decision.effective = effective;
  decision.recorded_at = recorded_at;
  decision.provenance = "test";
  decision.value.title = "A decision";
  decision.value.decided_by = "NHS England Board";
  decision.value.decided_on = Date::InLondon(recorded_at);
  decision.value.form = form;
  decision.value.funding_basis = UsualFundingBasis(form, effective.from);
  decision.value.icbs = std::move(icbs);
  decision.value.services = std::move(services);
  return decision;
}

std::shared_ptr<const Registry> WithDecision(const Registry& registry, Record<Decision> decision) {
  Records more;
  absl::Time learnt_at = decision.recorded_at;
  more.decisions.push_back(std::move(decision));
  return registry.With(std::move(more), registry.change() + 1, learnt_at);
}

TEST(ReferencePackTest, HoldsTheOrganisationsOfEngland) {
  Viewpoint at = On("2025-06-01");
  EXPECT_EQ(CountOrganisations(OrganisationKind::kRegion, at), 7);
  EXPECT_EQ(CountOrganisations(OrganisationKind::kIcb, at), 42);
  EXPECT_EQ(CountOrganisations(OrganisationKind::kSubIcb, at), 106);
  EXPECT_EQ(CountOrganisations(OrganisationKind::kHub, at), 14);
  EXPECT_EQ(CountOrganisations(OrganisationKind::kJointCommittee, at), 9);
  EXPECT_EQ(CountOrganisations(OrganisationKind::kTrust, at), 182);
}

TEST(ReferencePackTest, ReplacesTwelveIcbsInApril2026) {
  EXPECT_EQ(CountOrganisations(OrganisationKind::kIcb, On("2026-03-31")), 42);
  EXPECT_EQ(CountOrganisations(OrganisationKind::kIcb, On("2026-04-01")), 36);
  std::set<std::string> replaced;
  for (auto code : PackRegistry()->organisations().ids()) {
    auto day = PackRegistry()->ReplacedOn(code, absl::InfiniteFuture());
    if (day == Day("2026-04-01")) replaced.insert(std::string(code));
  }
  EXPECT_EQ(replaced.size(), 12u);
  EXPECT_EQ(CountOrganisations(OrganisationKind::kIcb, On("2026-05-01", "2026-03-31")), 42)
      << "the mergers were not known on the day before";
}

TEST(ReferencePackTest, HoldsEveryServiceLineAndService) {
  EXPECT_EQ(PackRegistry()->service_lines().ids().size(), 444u);
  int numbered = 0;
  int lines_only = 0;
  for (auto id : PackRegistry()->services().ids()) {
    numbered += id.starts_with("PSS-") ? 1 : 0;
    lines_only += id.starts_with("LINE-") ? 1 : 0;
  }
  EXPECT_EQ(numbered, 148);
  EXPECT_EQ(lines_only, 46);
  EXPECT_EQ(PackRegistry()->programmes().ids().size(), 7u);
  EXPECT_EQ(PackRegistry()->clinical_reference_groups().ids().size(), 50u);
}

TEST(ReferencePackTest, AttachesPhotopheresisToTransplantationAsInferred) {
  const auto* line = PackRegistry()->service_lines().At("NCBPSECP", On("2025-06-01"));
  ASSERT_NE(line, nullptr);
  EXPECT_EQ(line->value.service, "PSS-29");
  EXPECT_TRUE(line->value.service_inferred);
  EXPECT_TRUE(ResolveOk(*PackRegistry(), "QOQ", "NCBPSECP", On("2025-06-01")).inferred);
  EXPECT_TRUE(PackRegistry()->services().Versions("LINE-ECP").empty());
}

TEST(ReferencePackTest, EveryIcbIsInOneJointCommittee) {
  for (const char* day : {"2023-04-01", "2025-06-01", "2026-06-01"}) {
    std::map<std::string, int> committees;
    for (auto code : PackRegistry()->organisations().ids()) {
      const auto* committee = PackRegistry()->FindOrganisation(code, On(day));
      if (committee == nullptr) continue;
      for (const auto& member : committee->value.members) {
        ++committees[member];
        EXPECT_NE(PackRegistry()->FindOrganisation(member, On(day)), nullptr) << day << " " << member;
      }
    }
    EXPECT_EQ(committees.size(), day == std::string("2026-06-01") ? 36u : 42u);
    for (const auto& [icb, count] : committees) EXPECT_EQ(count, 1) << icb;
  }
}

TEST(DelegationTest, NhsEnglandCommissionsAloneBeforeApril2023) {
  for (const char* day : {"2013-04-01", "2020-01-01", "2023-03-31"}) {
    auto held = HeldOn(On(day));
    EXPECT_EQ(held.icbs.size(), 1u) << day;
    EXPECT_EQ(held.icbs[DelegationForm::kNhsEngland].size(), 42u) << day;
  }
  Delegation answer = ResolveOk(*PackRegistry(), "QOQ", "NCBPS01C", On("2020-01-01"));
  EXPECT_EQ(answer.commissioner, kNhsEnglandCode);
  EXPECT_EQ(answer.funding_basis, FundingBasis::kHostProvider);
  EXPECT_EQ(answer.rule, DelegationRule::kNoDecision);
  EXPECT_EQ(answer.effective, (DateSpan{Day("2013-04-01"), Day("2023-03-31")}));
}

TEST(DelegationTest, JointCommitteesHold59ServicesIn42IcbsIn2023) {
  auto held = HeldOn(On("2023-06-01"));
  EXPECT_EQ(held.services[DelegationForm::kJoint].size(), 59u);
  EXPECT_EQ(held.icbs[DelegationForm::kJoint].size(), 42u);
  EXPECT_EQ(held.services[DelegationForm::kDelegated].size(), 0u);
  Delegation answer = ResolveOk(*PackRegistry(), "QOQ", "NCBPS01C", On("2023-06-01"));
  EXPECT_EQ(answer.commissioner, "JC-YH");
  EXPECT_EQ(answer.funding_basis, FundingBasis::kPopulationRegion);
  EXPECT_EQ(answer.decision->value.agreement, "Joint Working Agreement 2023/24");
  EXPECT_TRUE(answer.inferred) << "the committee's membership is inferred";
}

TEST(DelegationTest, TwentyIcbsHold59ServicesIn2024AndTheOthersStayJoint) {
  auto held = HeldOn(On("2024-06-01"));
  EXPECT_EQ(held.services[DelegationForm::kDelegated].size(), 59u);
  EXPECT_EQ(held.icbs[DelegationForm::kDelegated].size(), 20u);
  EXPECT_EQ(held.services[DelegationForm::kJoint].size(), 59u);
  EXPECT_EQ(held.icbs[DelegationForm::kJoint].size(), 22u);
  for (const auto& code : held.icbs[DelegationForm::kDelegated]) {
    EXPECT_THAT(PackRegistry()->organisations().At(code, On("2024-06-01"))->value.region,
                ::testing::AnyOf("Y60", "Y61", "Y62"));
  }
}

TEST(DelegationTest, AllIcbsHold70ServicesIn2025) {
  auto held = HeldOn(On("2025-06-01"));
  EXPECT_EQ(held.services[DelegationForm::kDelegated].size(), 70u);
  EXPECT_EQ(held.icbs[DelegationForm::kDelegated].size(), 42u);
  EXPECT_EQ(held.services[DelegationForm::kJoint].size(), 0u);
  Delegation answer = ResolveOk(*PackRegistry(), "QOQ", "NCBPS01C", On("2025-06-01"));
  EXPECT_EQ(answer.commissioner, "QOQ");
  EXPECT_EQ(answer.funding_basis, FundingBasis::kPopulationIcb);
  EXPECT_FALSE(answer.inferred);
  EXPECT_EQ(answer.effective.from, Day("2025-04-01"));
  EXPECT_EQ(answer.effective.to, std::nullopt);
}

TEST(DelegationTest, HighlySpecialisedAndRetainedLinesAreNeverHandedOver) {
  for (const char* day : {"2023-06-01", "2024-06-01", "2025-06-01", "2026-06-01"}) {
    FinancialYear year = FinancialYear::Of(Day(day));
    int retained_beside_delegated = 0;
    for (const auto& answer : PackRegistry()->ListDelegations({}, On(day), std::nullopt, kAll)) {
      const ServiceLine& line = answer.line->value;
      if (line.DelegableIn(year)) continue;
      EXPECT_EQ(answer.form, DelegationForm::kNhsEngland) << answer.line->id;
      EXPECT_EQ(answer.commissioner, kNhsEnglandCode);
      for (const auto* sibling : PackRegistry()->LinesOf(line.service, On(day))) {
        retained_beside_delegated += sibling->value.DelegableIn(year) ? 1 : 0;
      }
    }
    EXPECT_GT(retained_beside_delegated, 0) << "part-delegated services keep lines with NHS England";
  }
}

TEST(DelegationTest, AnswersFromWhatWasKnown) {
  // Before the Board met in December 2023 nothing was decided about 2024/25.
  EXPECT_EQ(ResolveOk(*PackRegistry(), "QUA", "NCBPS01C", On("2024-06-01", "2023-12-06")).form,
            DelegationForm::kNhsEngland);
  EXPECT_EQ(ResolveOk(*PackRegistry(), "QUA", "NCBPS01C", On("2024-06-01", "2023-12-07")).form,
            DelegationForm::kDelegated);
  EXPECT_EQ(ResolveOk(*PackRegistry(), "QOQ", "NCBPS01C", On("2024-06-01", "2023-12-07")).form,
            DelegationForm::kJoint);
  EXPECT_EQ(ResolveOk(*PackRegistry(), "QOQ", "NCBPS01C", On("2025-06-01", "2024-12-04")).form,
            DelegationForm::kNhsEngland);
  // The span of an answer, too, is what was known.
  EXPECT_EQ(ResolveOk(*PackRegistry(), "QUA", "NCBPS01C", On("2024-06-01", "2024-06-01")).effective,
            (DateSpan{Day("2024-04-01"), std::nullopt}));
  EXPECT_EQ(ResolveOk(*PackRegistry(), "QUA", "NCBPS01C", On("2024-06-01")).effective,
            (DateSpan{Day("2024-04-01"), Day("2025-03-31")}));
}

TEST(DelegationTest, ADecisionOfTodayAboutLastAprilIsNotSeenAsKnownYesterday) {
  absl::Time now = Day("2026-11-20").StartOfDayUtc() + absl::Hours(10);
  auto registry =
      WithDecision(*PackRegistry(), MakeDecision("step-in-qoq", DelegationForm::kNhsEngland, {"QOQ"},
                                                 {"PSS-105"}, {Day("2026-04-01"), std::nullopt}, now));
  Viewpoint yesterday{Day("2026-06-01"), now - absl::Hours(24)};
  Viewpoint today{Day("2026-06-01"), now};
  EXPECT_EQ(ResolveOk(*registry, "QOQ", "NCBPS01C", yesterday).form, DelegationForm::kDelegated);
  Delegation answer = ResolveOk(*registry, "QOQ", "NCBPS01C", today);
  EXPECT_EQ(answer.form, DelegationForm::kNhsEngland);
  EXPECT_EQ(answer.decision->id, "step-in-qoq");
  EXPECT_EQ(ResolveOk(*registry, "QF7", "NCBPS01C", today).form, DelegationForm::kDelegated);
}

TEST(DelegationTest, ACorrectionAddsAndNeverEdits) {
  absl::Time first = Day("2026-05-01").StartOfDayUtc();
  absl::Time second = Day("2026-06-01").StartOfDayUtc();
  DateSpan span{Day("2026-05-01"), std::nullopt};
  Record<Decision> wrong = MakeDecision("d", DelegationForm::kNhsEngland, {"QOQ"}, {"PSS-105"}, span, first);
  Record<Decision> right = MakeDecision("d", DelegationForm::kNhsEngland, {"QF7"}, {"PSS-105"}, span, second);
  right.version = 2;
  right.supersedes = 1;
  auto registry = WithDecision(*WithDecision(*PackRegistry(), wrong), right);
  EXPECT_EQ(ResolveOk(*registry, "QOQ", "NCBPS01C", {Day("2026-07-01"), first}).form,
            DelegationForm::kNhsEngland);
  EXPECT_EQ(ResolveOk(*registry, "QOQ", "NCBPS01C", {Day("2026-07-01"), second}).form,
            DelegationForm::kDelegated);
  EXPECT_EQ(ResolveOk(*registry, "QF7", "NCBPS01C", {Day("2026-07-01"), second}).form,
            DelegationForm::kNhsEngland);
  auto versions = registry->decisions().Versions("d");
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_EQ(versions[0].superseded_at, second);
  EXPECT_EQ(versions[0].value, wrong.value);
}

TEST(DelegationTest, ASingleLineIsMovedWhateverItsStatusUnlessHighlySpecialised) {
  absl::Time now = Day("2026-11-20").StartOfDayUtc();
  Record<Decision> decision =
      MakeDecision("lines", DelegationForm::kDelegated, {"QOQ"}, {}, {Day("2026-10-01"), std::nullopt}, now);
  decision.value.service_lines = {"NCBPS22SB", "NCBPS01B"};
  auto registry = WithDecision(*PackRegistry(), decision);
  EXPECT_EQ(ResolveOk(*registry, "QOQ", "NCBPS22SB", On("2026-11-01")).form, DelegationForm::kDelegated);
  EXPECT_EQ(ResolveOk(*registry, "QOQ", "NCBPS01B", On("2026-11-01")).rule,
            DelegationRule::kHighlySpecialised);
}

TEST(DelegationTest, ADecisionMakesARetainedServiceDelegable) {
  absl::Time now = Day("2026-11-20").StartOfDayUtc();
  auto registry = WithDecision(*PackRegistry(),
                               MakeDecision("pulmonary-hypertension", DelegationForm::kDelegated, {"QOQ"},
                                            {"PSS-14", "PSS-56"}, {Day("2026-04-01"), std::nullopt}, now));
  Delegation answer = ResolveOk(*registry, "QOQ", "NCBPS13G", {Day("2026-04-30"), now});
  EXPECT_EQ(answer.form, DelegationForm::kDelegated);
  EXPECT_EQ(answer.commissioner, "QOQ");
  EXPECT_EQ(answer.rule, DelegationRule::kDecision);
  EXPECT_EQ(answer.effective, (DateSpan{Day("2026-04-01"), std::nullopt}));
  Delegation yesterday = ResolveOk(*registry, "QOQ", "NCBPS13G", {Day("2026-04-30"), now - absl::Hours(24)});
  EXPECT_EQ(yesterday.form, DelegationForm::kNhsEngland);
  EXPECT_EQ(yesterday.rule, DelegationRule::kRetained);
  EXPECT_EQ(ResolveOk(*registry, "QF7", "NCBPS13G", {Day("2026-04-30"), now}).form,
            DelegationForm::kNhsEngland);
  for (const char* line : {"NCBPS42A", "NCBPS42B", "NCBPS42C", "NCBPS42D", "NCBPS42E"}) {
    EXPECT_EQ(ResolveOk(*registry, "QOQ", line, On("2026-04-30")).form, DelegationForm::kDelegated) << line;
  }
  // NHS England takes it back under the same name.
  auto back = WithDecision(*registry, MakeDecision("back", DelegationForm::kNhsEngland, {"QOQ"}, {"PSS-14"},
                                                   {Day("2026-12-01"), std::nullopt}, now + absl::Hours(24)));
  EXPECT_EQ(ResolveOk(*back, "QOQ", "NCBPS13G", On("2026-12-01")).form, DelegationForm::kNhsEngland);
  EXPECT_EQ(ResolveOk(*back, "QOQ", "NCBPS13G", On("2026-11-30")).form, DelegationForm::kDelegated);
}

TEST(DelegationTest, ADecisionOnAPartlyDelegableServiceCoversItsDelegableLinesOnly) {
  // Of PSS-6, NCBPS22SB is published as retained beside delegable lines.
  ASSERT_TRUE(PackRegistry()->HasDelegableLine("PSS-6", On("2025-10-01")));
  auto registry = WithDecision(
      *PackRegistry(), MakeDecision("part", DelegationForm::kDelegated, {"QOQ"}, {"PSS-6"},
                                    {Day("2025-10-01"), std::nullopt}, Day("2025-09-01").StartOfDayUtc()));
  EXPECT_EQ(ResolveOk(*registry, "QOQ", "NCBPS22SB", On("2025-11-01")).rule, DelegationRule::kRetained);
}

TEST(SuccessorTest, InheritsWhatItsPredecessorsHold) {
  Delegation answer = ResolveOk(*PackRegistry(), "ICB-ESSEX", "NCBPS01C", On("2026-05-01"));
  EXPECT_EQ(answer.form, DelegationForm::kDelegated);
  EXPECT_EQ(answer.commissioner, "ICB-ESSEX");
  EXPECT_EQ(answer.rule, DelegationRule::kInherited);
  EXPECT_EQ(answer.decision->id, "nhse-board-2024-12-delegation");
  EXPECT_EQ(answer.effective.from, Day("2026-04-01"));
  EXPECT_TRUE(answer.inferred);
  EXPECT_THAT(PackRegistry()->Explain(answer, On("2026-05-01")),
              HasSubstr("takes it over from QH8, QJG, QM7"));
  auto held = HeldOn(On("2026-05-01"));
  EXPECT_EQ(held.services[DelegationForm::kDelegated].size(), 70u);
  EXPECT_EQ(held.icbs[DelegationForm::kDelegated].size(), 36u);
}

TEST(SuccessorTest, AnIcbThatGrowsGoesOnAsItself) {
  Delegation answer = ResolveOk(*PackRegistry(), "QRL", "NCBPS01C", On("2026-05-01"));
  EXPECT_EQ(answer.rule, DelegationRule::kDecision);
  EXPECT_EQ(answer.effective, (DateSpan{Day("2025-04-01"), std::nullopt}));
}

TEST(SuccessorTest, NothingIsDelegatedWherePredecessorsDisagree) {
  auto registry = WithDecision(
      *PackRegistry(), MakeDecision("back", DelegationForm::kNhsEngland, {"QH8"}, {"PSS-105"},
                                    {Day("2026-03-01"), std::nullopt}, Day("2026-03-01").StartOfDayUtc()));
  Delegation answer = ResolveOk(*registry, "ICB-ESSEX", "NCBPS01C", On("2026-05-01"));
  EXPECT_EQ(answer.form, DelegationForm::kNhsEngland);
  EXPECT_EQ(answer.rule, DelegationRule::kPredecessorsDisagree);
  EXPECT_TRUE(answer.inferred);
  // A decision that names the new ICB ends the doubt.
  auto settled = WithDecision(
      *registry, MakeDecision("new", DelegationForm::kDelegated, {"ICB-ESSEX"}, {"PSS-105"},
                              {Day("2026-06-01"), std::nullopt}, Day("2026-06-01").StartOfDayUtc()));
  EXPECT_EQ(ResolveOk(*settled, "ICB-ESSEX", "NCBPS01C", On("2026-06-02")).rule, DelegationRule::kDecision);
  EXPECT_EQ(ResolveOk(*settled, "ICB-ESSEX", "NCBPS01C", On("2026-05-31")).effective,
            (DateSpan{Day("2026-04-01"), Day("2026-05-31")}));
}

TEST(SuccessorTest, OldCodesAreAnsweredUpToTheirLastDay) {
  EXPECT_THAT(PackRegistry()->Resolve(IcbCode("QHG"), ServiceLineCode("NCBPS01C"), On("2026-03-31")), IsOk());
  auto after = PackRegistry()->Resolve(IcbCode("QHG"), ServiceLineCode("NCBPS01C"), On("2026-04-01"));
  EXPECT_THAT(after, StatusIs(absl::StatusCode::kNotFound, "ICB_REPLACED"));
  EXPECT_THAT(std::string(after.status().message()), HasSubstr("ICB-CENTRAL-EAST"));
  EXPECT_THAT(PackRegistry()->Resolve(IcbCode("ICB-ESSEX"), ServiceLineCode("NCBPS01C"), On("2026-03-31")),
              StatusIs(absl::StatusCode::kNotFound, "ICB_NOT_YET_ESTABLISHED"));
}

TEST(ResolveTest, RefusesWhatItDoesNotKnow) {
  auto resolve = [](const char* icb, const char* line, const char* day) {
    return PackRegistry()->Resolve(IcbCode(icb), ServiceLineCode(line), On(day)).status();
  };
  EXPECT_THAT(resolve("QZZ", "NCBPS01C", "2025-06-01"),
              StatusIs(absl::StatusCode::kNotFound, "ICB_NOT_FOUND"));
  EXPECT_THAT(resolve("Y60", "NCBPS01C", "2025-06-01"),
              StatusIs(absl::StatusCode::kNotFound, "ICB_NOT_FOUND"));
  EXPECT_THAT(resolve("QOQ", "NCBPS00X", "2025-06-01"),
              StatusIs(absl::StatusCode::kNotFound, "SERVICE_LINE_NOT_FOUND"));
  EXPECT_THAT(resolve("QOQ", "NCBPS22S", "2025-04-01"),
              StatusIs(absl::StatusCode::kNotFound, "SERVICE_LINE_NOT_FOUND"))
      << "the line closed on 2025-03-31";
  EXPECT_THAT(resolve("QOQ", "NCBPS01C", "2013-03-31"),
              StatusIs(absl::StatusCode::kNotFound, "BEFORE_PRESCRIBED_SERVICES"));
}

TEST(ResolveTest, ExplainsEveryRule) {
  auto explain = [](const char* line, const char* day) {
    return PackRegistry()->Explain(ResolveOk(*PackRegistry(), "QOQ", line, On(day)), On(day));
  };
  EXPECT_EQ(
      explain("NCBPS01C", "2025-06-01"),
      "NHS England Board decided on 2024-12-05 (nhse-board-2024-12-delegation): it is delegated to the ICB, "
      "under the Delegation Agreement 2025/26.");
  EXPECT_THAT(explain("NCBPS01C", "2023-06-01"), HasSubstr("the joint committee JC-YH commissions it"));
  EXPECT_EQ(explain("NCBPS01B", "2025-06-01"),
            "NCBPS01B is highly specialised: NHS England commissions it for everybody.");
  EXPECT_EQ(explain("NCBPS22SB", "2025-06-01"),
            "The status of NCBPS22SB that stands in 2025/26 is RED: NHS England keeps it.");
  EXPECT_EQ(explain("NCBPS01X_TOP", "2025-06-01"),
            "NCBPS01X_TOP is a line of the kind top_up, for reporting only: it is never delegated.");
  EXPECT_EQ(explain("NCBPS01C", "2022-06-01"),
            "No decision that was known covers NCBPS01C for QOQ on 2022-06-01, so NHS England commissions it "
            "alone.");
}

TEST(ListDelegationsTest, FiltersAndGoesOnBehindTheCursor) {
  Viewpoint at = On("2024-06-01");
  auto all = PackRegistry()->ListDelegations({.icb = "", .region = "Y62", .service = "PSS-105", .form = {}},
                                             at, std::nullopt, kAll);
  ASSERT_GT(all.size(), 3u);
  std::set<std::string> icbs;
  for (const auto& answer : all) icbs.insert(answer.icb->id);
  EXPECT_THAT(icbs, UnorderedElementsAre("QE1", "QOP", "QYG"));
  DelegationFilter joint{.icb = "QOQ", .region = "", .service = "", .form = DelegationForm::kJoint};
  for (const auto& answer : PackRegistry()->ListDelegations(joint, at, std::nullopt, kAll)) {
    EXPECT_EQ(answer.form, DelegationForm::kJoint);
    EXPECT_EQ(answer.icb->id, "QOQ");
  }
}

RC_GTEST_PROP(ListDelegationsTest, PagesMakeTheWholeList, ()) {
  std::size_t page_size = *rc::gen::inRange<std::size_t>(1, 3000);
  DelegationFilter filter;
  filter.region = *rc::gen::elementOf(std::vector<std::string>{"Y63", "Y56"});
  if (*rc::gen::arbitrary<bool>()) filter.form = DelegationForm::kDelegated;
  Viewpoint at = On("2025-06-01");
  auto all = PackRegistry()->ListDelegations(filter, at, std::nullopt, kAll);
  std::vector<Delegation> joined;
  std::optional<DelegationCursor> after;
  while (true) {
    auto page = PackRegistry()->ListDelegations(filter, at, after, page_size);
    joined.insert(joined.end(), page.begin(), page.end());
    if (page.size() < page_size) break;
    after = DelegationCursor{page.back().icb->id, page.back().line->id};
  }
  RC_ASSERT(joined.size() == all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    RC_ASSERT(joined[i].icb == all[i].icb);
    RC_ASSERT(joined[i].line == all[i].line);
    RC_ASSERT(joined[i].SameAnswerAs(all[i]));
    RC_ASSERT(joined[i].effective == all[i].effective);
  }
}

TEST(ServiceStatusTest, CountsServicesByHowFarTheyWereDelegated) {
  auto count = [](const char* day) {
    std::map<ServiceCommissioning, int> counts;
    for (const auto& status : PackRegistry()->ListServiceStatuses(On(day))) ++counts[status.commissioning];
    return counts;
  };
  EXPECT_EQ(count("2023-06-01")[ServiceCommissioning::kJoint], 59);
  EXPECT_EQ(count("2024-06-01")[ServiceCommissioning::kDelegated], 59);
  EXPECT_EQ(count("2025-06-01")[ServiceCommissioning::kDelegated], 70);
  EXPECT_EQ(count("2025-06-01")[ServiceCommissioning::kRetained], 124);
  for (const auto& status : PackRegistry()->ListServiceStatuses(On("2024-06-01"))) {
    if (status.commissioning != ServiceCommissioning::kDelegated) continue;
    EXPECT_EQ(status.icbs_delegated, 20);
    EXPECT_EQ(status.icbs_joint, 22);
  }
}

TEST(RestateFootprintTest, SharesOfEveryIcbAddUpToOneAndPeopleAreConserved) {
  auto parts = PackRegistry()->RestateFootprint({}, On("2026-05-01"));
  ASSERT_THAT(parts, IsOk());
  std::map<std::string, double> shares;
  std::map<std::string, double> people;
  double before = 0;
  double after = 0;
  for (const auto& part : *parts) {
    if (part.from_icb.starts_with("ICB-")) continue;
    shares[part.from_icb] += part.share;
    double population = static_cast<double>(
        PackRegistry()->organisations().At(part.from_icb, On("2026-03-31"))->value.population);
    people[part.to_icb] += part.share * population;
    before += part.share * population;
  }
  EXPECT_EQ(shares.size(), 42u);
  EXPECT_EQ(people.size(), 36u);
  for (const auto& [icb, share] : shares) EXPECT_NEAR(share, 1, 1e-9) << icb;
  for (const auto& [icb, count] : people) {
    auto population = PackRegistry()->FindOrganisation(icb, On("2026-05-01"))->value.population;
    EXPECT_NEAR(count, static_cast<double>(population), 2) << icb;
    after += static_cast<double>(population);
  }
  EXPECT_NEAR(before, after, 10);
}

TEST(RestateFootprintTest, SplitsFrimleyInThree) {
  auto parts = PackRegistry()->RestateFootprint({IcbCode("QNQ")}, On("2026-05-01"));
  ASSERT_THAT(parts, IsOk());
  std::vector<std::string> to;
  for (const auto& part : *parts) {
    to.push_back(part.to_icb);
    EXPECT_TRUE(part.inferred);
  }
  EXPECT_THAT(to, ElementsAre("ICB-SURREY-SUSSEX", "ICB-THAMES-VALLEY", "QRL"));
  EXPECT_NEAR((*parts)[2].share, 0.229065, 1e-6);
  EXPECT_EQ((*parts)[2].to_name, "NHS Hampshire and Isle of Wight Integrated Care Board");
}

TEST(RestateFootprintTest, LeavesAnIcbAloneBeforeItsMergerAndRefusesEarlierFootprints) {
  auto parts = PackRegistry()->RestateFootprint({IcbCode("QNQ")}, On("2026-03-31"));
  ASSERT_THAT(parts, IsOk());
  ASSERT_EQ(parts->size(), 1u);
  EXPECT_EQ(parts->front().to_icb, "QNQ");
  EXPECT_EQ(parts->front().basis, "unchanged");
  EXPECT_THAT(PackRegistry()->RestateFootprint({IcbCode("ICB-ESSEX")}, On("2025-06-01")),
              StatusIs(absl::StatusCode::kFailedPrecondition, "ICB_NOT_YET_ESTABLISHED"));
  EXPECT_THAT(PackRegistry()->RestateFootprint({IcbCode("X")}, On("2025-06-01")),
              StatusIs(absl::StatusCode::kNotFound, "ICB_NOT_FOUND"));
}

// Random decisions about a few ICBs and services.
Record<Decision> ArbitraryDecision(int number, absl::Time recorded_at) {
  static const std::vector<std::string> icbs = {"QOQ", "QRL", "QNQ", "QH8", "ICB-ESSEX", "ICB-THAMES-VALLEY"};
  static const std::vector<std::string> services = {"PSS-105", "PSS-29", "PSS-6"};
  Date from = Day("2022-01-01").Plus(*rc::gen::inRange(0, 2200));
  DateSpan span{from, std::nullopt};
  if (*rc::gen::arbitrary<bool>()) span.to = from.Plus(*rc::gen::inRange(0, 900));
  std::vector<std::string> covered;
  unsigned chosen = *rc::gen::inRange(1u, 1u << icbs.size());
  for (std::size_t i = 0; i < icbs.size(); ++i) {
    if (chosen >> i & 1) covered.push_back(icbs[i]);
  }
  DelegationForm form =
      *rc::gen::element(DelegationForm::kNhsEngland, DelegationForm::kJoint, DelegationForm::kDelegated);
  return MakeDecision("r" + std::to_string(number), form, covered, {*rc::gen::elementOf(services)}, span,
                      recorded_at);
}

struct Question {
  const char* icb;
  const char* line;
  Date day;
};

Question ArbitraryQuestion() {
  return {*rc::gen::element("QOQ", "QRL", "QNQ", "QH8", "ICB-ESSEX", "ICB-THAMES-VALLEY"),
          *rc::gen::element("NCBPS01C", "NCBPS02Z", "NCBPSECP", "NCBPS22SA", "NCBPS22S", "NCBPS01B"),
          Day("2013-04-01").Plus(*rc::gen::inRange(0, 6000))};
}

// All of an answer, in words that outlive the registry.
std::string Told(const Registry& registry, const Question& question, absl::Time known) {
  Viewpoint at{question.day, known};
  auto answer = registry.Resolve(IcbCode(question.icb), ServiceLineCode(question.line), at);
  if (!answer.ok()) return std::string(answer.status().message());
  return std::string(ToWord(answer->form)) + " " + std::string(answer->commissioner) + " " +
         answer->effective.from.ToString() + " " +
         (answer->effective.to ? answer->effective.to->ToString() : "open") + " " +
         registry.Explain(*answer, at) + (answer->inferred ? " inferred" : "");
}

RC_GTEST_PROP(BitemporalTest, WhatWasKnownStaysAnswerable, ()) {
  auto registry = PackRegistry();
  absl::Time now = Day("2026-05-01").StartOfDayUtc();
  std::vector<std::tuple<Question, absl::Time, std::string>> told;
  int changes = *rc::gen::inRange(1, 8);
  std::vector<Record<Decision>> made;
  for (int i = 0; i < changes; ++i) {
    now += absl::Hours(*rc::gen::inRange(1, 500));
    auto decision = ArbitraryDecision(i, now);
    if (!made.empty() && *rc::gen::arbitrary<bool>()) {
      auto& corrected = made[*rc::gen::inRange<std::size_t>(0, made.size())];
      decision.id = corrected.id;
      decision.version = corrected.version + 1;
      decision.supersedes = corrected.version;
      corrected = decision;
    } else {
      made.push_back(decision);
    }
    registry = WithDecision(*registry, decision);
    for (int q = 0; q < 5; ++q) {
      Question question = ArbitraryQuestion();
      told.emplace_back(question, now, Told(*registry, question, now));
    }
  }
  for (const auto& [question, known, answer] : told) RC_ASSERT(Told(*registry, question, known) == answer);
}

RC_GTEST_PROP(SpanTest, SpansOfAnswersTileTheTimeLine, ()) {
  auto registry = PackRegistry();
  absl::Time now = Day("2026-05-01").StartOfDayUtc();
  int changes = *rc::gen::inRange(0, 6);
  for (int i = 0; i < changes; ++i) {
    now += absl::Hours(24);
    registry = WithDecision(*registry, ArbitraryDecision(i, now));
  }
  Question question = ArbitraryQuestion();
  IcbCode icb(question.icb);
  ServiceLineCode line(question.line);
  auto first = registry->Resolve(icb, line, {question.day, now});
  if (!first.ok()) return;
  // On every day of the span the answer and its span are the same.
  Date last = first->effective.to.value_or(question.day.Plus(400));
  for (int i = 0; i < 10; ++i) {
    Date day =
        first->effective.from.Plus(*rc::gen::inRange(0, last.days() - first->effective.from.days() + 1));
    auto again = registry->Resolve(icb, line, {day, now});
    RC_ASSERT(again.ok());
    RC_ASSERT(again->SameAnswerAs(*first));
    RC_ASSERT(again->effective == first->effective);
  }
  // The next span begins the day after, with another answer, until the end of the time line.
  auto span = *first;
  while (span.effective.to) {
    Date next_day = span.effective.to->Plus(1);
    auto next = registry->Resolve(icb, line, {next_day, now});
    if (!next.ok()) break;
    RC_ASSERT(next->effective.from == next_day);
    RC_ASSERT(!next->SameAnswerAs(span));
    span = *next;
  }
  span = *first;
  while (span.effective.from > PrescribedServicesBegan()) {
    auto previous = registry->Resolve(icb, line, {span.effective.from.Plus(-1), now});
    if (!previous.ok()) break;
    RC_ASSERT(previous->effective.to == span.effective.from.Plus(-1));
    RC_ASSERT(!previous->SameAnswerAs(span));
    span = *previous;
  }
}

}  // namespace
}  // namespace specom::portfolio
