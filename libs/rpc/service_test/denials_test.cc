// Proves that a refused call is in the audit record before its caller hears of it, and that a record which
// cannot be made holds up no reply.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/synchronization/notification.h"
#include "libs/base/status.h"
#include "libs/rpc/denial_audit.h"
#include "libs/rpc/denied_call.h"
#include "libs/rpc/service_test/served.h"
#include "libs/store/audit_trail.h"
#include "libs/store/faulty.h"
#include "libs/store/test_database.h"
#include "libs/testing/status_matchers.h"

namespace specom::rpc {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

using Reporting = reporting::v1::ReportingService;
using Portfolio = portfolio::v1::PortfolioService;

// Hands on to a sink that is made later: the pipeline is there first.
class LateSink final : public DenialSink {
 public:
  DenialSink* sink = nullptr;

  bool Record(const RequestContext& context, store::AuditEntry entry, std::function<void()> then) override {
    return sink->Record(context, std::move(entry), std::move(then));
  }
};

class Denials : public ::testing::Test {
 protected:
  void SetUp() override {
    store_ = store::Faulty(database_.Open(clock_), [this](store::FaultPoint point) { return fault(point); });
    ASSERT_THAT(store_->Migrate({}), IsOk());
  }

  void Serve(DenialAudit::Options options = {}) {
    denials_ = std::make_unique<DenialAudit>(clock_, served_.logger(), served_.metrics, options);
    denials_->AddChain("portfolio", *store_);
    late_.sink = denials_.get();
    served_.Start();
  }
  void TearDown() override {
    served_.server.reset();
    denials_.reset();
  }

  absl::Status Refused(Role role = Role::kIcb) {
    return served_.As(role).Call(&Portfolio::Stub::ImportRecords, OneFile()).status();
  }

  std::function<absl::Status(store::FaultPoint)> fault = [](store::FaultPoint) { return absl::OkStatus(); };
  SystemClock clock_;
  store::TestDatabase database_{store::Engine::kSqlite};
  std::unique_ptr<store::Store> store_;
  LateSink late_;
  Served served_{{.threads = 4, .queue_limit = 16}, nullptr, &late_};
  std::unique_ptr<DenialAudit> denials_;
};

TEST_F(Denials, ARefusalForTheRoleIsRecordedBeforeTheReply) {
  Serve();
  EXPECT_THAT(Refused(), StatusIs(absl::StatusCode::kPermissionDenied, "MISSING_ROLE"));
  const std::vector<store::AuditRecord> trail = store::AuditTrail(*store_);
  ASSERT_THAT(trail, SizeIs(1));
  EXPECT_EQ(trail[0].entry.action, store::kDenied);
  EXPECT_EQ(trail[0].user, "ada@example.nhs.uk");
  EXPECT_EQ(trail[0].roles, "icb");
  EXPECT_EQ(trail[0].organisation, "QOQ");
  EXPECT_EQ(trail[0].method, "specom.portfolio.v1.PortfolioService/ImportRecords");
  EXPECT_THAT(trail[0].entry.reason, StartsWith("MISSING_ROLE: "));
  EXPECT_FALSE(trail[0].request_id.empty());
  EXPECT_THAT(trail[0].traceparent, SizeIs(55));
  EXPECT_THAT(served_.As(Role::kNational).Call(&Portfolio::Stub::ImportRecords, OneFile()), IsOk());
  EXPECT_THAT(store::AuditTrail(*store_), SizeIs(1)) << "an allowed call is no denial";
}

TEST_F(Denials, ARefusalByTheOperationNamesTheResource) {
  served_.portfolio.import = [](RequestContext&, const auto&) {
    return MakeError(absl::StatusCode::kPermissionDenied, "NOT_YOURS", "held by another organisation");
  };
  Serve();
  EXPECT_THAT(Refused(Role::kNational), StatusIs(absl::StatusCode::kPermissionDenied, "NOT_YOURS"));
  EXPECT_THAT(store::AuditTrail(*store_).at(0).entry.reason, "NOT_YOURS: held by another organisation");

  portfolio::v1::GetServiceRequest request;
  request.set_name("services/PSS-29\n\xC3\xA9" + std::string(1000, 'x'));
  const store::AuditEntry entry = DenialOf(absl::PermissionDeniedError("no"), request, "ipv4:10.0.0.7:4711");
  EXPECT_THAT(entry.resource, AllOf(StartsWith("services/PSS-29???xx"), SizeIs(400)));
  EXPECT_EQ(entry.reason, "no");
}

TEST_F(Denials, AnUnknownCallerIsRecordedByItsAddress) {
  Serve();
  Client nobody(served_.channel, {});
  EXPECT_THAT(nobody.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60()),
              StatusIs(absl::StatusCode::kUnauthenticated));
  const std::vector<store::AuditRecord> trail = store::AuditTrail(*store_);
  ASSERT_THAT(trail, SizeIs(1)) << "the chain of the first service holds what no chain of its own has";
  EXPECT_EQ(trail[0].user, "");
  EXPECT_EQ(trail[0].method, "specom.reporting.v1.ReportingService/GetRegionalReport");
  EXPECT_THAT(trail[0].entry.reason, HasSubstr("(from ipv4:127.0.0.1)"));
}

