// Proves which services count as delegated or joint for an ICB on a date.
#include "services/reporting/domain/commissioning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace specom::reporting {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

using enum CommissioningForm;

Date Day(const char* text) {
  return Date::Parse(text).value();
}

const IcbCode kQoq("QOQ");
const ServiceId kCardiac("PSS-7");
const ServiceId kRenal("PSS-15");

Decision DecisionOf(const char* name, CommissioningForm form, const char* decided_on, const char* from,
                    std::set<ServiceId> services, std::set<IcbCode> icbs = {kQoq}) {
  Decision decision;
  decision.name = DecisionName(name);
  decision.form = form;
  decision.decided_on = Day(decided_on);
  decision.effective.from = Day(from);
  decision.icbs = std::move(icbs);
  decision.services = std::move(services);
  return decision;
}

TEST(CommissioningTest, WithoutADecisionEverythingIsNhsEnglands) {
  EXPECT_THAT(Commissioning({}, {}).On(kQoq, Day("2025-06-01")), IsEmpty());
}

TEST(CommissioningTest, ADecisionHoldsForItsIcbsOnItsDays) {
  Decision decision = DecisionOf("a", kDelegated, "2023-12-07", "2024-04-01", {kCardiac});
  decision.effective.to = Day("2025-03-31");
  const Commissioning commissioning({decision}, {});
  EXPECT_THAT(commissioning.On(kQoq, Day("2024-03-31")), IsEmpty());
  EXPECT_THAT(commissioning.On(kQoq, Day("2024-04-01")), ElementsAre(Pair(kCardiac, kDelegated)));
  EXPECT_THAT(commissioning.On(kQoq, Day("2025-03-31")), ElementsAre(Pair(kCardiac, kDelegated)));
  EXPECT_THAT(commissioning.On(kQoq, Day("2025-04-01")), IsEmpty());
  EXPECT_THAT(commissioning.On(IcbCode("QF7"), Day("2024-04-01")), IsEmpty());
}

TEST(CommissioningTest, OfTwoDecisionsTheOneTakenLastPrevails) {
  const Decision joint = DecisionOf("a", kJoint, "2023-02-02", "2023-04-01", {kCardiac, kRenal});
  const Decision delegated = DecisionOf("b", kDelegated, "2024-12-05", "2025-04-01", {kCardiac});
  const Decision taken_back = DecisionOf("c", kNhsEngland, "2025-09-01", "2025-10-01", {kCardiac});
  const Commissioning commissioning({joint, delegated, taken_back}, {});
  EXPECT_THAT(commissioning.On(kQoq, Day("2025-03-31")),
              ElementsAre(Pair(kRenal, kJoint), Pair(kCardiac, kJoint)));
  EXPECT_THAT(commissioning.On(kQoq, Day("2025-04-01")),
              ElementsAre(Pair(kRenal, kJoint), Pair(kCardiac, kDelegated)));
  EXPECT_THAT(commissioning.On(kQoq, Day("2025-10-01")),
              ElementsAre(Pair(kRenal, kJoint), Pair(kCardiac, kNhsEngland)));
}

TEST(CommissioningTest, OfOneDayTheOneRecordedLastPrevails) {
  Decision first = DecisionOf("z", kDelegated, "2023-12-07", "2024-04-01", {kCardiac});
  first.recorded_at = absl::FromUnixSeconds(100);
  Decision second = DecisionOf("a", kJoint, "2023-12-07", "2024-04-01", {kCardiac});
  second.recorded_at = absl::FromUnixSeconds(200);
  EXPECT_THAT(Commissioning({first, second}, {}).On(kQoq, Day("2024-04-01")),
              ElementsAre(Pair(kCardiac, kJoint)));
  EXPECT_THAT(Commissioning({second, first}, {}).On(kQoq, Day("2024-04-01")),
              ElementsAre(Pair(kCardiac, kJoint)));
}

