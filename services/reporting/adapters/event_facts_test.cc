// Proves what reporting reads in each event, and that an event which breaks the contract is named.
#include "services/reporting/adapters/event_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "libs/base/status.h"
#include "libs/testing/status_matchers.h"
#include "services/reporting/adapters/test_events.h"

namespace specom::reporting {
namespace {

using specom::testing::IsOk;
using specom::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

template <class Kind>
Kind Read(const events::Event& event) {
  const auto fact = FactOf(event);
  EXPECT_THAT(fact, IsOk());
  if (!fact.ok() || !fact->has_value() || !std::holds_alternative<Kind>(**fact)) {
    ADD_FAILURE() << event.type << " was read as something else";
    return Kind();
  }
  return std::get<Kind>(**fact);
}

TEST(EventFactsTest, APublicationHoldsIcbsAndRegions) {
  FinanceEvents finance;
  const auto published = Read<AllocationsPublished>(finance.Publish("1f3a", "2025/26", 1'750'000'000));
  EXPECT_EQ(published.run.name, RunName("runs/1f3a"));
  EXPECT_EQ(published.run.stream, "specialised");
  EXPECT_EQ(published.run.year, FinancialYear::Parse("2025/26").value());
  EXPECT_EQ(published.run.publish_time, absl::FromUnixSeconds(1'750'000'000));
  ASSERT_THAT(published.allocations, SizeIs(5)) << "three ICBs and two regions, without England";
  const Allocation& icb = published.allocations[0];
  EXPECT_EQ(icb.code, "QWU");
  EXPECT_EQ(icb.name, "NHS QWU");
  EXPECT_EQ(icb.region, RegionCode("Y60"));
  EXPECT_EQ(icb.region_name, "Midlands");
  EXPECT_EQ(icb.baseline, Pence(100'010));
  EXPECT_EQ(icb.target, Pence(101'010));
  EXPECT_EQ(icb.opening_distance, -0.009'876'543'210'123);
  EXPECT_EQ(icb.base_growth, 0.05);
  EXPECT_EQ(icb.convergence, 0.001);
  EXPECT_EQ(icb.allocation, Pence(106'010));
  EXPECT_EQ(icb.closing_distance, -0.1);
  EXPECT_EQ(icb.taken_out, Pence(400));
  EXPECT_EQ(icb.added, Pence(32));
  EXPECT_EQ(icb.resource_allocation, Pence(105'642));
  EXPECT_TRUE(published.allocations[3].IsRegion());
  EXPECT_EQ(published.allocations[3].opening_distance, std::nullopt);
}

TEST(EventFactsTest, ASupersededRunIsNamed) {
  FinanceEvents finance;
  EXPECT_EQ(Read<RunSuperseded>(finance.Supersede("1f3a")).run, RunName("runs/1f3a"));
}

TEST(EventFactsTest, ADecisionSaysWhoCommissionsWhat) {
  PortfolioEvents portfolio;
  auto proto = PortfolioEvents::DecisionOf("d", portfolio::v1::DELEGATION_FORM_DELEGATED_WITH_CONDITIONS,
                                           "2025-04-01", {"QWU", "QGH"}, {"PSS-7"});
  *proto.mutable_effective_to() = DateMessage(Date::Parse("2026-03-31").value());
  proto.add_service_lines("NCBPS01C");
  const auto learnt = Read<DecisionLearnt>(portfolio.Decide(proto, "other"));
  EXPECT_EQ(learnt.corrects, DecisionName("decisions/other"));
  const Decision& decision = learnt.decision;
  EXPECT_EQ(decision.name, DecisionName("decisions/d"));
  EXPECT_EQ(decision.form, CommissioningForm::kDelegated);
  EXPECT_EQ(decision.decided_on, Date::Parse("2024-12-05").value());
  EXPECT_EQ(decision.recorded_at, absl::FromUnixSeconds(1'740'000'000));
  EXPECT_EQ(decision.effective.from, Date::Parse("2025-04-01").value());
  EXPECT_EQ(decision.effective.to, Date::Parse("2026-03-31").value());
  EXPECT_THAT(decision.icbs, ElementsAre(IcbCode("QGH"), IcbCode("QWU")));
  EXPECT_THAT(decision.services, ElementsAre(ServiceId("PSS-7")));
  EXPECT_TRUE(decision.names_lines);
}

TEST(EventFactsTest, ACorrectionUnderItsOwnNameReplacesNoOther) {
  PortfolioEvents portfolio;
  const auto proto = PortfolioEvents::DecisionOf("d", portfolio::v1::DELEGATION_FORM_JOINT, "2025-04-01",
                                                 {"QWU"}, {"PSS-7"});
  const auto learnt = Read<DecisionLearnt>(portfolio.Decide(proto, "d"));
  EXPECT_TRUE(learnt.corrects.empty());
  EXPECT_EQ(learnt.decision.effective.to, std::nullopt);
  EXPECT_FALSE(learnt.decision.names_lines);
}

TEST(EventFactsTest, OfOrganisationsOnlyIcbsAreReadWithTheirSuccessors) {
  PortfolioEvents portfolio;
  const auto learnt = Read<IcbsLearnt>(portfolio.Organise({"QWU", "QGH"}, {"QZZ"}));
  ASSERT_THAT(learnt.icbs, SizeIs(2));
  EXPECT_EQ(learnt.icbs[0].icb, IcbCode("QGH"));
  EXPECT_THAT(learnt.icbs[0].successions, IsEmpty());
  EXPECT_THAT(learnt.icbs[1].successions,
              ElementsAre(Succession{IcbCode("QWU"), IcbCode("QZZ"), Date::Parse("2026-04-01").value()}));
}

TEST(EventFactsTest, OtherEventsSayNothing) {
  FinanceEvents finance;
  events::v1::RunApproved approved;
  const auto fact = FactOf(finance.Add("runs/1f3a", approved));
  ASSERT_THAT(fact, IsOk());
  EXPECT_FALSE(fact->has_value());
}

TEST(EventFactsTest, WhatBreaksTheContractIsNamed) {
  FinanceEvents finance;
  PortfolioEvents portfolio;
  const auto is_malformed = StatusIs(absl::StatusCode::kInvalidArgument, kEventMalformed);
  events::Event garbage = finance.Publish("1f3a", "2025/26", 0);
  garbage.data = "\xff\xff";
  EXPECT_THAT(FactOf(garbage), is_malformed);
  EXPECT_EQ(ErrorMetadataOf(FactOf(garbage).status()).at("event_id"), "specom/finance#1");
  EXPECT_THAT(FactOf(finance.Publish("1f3a", "2025/27", 0)), is_malformed);
  EXPECT_THAT(FactOf(finance.Add("runs/", events::v1::RunSuperseded())), is_malformed);
  EXPECT_THAT(FactOf(finance.Add("runs/", events::v1::AllocationPublished())), is_malformed);
  auto allocation = FinanceEvents::PublicationOf("1f3a", "2025/26", 0);
  allocation.mutable_allocations(0)->set_base_growth(std::numeric_limits<double>::quiet_NaN());
  EXPECT_THAT(FactOf(finance.Add("runs/1f3a", allocation)), is_malformed);
  allocation = FinanceEvents::PublicationOf("1f3a", "2025/26", 0);
  allocation.mutable_allocations(0)->set_convergence(std::numeric_limits<double>::infinity());
  EXPECT_THAT(FactOf(finance.Add("runs/1f3a", allocation)), is_malformed);
  allocation = FinanceEvents::PublicationOf("1f3a", "2025/26", 0);
  allocation.mutable_allocations(0)->set_pass_through_pence(std::numeric_limits<std::int64_t>::max());
  allocation.mutable_allocations(0)->set_adjustments_pence(1);
  EXPECT_THAT(FactOf(finance.Add("runs/1f3a", allocation)), is_malformed);
  auto decision = PortfolioEvents::DecisionOf("d", portfolio::v1::DELEGATION_FORM_UNSPECIFIED, "2025-04-01",
                                              {"QWU"}, {"PSS-7"});
  EXPECT_THAT(FactOf(portfolio.Decide(decision)), is_malformed);
  decision.set_form(portfolio::v1::DELEGATION_FORM_JOINT);
  decision.clear_effective_from();
  EXPECT_THAT(FactOf(portfolio.Decide(decision)), is_malformed);
}

}  // namespace
}  // namespace specom::reporting
