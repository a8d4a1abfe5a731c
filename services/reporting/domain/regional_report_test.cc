// Proves the arithmetic of the regional report: rows, sums, and that what does not add up is refused.
#include "services/reporting/domain/regional_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "libs/testing/status_matchers.h"

namespace specom::reporting {
namespace {

using specom::testing::IsOk;
using specom::testing::StatusIs;
using ::testing::SizeIs;

const RegionCode kMidlands("Y60");

Allocation IcbOf(const std::string& code, std::int64_t baseline, double base_growth,
                 std::int64_t allocation) {
  Allocation a;
  a.code = code;
  a.name = "NHS " + code;
  a.region = kMidlands;
  a.region_name = "Midlands";
  a.baseline = Pence(baseline);
  a.target = Pence(baseline + 500);
  a.base_growth = base_growth;
  a.allocation = Pence(allocation);
  a.taken_out = Pence(30);
  a.added = Pence(7);
  a.resource_allocation = Pence(allocation - 30 + 7);
  return a;
}

// The region as finance gives it: the sums.
Allocation RegionOf(const std::vector<Allocation>& icbs) {
  Allocation region;
  region.region = kMidlands;
  region.code = kMidlands.value();
  region.name = region.region_name = "Midlands";
  region.target = Pence();
  region.base_growth = 0.05;
  for (const Allocation& icb : icbs) {
    region.baseline = Pence(region.baseline.value() + icb.baseline.value());
    region.target = Pence(region.target->value() + icb.target->value());
    region.allocation = Pence(region.allocation.value() + icb.allocation.value());
    region.taken_out = Pence(region.taken_out.value() + icb.taken_out.value());
    region.added = Pence(region.added.value() + icb.added.value());
    region.resource_allocation = Pence(region.resource_allocation.value() + icb.resource_allocation.value());
  }
  return region;
}

std::vector<Allocation> WithRegion(std::vector<Allocation> icbs) {
  icbs.push_back(RegionOf(icbs));
  return icbs;
}

PublishedRun TheRun() {
  return {.name = RunName("runs/1f3a"),
          .stream = "specialised",
          .year = FinancialYear::Parse("2025/26").value(),
          .publish_time = absl::FromUnixSeconds(1'750'000'000),
          .learnt_from = {.id = "published", .time = absl::FromUnixSeconds(1'750'000'000), .sequence = 4}};
}

const Date kApril = Date::Parse("2025-04-01").value();

Decision Delegating(const char* name, std::set<IcbCode> icbs, std::set<ServiceId> services,
                    CommissioningForm form) {
  Decision decision;
  decision.name = DecisionName(name);
  decision.form = form;
  decision.decided_on = Date::Parse("2024-12-05").value();
  decision.effective.from = kApril;
  decision.icbs = std::move(icbs);
  decision.services = std::move(services);
  decision.learnt_from = {.id = name, .time = absl::FromUnixSeconds(1'700'000'000), .sequence = 1};
  return decision;
}

TEST(RegionalReportTest, EachRowGoesFromBaselineToAllocation) {
  const auto report = BuildRegionalReport(
      TheRun(), kMidlands, WithRegion({IcbOf("QWU", 100'010, 0.05, 106'000)}), Commissioning({}, {}), kApril);
  ASSERT_THAT(report, IsOk());
  ASSERT_THAT(report->rows, SizeIs(1));
  const ReportRow& row = report->rows[0];
  // 5000.5 rounds away from zero.
  EXPECT_EQ(row.base_growth, Pence(5'001));
  EXPECT_EQ(row.movement, Pence(5'990));
  EXPECT_EQ(row.convergence, Pence(989));
  EXPECT_EQ(report->region_name, "Midlands");
  EXPECT_EQ(report->last_event_id, "published");
}

TEST(RegionalReportTest, RowsStandByCodeAndTheTotalIsTheirSum) {
  const auto report = BuildRegionalReport(
      TheRun(), kMidlands,
      WithRegion({IcbOf("QWU", 100'010, 0.05, 106'000), IcbOf("QGH", 33'333, 0.031, 33'000)}),
      Commissioning({}, {}), kApril);
  ASSERT_THAT(report, IsOk());
  ASSERT_THAT(report->rows, SizeIs(2));
  EXPECT_EQ(report->rows[0].allocation.code, "QGH");
  EXPECT_EQ(report->rows[1].allocation.code, "QWU");
  EXPECT_EQ(report->total.allocation.baseline, Pence(133'343));
  EXPECT_EQ(report->total.base_growth, Pence(5'001 + 1'033));
  EXPECT_EQ(report->total.movement, Pence(5'990 - 333));
  EXPECT_EQ(report->total.convergence, Pence(989 - 333 - 1'033));
  EXPECT_EQ(report->total.allocation.base_growth, 0.05);
}

TEST(RegionalReportTest, ServicesAreCountedOnTheDate) {
  const ServiceId a("PSS-1");
  const ServiceId b("PSS-2");
  const ServiceId c("PSS-3");
  const Commissioning commissioning(
      {Delegating("delegates", {IcbCode("QGH")}, {a, b}, CommissioningForm::kDelegated),
       Delegating("joins", {IcbCode("QGH"), IcbCode("QWU")}, {c}, CommissioningForm::kJoint),
       Delegating("joins too", {IcbCode("QWU")}, {a}, CommissioningForm::kJoint)},
      {});
  const std::vector<Allocation> allocations =
      WithRegion({IcbOf("QWU", 100, 0, 100), IcbOf("QGH", 100, 0, 100)});
  const auto report = BuildRegionalReport(TheRun(), kMidlands, allocations, commissioning, kApril);
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->rows[0].services, (ServiceCounts{.delegated = 2, .joint = 1}));
  EXPECT_EQ(report->rows[1].services, (ServiceCounts{.delegated = 0, .joint = 2}));
  EXPECT_EQ(report->total.services, (ServiceCounts{.delegated = 2, .joint = 1}));
  const auto before = BuildRegionalReport(TheRun(), kMidlands, allocations, commissioning, kApril.Plus(-1));
  ASSERT_THAT(before, IsOk());
  EXPECT_EQ(before->total.services, ServiceCounts{});
}

TEST(RegionalReportTest, ALaterDecisionIsTheLastEventThatShapedIt) {
  Decision decision =
      Delegating("decided", {IcbCode("QGH")}, {ServiceId("PSS-1")}, CommissioningForm::kDelegated);
  decision.learnt_from.time = TheRun().learnt_from.time + absl::Seconds(1);
  const auto report = BuildRegionalReport(TheRun(), kMidlands, WithRegion({IcbOf("QGH", 100, 0, 100)}),
                                          Commissioning({decision}, {}), kApril);
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->last_event_id, "decided");
}

TEST(RegionalReportTest, ARegionThatIsNotThereIsNamed) {
  const auto report = BuildRegionalReport(TheRun(), RegionCode("Y99"), {}, Commissioning({}, {}), kApril);
  EXPECT_THAT(report, StatusIs(absl::StatusCode::kNotFound, kRegionNotFound));
  EXPECT_EQ(ErrorMetadataOf(report.status()).at("region"), "Y99");
}

TEST(RegionalReportTest, APennyThatIsMissingIsNotHidden) {
  const std::vector<Allocation> sound = WithRegion({IcbOf("QWU", 100'010, 0.05, 106'000)});
  const auto with = [&](auto change) {
    std::vector<Allocation> allocations = sound;
    change(allocations.back());
    return BuildRegionalReport(TheRun(), kMidlands, allocations, Commissioning({}, {}), kApril).status();
  };
  const auto more = [](Pence& amount) { amount = Pence(amount.value() + 1); };
  const auto is_refused = StatusIs(absl::StatusCode::kDataLoss, kReportNotReconciled);
  EXPECT_THAT(with([&](Allocation& region) { more(region.baseline); }), is_refused);
  EXPECT_THAT(with([&](Allocation& region) { more(*region.target); }), is_refused);
  EXPECT_THAT(with([&](Allocation& region) { more(region.allocation); }), is_refused);
  EXPECT_THAT(with([&](Allocation& region) { more(region.taken_out); }), is_refused);
  EXPECT_THAT(with([&](Allocation& region) { more(region.added); }), is_refused);
  EXPECT_THAT(with([&](Allocation& region) { more(region.resource_allocation); }), is_refused);
}

RC_GTEST_PROP(RegionalReportProperty, EveryColumnAddsUp, ()) {
  const int count = *rc::gen::inRange(1, 12);
  std::vector<Allocation> icbs;
  for (int i = 0; i < count; ++i) {
    const auto baseline = *rc::gen::inRange<std::int64_t>(0, 500'000'000'000);
    const double growth = *rc::gen::inRange(-500, 1500) / 10'000.0;
    const auto allocation = *rc::gen::inRange<std::int64_t>(0, 500'000'000'000);
    icbs.push_back(IcbOf("Q" + std::to_string(100 + i), baseline, growth, allocation));
  }
  const auto report =
      BuildRegionalReport(TheRun(), kMidlands, WithRegion(std::move(icbs)), Commissioning({}, {}), kApril);
  RC_ASSERT(report.ok());
  std::int64_t growth = 0;
  std::int64_t convergence = 0;
  for (const ReportRow& row : report->rows) {
    RC_ASSERT(row.allocation.baseline.value() + row.base_growth.value() + row.convergence.value() ==
              row.allocation.allocation.value());
    growth += row.base_growth.value();
    convergence += row.convergence.value();
  }
  const ReportRow& total = report->total;
  RC_ASSERT(total.base_growth == Pence(growth));
  RC_ASSERT(total.convergence == Pence(convergence));
  RC_ASSERT(total.allocation.baseline.value() + growth + convergence == total.allocation.allocation.value());
}

}  // namespace
}  // namespace specom::reporting