TEST(CommissioningTest, ADecisionOnSingleLinesLeavesTheRestToEarlierOnes) {
  const Decision whole = DecisionOf("a", kDelegated, "2024-12-05", "2025-04-01", {kCardiac});
  Decision line = DecisionOf("b", kJoint, "2025-05-01", "2025-06-01", {kCardiac});
  line.names_lines = true;
  EXPECT_THAT(Commissioning({whole, line}, {}).On(kQoq, Day("2025-06-01")),
              ElementsAre(Pair(kCardiac, kDelegated)));
  line.form = kDelegated;
  const Decision joint = DecisionOf("a", kJoint, "2024-12-05", "2025-04-01", {kCardiac});
  EXPECT_THAT(Commissioning({joint, line}, {}).On(kQoq, Day("2025-06-01")),
              ElementsAre(Pair(kCardiac, kDelegated)));
  EXPECT_THAT(Commissioning({joint, line}, {}).On(kQoq, Day("2025-05-31")),
              ElementsAre(Pair(kCardiac, kJoint)));
}

TEST(CommissioningTest, ASuccessorHasWhatItsPredecessorsAgreeOn) {
  const IcbCode merged("QZZ");
  const std::vector<Decision> decisions = {
      DecisionOf("a", kDelegated, "2024-12-05", "2025-04-01", {kCardiac}, {kQoq, IcbCode("QF7")}),
      DecisionOf("b", kDelegated, "2024-12-05", "2025-04-01", {kRenal}, {kQoq})};
  const std::vector<Succession> successions = {{kQoq, merged, Day("2026-04-01")},
                                               {IcbCode("QF7"), merged, Day("2026-04-01")}};
  const Commissioning commissioning(decisions, successions);
  EXPECT_THAT(commissioning.On(merged, Day("2026-03-31")), IsEmpty());
  EXPECT_THAT(commissioning.On(merged, Day("2026-04-01")), ElementsAre(Pair(kCardiac, kDelegated)));
  EXPECT_TRUE(commissioning.LatestEvent(merged).has_value());
  EXPECT_EQ(commissioning.LatestEvent(IcbCode("QXX")), std::nullopt);
}

TEST(CommissioningTest, WhatWasDecidedForTheSuccessorItselfStands) {
  const IcbCode merged("QZZ");
  const Commissioning commissioning(
      {DecisionOf("a", kDelegated, "2024-12-05", "2025-04-01", {kCardiac, kRenal}),
       DecisionOf("b", kNhsEngland, "2026-01-10", "2026-04-01", {kCardiac}, {merged})},
      {{kQoq, merged, Day("2026-04-01")}});
  EXPECT_THAT(commissioning.On(merged, Day("2026-04-01")),
              ElementsAre(Pair(kRenal, kDelegated), Pair(kCardiac, kNhsEngland)));
}

TEST(CommissioningTest, ACircleOfSuccessionsEnds) {
  const IcbCode other("QF7");
  const Commissioning commissioning(
      {DecisionOf("a", kDelegated, "2024-12-05", "2025-04-01", {kCardiac})},
      {{kQoq, other, Day("2026-04-01")}, {other, kQoq, Day("2026-04-01")}, {kQoq, kQoq, Day("2026-04-01")}});
  EXPECT_THAT(commissioning.On(other, Day("2026-04-01")), ElementsAre(Pair(kCardiac, kDelegated)));
}

TEST(CommissioningTest, TheLatestEventIsTheLatestOfAllDecisionsThatCoverTheIcb) {
  Decision first = DecisionOf("a", kJoint, "2023-02-02", "2023-04-01", {kCardiac});
  first.learnt_from = {.id = "late", .time = absl::FromUnixSeconds(20), .sequence = 1};
  Decision second = DecisionOf("b", kDelegated, "2024-12-05", "2025-04-01", {kCardiac});
  second.learnt_from = {.id = "early", .time = absl::FromUnixSeconds(10), .sequence = 2};
  Decision elsewhere = DecisionOf("c", kDelegated, "2024-12-05", "2025-04-01", {kCardiac}, {IcbCode("QF7")});
  elsewhere.learnt_from = {.id = "latest", .time = absl::FromUnixSeconds(30), .sequence = 3};
  EXPECT_EQ(Commissioning({first, second, elsewhere}, {}).LatestEvent(kQoq)->id, "late");
}

TEST(CountServicesTest, CountsByForm) {
  EXPECT_EQ(CountServices({{kCardiac, kDelegated}, {kRenal, kJoint}, {ServiceId("PSS-29"), kNhsEngland}}),
            (ServiceCounts{.delegated = 1, .joint = 1}));
}

}  // namespace
}  // namespace specom::reporting
