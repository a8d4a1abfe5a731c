// Reporting as its users meet it: a real server and client, events over a real bus, every method with
// its answers, refusals, roles and pages.
#include "services/reporting/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/rpc/client.h"
#include "libs/rpc/service_host.h"
#include "libs/store/test_database.h"
#include "libs/testing/status_matchers.h"
#include "services/reporting/adapters/test_events.h"
#include "services/reporting/domain/reasons.h"
#include "specom/reporting/v1/reporting_service.grpc.pb.h"

namespace specom::reporting {
namespace {

using specom::testing::IsOk;
using specom::testing::IsOkAndHolds;
using specom::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Stub = v1::ReportingService::Stub;

constexpr absl::Duration kPatience = absl::Seconds(20);

class ReportingServiceTest : public ::testing::TestWithParam<store::Engine> {
 protected:
  void SetUp() override {
    store_ = database_.Open(clock_);
    ASSERT_NE(store_, nullptr);
    auto host = rpc::ServiceHost::Create({.program = "specom-reporting",
                                          .identity = "development",
                                          .redis_url = {},
                                          .log_level = observe::LogLevel::kError,
                                          .log_file = {}});
    ASSERT_THAT(host, IsOk());
    host_ = *std::move(host);
    auto module = NewReportingModule({}, *store_, host_->host());
    ASSERT_THAT(module, IsOk());
    host_->Add(*std::move(module));
  }

  void Start() {
    ASSERT_THAT(host_->Migrate(), IsOk());
    ASSERT_THAT(host_->Start(), IsOk());
  }

  rpc::Client As(std::set<Role> roles, const std::string& organisation = "") {
    rpc::ClientOptions options;
    options.identity = rpc::DevelopmentIdentity({"ada@example.nhs.uk", std::move(roles), organisation});
    return rpc::Client(rpc::OpenChannel(host_->address()), options);
  }

  void Send(const TestEvents& source) {
    ASSERT_THAT(host_->host().bus.Publish(source.topic(), source.all()), IsOk());
  }

  static v1::GetRegionalReportRequest RequestOf(const std::string& region, const std::string& year) {
    v1::GetRegionalReportRequest request;
    request.set_region(region);
    request.set_financial_year(year);
    return request;
  }

  // Asks until the report shows what was sent last.
  absl::StatusOr<v1::RegionalReport> Await(const v1::GetRegionalReportRequest& request,
                                           const std::string& event) {
    rpc::Client client = As({Role::kRegion}, "Y60");
    const absl::Time end = absl::Now() + kPatience;
    while (true) {
      auto report = client.Call(&Stub::GetRegionalReport, request);
      if ((report.ok() && report->last_event_id() == event) || absl::Now() > end) return report;
      absl::SleepFor(absl::Milliseconds(5));
    }
  }

  // Publishes two years, and awaits the last.
  void SendTwoYears() {
    finance_.Publish("a", "2024/25", 100);
    finance_.Publish("b", "2025/26", 200);
    Send(finance_);
    ASSERT_THAT(Await(RequestOf("Y60", "2025/26"), "specom/finance#2"), IsOk());
  }