TEST_F(Denials, AMethodOutsideTheContractIsADenial) {
  Serve();
  EXPECT_THAT(served_.As(Role::kNational).Call(&Reporting::Stub::ListRegionalReports, {}),
              StatusIs(absl::StatusCode::kPermissionDenied, "NO_METHOD_TRAITS"));
  EXPECT_THAT(store::AuditTrail(*store_), SizeIs(1));
}

TEST_F(Denials, EachOfManyIsRecordedInAChainThatVerifies) {
  Serve();
  constexpr int kCallers = 8;
  constexpr int kTimes = 10;
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&] {
      for (int t = 0; t < kTimes; ++t) {
        EXPECT_THAT(Refused(), StatusIs(absl::StatusCode::kPermissionDenied));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_THAT(store::AuditTrail(*store_), SizeIs(kCallers * kTimes));
  EXPECT_THAT(store::AuditFaults(*store_), IsEmpty());
  EXPECT_THAT(served_.metrics.Text(), HasSubstr("specom_audit_denials_unwritten_total 0"));
}

TEST_F(Denials, ADatabaseThatIsAwayHoldsUpNoRefusal) {
  fault = [](store::FaultPoint) { return absl::UnavailableError("the database is away"); };
  Serve();
  EXPECT_THAT(Refused(), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(served_.metrics.Text(), HasSubstr("specom_audit_denials_unwritten_total 1"));
  EXPECT_THAT(served_.Log(), ::testing::Contains(AllOf(HasSubstr("denials are not in the audit record"),
                                                       HasSubstr("the database is away"))));
  EXPECT_THAT(store::AuditTrail(*store_), IsEmpty());
}

TEST_F(Denials, WhenTooManyWaitTheNextIsRefusedAtOnce) {
  Serve({.queue_limit = 0});
  EXPECT_THAT(Refused(), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(served_.metrics.Text(), HasSubstr("specom_audit_denials_unwritten_total 1"));
  EXPECT_THAT(served_.Log(), ::testing::Contains(HasSubstr("too many wait to be written")));
  EXPECT_THAT(store::AuditTrail(*store_), IsEmpty());
}

// Straight to the sink: what waits while a commit is under way is one further transaction.
TEST_F(Denials, WhatWaitsIsCommittedTogetherAndUnknownCallersShareARecord) {
  absl::Notification begun;
  absl::Notification go_on;
  std::atomic<int> transactions = 0;
  fault = [&](store::FaultPoint point) {
    if (point == store::FaultPoint::kBeforeBegin && ++transactions == 1) {
      begun.Notify();
      go_on.WaitForNotification();
    }
    return absl::OkStatus();
  };
  DenialAudit denials(clock_, served_.logger(), served_.metrics);
  denials.AddChain("portfolio", *store_);
  std::atomic<int> told = 0;
  const auto deny = [&](const std::string& user) {
    RequestContext context;
    context.method = "specom.portfolio.v1.PortfolioService/ImportRecords";
    context.principal.user = user;
    EXPECT_TRUE(
        denials.Record(context, {.resource = "", .action = store::kDenied, .reason = "NO"}, [&] { ++told; }));
  };
  deny("ada");
  begun.WaitForNotification();
  for (int i = 0; i < 5; ++i) deny("ada");
  for (int i = 0; i < 7; ++i) deny("");
  go_on.Notify();
  denials.Stop();
  EXPECT_EQ(told, 13);
  EXPECT_EQ(transactions, 2);
  const std::vector<store::AuditRecord> trail = store::AuditTrail(*store_);
  ASSERT_THAT(trail, SizeIs(7));
  EXPECT_EQ(trail[6].user, "");
  EXPECT_EQ(trail[6].entry.reason, "NO (7 times)");
  EXPECT_FALSE(denials.Record({}, {}, [] { ADD_FAILURE(); })) << "it has stopped";
}

// One after the other, so that none waits for the same transaction as another.
class UnknownCallers : public Denials {
 protected:
  void Deny(DenialAudit& denials, const std::string& user, const std::string& reason = "NO") {
    RequestContext context;
    context.method = "specom.portfolio.v1.PortfolioService/ImportRecords";
    context.principal.user = user;
    absl::Notification told;
    ASSERT_TRUE(denials.Record(context, {.resource = "", .action = store::kDenied, .reason = reason},
                               [&] { told.Notify(); }));
    told.WaitForNotification();
  }

  std::vector<std::string> Reasons() {
    std::vector<std::string> reasons;
    for (const store::AuditRecord& record : store::AuditTrail(*store_)) {
      reasons.push_back(record.user + record.entry.reason);
    }
    return reasons;
  }
};

TEST_F(UnknownCallers, CannotFillTheRecord) {
  testing::FakeClock clock(absl::Now());
  DenialAudit denials(clock, served_.logger(), served_.metrics, {.repeat_pause = absl::Minutes(1)});
  denials.AddChain("portfolio", *store_);
  for (int i = 0; i < 5; ++i) Deny(denials, "");
  EXPECT_THAT(Reasons(), ElementsAre("NO")) << "the first is there before its caller hears of it";
  Deny(denials, "", "NEVER");
  for (int i = 0; i < 2; ++i) Deny(denials, "ada ");
  EXPECT_THAT(Reasons(), ElementsAre("NO", "NEVER", "ada NO", "ada NO"));
  clock.Advance(absl::Minutes(1));
  Deny(denials, "");
  EXPECT_THAT(Reasons(), ElementsAre("NO", "NEVER", "ada NO", "ada NO", "NO (5 times)")) << "none is lost";
  for (int i = 0; i < 2; ++i) Deny(denials, "");
  denials.Stop();
  EXPECT_THAT(Reasons(), ElementsAre("NO", "NEVER", "ada NO", "ada NO", "NO (5 times)", "NO (2 times)"));
  EXPECT_THAT(store::AuditFaults(*store_), IsEmpty());
}

TEST_F(UnknownCallers, AreCountedInTheRecordThoughNoneComesAfterThem) {
  DenialAudit denials(clock_, served_.logger(), served_.metrics, {.repeat_pause = absl::Milliseconds(50)});
  denials.AddChain("portfolio", *store_);
  for (int i = 0; i < 3; ++i) Deny(denials, "");
  const auto counted = [this] {
    int count = 0;
    for (const std::string& reason : Reasons()) {
      count += reason == "NO" ? 1 : reason == "NO (2 times)" ? 2 : reason == "NO (3 times)" ? 3 : 0;
    }
    return count;
  };
  const absl::Time patience = absl::Now() + absl::Seconds(20);
  while (counted() < 3 && absl::Now() < patience) std::this_thread::yield();
  EXPECT_EQ(counted(), 3);
}

TEST_F(UnknownCallers, OfMoreKindsThanAreToldApartAreCountedAsUnwritten) {
  testing::FakeClock clock(absl::Now());
  DenialAudit denials(clock, served_.logger(), served_.metrics,
                      {.queue_limit = 2, .repeat_pause = absl::Minutes(1)});
  denials.AddChain("portfolio", *store_);
  for (const char* reason : {"ONE", "TWO", "THREE"}) Deny(denials, "", reason);
  EXPECT_THAT(Reasons(), ElementsAre("ONE", "TWO"));
  EXPECT_THAT(served_.metrics.Text(), HasSubstr("specom_audit_denials_unwritten_total 1"));
  clock.Advance(absl::Minutes(1));
  Deny(denials, "", "THREE");
  EXPECT_THAT(Reasons(), ElementsAre("ONE", "TWO", "THREE"));
}

TEST_F(UnknownCallers, AreRecordedAgainOnceTheDatabaseIsBack) {
  testing::FakeClock clock(absl::Now());
  DenialAudit denials(clock, served_.logger(), served_.metrics, {.repeat_pause = absl::Minutes(1)});
  denials.AddChain("portfolio", *store_);
  fault = [](store::FaultPoint) { return absl::UnavailableError("the database is away"); };
  Deny(denials, "");
  fault = [](store::FaultPoint) { return absl::OkStatus(); };
  Deny(denials, "");
  EXPECT_THAT(Reasons(), ElementsAre("NO"));
}

TEST_F(Denials, OneThatCannotBeStoredDoesNotTakeTheOthersWithIt) {
  absl::Notification begun;
  absl::Notification go_on;
  fault = [&, first = true](store::FaultPoint point) mutable {
    if (point == store::FaultPoint::kBeforeBegin && std::exchange(first, false)) {
      begun.Notify();
      go_on.WaitForNotification();
    }
    return absl::OkStatus();
  };
  DenialAudit denials(clock_, served_.logger(), served_.metrics);
  denials.AddChain("portfolio", *store_);
  const auto deny = [&](const std::string& user) {
    RequestContext context;
    context.principal.user = user;
    EXPECT_TRUE(denials.Record(context, {.resource = "", .action = store::kDenied}, [] {}));
  };
  deny("first");
  begun.WaitForNotification();
  deny("ada");
  deny(std::string("b\0d", 3));
  deny("bob");
  go_on.Notify();
  denials.Stop();
  std::vector<std::string> users;
  for (const store::AuditRecord& record : store::AuditTrail(*store_)) users.push_back(record.user);
  EXPECT_THAT(users, ElementsAre("first", "ada", "bob"));
  EXPECT_THAT(served_.metrics.Text(), HasSubstr("specom_audit_denials_unwritten_total 1"));
}

}  // namespace
}  // namespace specom::rpc