  SystemClock clock_;
  store::TestDatabase database_{GetParam()};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<rpc::ServiceHost> host_;
  FinanceEvents finance_;
  PortfolioEvents portfolio_;
};

INSTANTIATE_TEST_SUITE_P(Engines, ReportingServiceTest,
                         ::testing::Values(store::Engine::kSqlite, store::Engine::kPostgresql),
                         [](const auto& engine) { return std::string(store::ToString(engine.param)); });

TEST_P(ReportingServiceTest, AReportComesOfEvents) {
  Start();
  portfolio_.Decide(PortfolioEvents::DecisionOf("d", portfolio::v1::DELEGATION_FORM_DELEGATED, "2025-04-01",
                                                {"QWU", "QGH"}, {"PSS-7", "PSS-15"}));
  portfolio_.Decide(PortfolioEvents::DecisionOf("j", portfolio::v1::DELEGATION_FORM_JOINT, "2025-07-01",
                                                {"QGH"}, {"PSS-29"}));
  Send(portfolio_);
  finance_.Publish("1f3a", "2025/26", 1'750'000'000);
  Send(finance_);
  v1::GetRegionalReportRequest request = RequestOf("Y60", "2025/26");
  const auto report = Await(request, "specom/portfolio#2");
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->region(), "Y60");
  EXPECT_EQ(report->region_name(), "Midlands");
  EXPECT_EQ(report->financial_year(), "2025/26");
  EXPECT_EQ(report->stream(), "specialised");
  EXPECT_EQ(report->run(), "runs/1f3a");
  EXPECT_EQ(report->publish_time().seconds(), 1'750'000'000);
  EXPECT_EQ(report->as_of().year(), 2025);
  EXPECT_EQ(report->as_of().month(), 4);
  EXPECT_EQ(report->as_of().day(), 1);
  EXPECT_EQ(report->last_event_id(), "specom/portfolio#2");
  ASSERT_EQ(report->rows_size(), 2);
  const v1::RegionalReportRow& row = report->rows(1);
  EXPECT_EQ(row.icb(), "QWU");
  EXPECT_EQ(row.icb_name(), "NHS QWU");
  EXPECT_EQ(row.baseline_pence(), 100'010);
  EXPECT_EQ(row.target_pence(), 101'010);
  EXPECT_EQ(row.opening_distance(), -0.009'876'543'210'123);
  EXPECT_EQ(row.base_growth(), 0.05);
  EXPECT_EQ(row.base_growth_pence(), 5'001);
  EXPECT_EQ(row.convergence(), 0.001);
  EXPECT_EQ(row.convergence_pence(), 999);
  EXPECT_EQ(row.allocation_pence(), 106'010);
  EXPECT_EQ(row.closing_distance(), -0.1);
  EXPECT_EQ(row.taken_out_pence(), -400);
  EXPECT_EQ(row.added_pence(), 32);
  EXPECT_EQ(row.resource_allocation_pence(), 105'642);
  EXPECT_EQ(row.movement_pence(), 6'000);
  EXPECT_EQ(row.services_delegated(), 2);
  EXPECT_EQ(row.services_joint(), 0);
  EXPECT_EQ(report->total().icb(), "Y60");
  EXPECT_EQ(report->total().baseline_pence(), 170'010);
  EXPECT_FALSE(report->total().has_opening_distance());
  EXPECT_EQ(report->total().services_delegated(), 2);

  request.mutable_as_of()->set_year(2025);
  request.mutable_as_of()->set_month(7);
  request.mutable_as_of()->set_day(1);
  const auto later = As({Role::kNational}).Call(&Stub::GetRegionalReport, request);
  ASSERT_THAT(later, IsOk());
  EXPECT_EQ(later->rows(0).services_joint(), 1);
}

TEST_P(ReportingServiceTest, EachRefusalHasItsReason) {
  Start();
  rpc::Client client = As({Role::kRegion}, "Y60");
  EXPECT_THAT(client.Call(&Stub::GetRegionalReport, RequestOf("Y60", "2025/26")),
              StatusIs(absl::StatusCode::kNotFound, kReportNotFound));
  SendTwoYears();
  EXPECT_THAT(client.Call(&Stub::GetRegionalReport, RequestOf("Y99", "2025/26")),
              StatusIs(absl::StatusCode::kNotFound, kRegionNotFound));
  v1::GetRegionalReportRequest request = RequestOf("Y60", "2025/26");
  request.set_stream("core");
  EXPECT_THAT(client.Call(&Stub::GetRegionalReport, request),
              StatusIs(absl::StatusCode::kNotFound, kReportNotFound));
  const auto wrong_year = client.Call(&Stub::GetRegionalReport, RequestOf("Y60", "2025/27"));
  EXPECT_THAT(wrong_year, StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  ASSERT_THAT(FieldViolationsOf(wrong_year.status()), SizeIs(1));
  EXPECT_EQ(FieldViolationsOf(wrong_year.status())[0].field, "financial_year");
  EXPECT_THAT(client.Call(&Stub::GetRegionalReport, v1::GetRegionalReportRequest()),
              StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  v1::ListRegionalReportsRequest list;
  list.set_page_size(-1);
  EXPECT_THAT(client.Call(&Stub::ListRegionalReports, list),
              StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  list.set_page_size(0);
  list.set_page_token("nonsense");
  EXPECT_THAT(client.Call(&Stub::ListRegionalReports, list), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_P(ReportingServiceTest, FiguresThatDoNotAddUpAreNotShown) {
  Start();
  auto payload = FinanceEvents::PublicationOf("1f3a", "2025/26", 100);
  payload.mutable_allocations(0)->set_allocation_pence(1);
  finance_.Add("runs/1f3a", payload);
  finance_.Publish("other", "2024/25", 100);
  Send(finance_);
  ASSERT_THAT(Await(RequestOf("Y60", "2024/25"), "specom/finance#2"), IsOk());
  EXPECT_THAT(As({Role::kRegion}).Call(&Stub::GetRegionalReport, RequestOf("Y60", "2025/26")),
              StatusIs(absl::StatusCode::kInternal, "INTERNAL_ERROR"))
      << "the log holds REPORT_NOT_RECONCILED with the amounts";
  EXPECT_THAT(As({Role::kRegion}).Call(&Stub::GetRegionalReport, RequestOf("Y56", "2025/26")), IsOk());
}

TEST_P(ReportingServiceTest, EveryRoleButAdministratorsMayReadAndNobodyWithoutOne) {
  Start();
  SendTwoYears();
  for (const Role role : {Role::kNational, Role::kRegion, Role::kIcb, Role::kJointCommittee, Role::kProvider,
                          Role::kStakeholder, Role::kAuditor, Role::kService}) {
    EXPECT_THAT(As({role}, "QOQ").Call(&Stub::GetRegionalReport, RequestOf("Y60", "2025/26")), IsOk())
        << ToString(role);
    EXPECT_THAT(As({role}, "QOQ").Call(&Stub::ListRegionalReports, v1::ListRegionalReportsRequest()), IsOk())
        << ToString(role);
  }
  EXPECT_THAT(As({Role::kAdministrator}).Call(&Stub::GetRegionalReport, RequestOf("Y60", "2025/26")),
              StatusIs(absl::StatusCode::kPermissionDenied, "MISSING_ROLE"));
  rpc::Client nobody(rpc::OpenChannel(host_->address()));
  for (const absl::Status& refused :
       {nobody.Call(&Stub::GetRegionalReport, RequestOf("Y60", "2025/26")).status(),
        nobody.Call(&Stub::ListRegionalReports, v1::ListRegionalReportsRequest()).status()}) {
    EXPECT_THAT(refused, StatusIs(absl::StatusCode::kUnauthenticated));
  }
}

TEST_P(ReportingServiceTest, ListsInPagesThatHoldEveryReportOnce) {
  Start();
  SendTwoYears();
  rpc::Client client = As({Role::kNational});
  v1::ListRegionalReportsRequest request;
  const auto whole = client.Call(&Stub::ListRegionalReports, request);
  ASSERT_THAT(whole, IsOk());
  ASSERT_EQ(whole->reports_size(), 4);
  EXPECT_EQ(whole->next_page_token(), "");
  EXPECT_EQ(whole->reports(0).financial_year(), "2025/26");
  EXPECT_EQ(whole->reports(0).region(), "Y56");
  EXPECT_EQ(whole->reports(0).region_name(), "London");
  EXPECT_EQ(whole->reports(0).stream(), "specialised");
  EXPECT_EQ(whole->reports(0).run(), "runs/b");
  EXPECT_EQ(whole->reports(0).publish_time().seconds(), 200);
  for (int size = 1; size <= 5; ++size) {
    request.set_page_size(size);
    request.clear_page_token();
    v1::ListRegionalReportsResponse pages;
    do {
      const auto page = client.Call(&Stub::ListRegionalReports, request);
      ASSERT_THAT(page, IsOk());
      ASSERT_LE(page->reports_size(), size);
      pages.mutable_reports()->MergeFrom(page->reports());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    EXPECT_EQ(pages.SerializeAsString(), whole->SerializeAsString()) << size;
  }
  request.set_page_size(1);
  const auto first = client.Call(&Stub::ListRegionalReports, request);
  ASSERT_THAT(first, IsOk());
  request.set_page_token(first->next_page_token());
  request.set_region("Y60");
  EXPECT_THAT(client.Call(&Stub::ListRegionalReports, request),
              StatusIs(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_MISMATCH"));
  request.clear_page_token();
  request.set_page_size(10);
  const auto midlands = client.Call(&Stub::ListRegionalReports, request);
  ASSERT_THAT(midlands, IsOk());
  EXPECT_EQ(midlands->reports_size(), 2);
}

TEST_P(ReportingServiceTest, WithoutItsSchemaItDoesNotServe) {
  const absl::Status status = host_->Start();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, rpc::kSchemaBehindReason));
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("specom-reporting migrate"));
  Start();
}

TEST_P(ReportingServiceTest, AnEventThatBreaksTheContractIsParkedAndTheRestGoesOn) {
  Start();
  events::v1::AllocationPublished broken = FinanceEvents::PublicationOf("broken", "2025/27", 100);
  finance_.Add("runs/broken", broken);
  finance_.Publish("sound", "2025/26", 100);
  Send(finance_);
  ASSERT_THAT(Await(RequestOf("Y60", "2025/26"), "specom/finance#2"), IsOk());
  const auto letters = host_->host().bus.DeadLetters(finance_.topic());
  ASSERT_THAT(letters, IsOkAndHolds(SizeIs(1)));
  EXPECT_EQ(letters->front().event.id, "specom/finance#1");
  EXPECT_THAT(letters->front().reason, ::testing::HasSubstr("EVENT_MALFORMED"));
}

}  // namespace
}  // namespace specom::reporting
