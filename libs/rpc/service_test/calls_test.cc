// Proves what every call of every service goes through, with a real server, client and wire: who is let
// in, what is refused and how, and what the caller and the operator are told.
#include <atomic>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "absl/synchronization/notification.h"
#include "libs/base/status.h"
#include "libs/observe/trace.h"
#include "libs/rpc/service_test/served.h"
#include "libs/testing/status_matchers.h"

namespace specom::rpc {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

using Reporting = reporting::v1::ReportingService;
using Portfolio = portfolio::v1::PortfolioService;

constexpr absl::Duration kPatience = absl::Seconds(20);

// The first line of the log with this event. The access line is written before the reply is sent.
nlohmann::json LineOf(const std::vector<std::string>& log, const std::string& event) {
  for (const std::string& line : log) {
    auto json = nlohmann::json::parse(line);
    if (json["event"] == event) return json;
  }
  return {};
}

class Calls : public ::testing::Test {
 protected:
  void SetUp() override { served_.Start(); }

  Served served_;
};

TEST_F(Calls, AnAllowedCallerIsServedAndNoted) {
  Client client = served_.As(Role::kRegion);
  auto report = client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60());
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->region(), "Y60");

  auto line = LineOf(served_.Log(), "rpc");
  EXPECT_EQ(line["method"], "specom.reporting.v1.ReportingService/GetRegionalReport");
  EXPECT_EQ(line["code"], "OK");
  EXPECT_EQ(line["user"], "ada@example.nhs.uk");
  EXPECT_EQ(line["organisation"], "QOQ");
  EXPECT_THAT(line.dump(), Not(HasSubstr("2025/26"))) << "no bodies in the log";
  EXPECT_THAT(served_.metrics.Text(),
              HasSubstr("specom_rpc_finished_total{code=\"OK\",method=\"GetRegionalReport\","
                        "service=\"specom.reporting.v1.ReportingService\"} 1"));
}

TEST_F(Calls, TheOperationKnowsTheCall) {
  RequestContext seen;
  served_.reporting.report = [&](RequestContext& rc, const auto&) {
    seen = rc;
    return reporting::v1::RegionalReport();
  };
  Client client = served_.As(Role::kIcb);
  ASSERT_THAT(client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60()), IsOk());
  EXPECT_EQ(seen.principal.user, "ada@example.nhs.uk");
  EXPECT_TRUE(seen.principal.Has(Role::kIcb));
  EXPECT_EQ(seen.principal.organisation, "QOQ");
  EXPECT_EQ(seen.method, "specom.reporting.v1.ReportingService/GetRegionalReport");
  EXPECT_EQ(seen.received_at, served_.clock.Now());
  EXPECT_LE(seen.deadline, served_.clock.Now() + absl::Seconds(15));
  EXPECT_TRUE(seen.idempotency.request_id.empty());
}

TEST_F(Calls, ACallerWithoutTheRoleIsDeniedAndAudited) {
  bool ran = false;
  served_.portfolio.import = [&](RequestContext&, const auto&) {
    ran = true;
    return portfolio::v1::ImportRecordsResponse();
  };
  Client client = served_.As(Role::kProvider);
  // Not a word about the request, which is wrong as well.
  auto denied = client.Call(&Portfolio::Stub::ImportRecords, portfolio::v1::ImportRecordsRequest());
  EXPECT_THAT(denied, StatusIs(absl::StatusCode::kPermissionDenied, "MISSING_ROLE"));
  EXPECT_EQ(ErrorMetadataOf(denied.status())["roles"], "national");
  EXPECT_FALSE(ran);
  auto line = LineOf(served_.Log(), "access denied");
  EXPECT_EQ(line["user"], "ada@example.nhs.uk");
  EXPECT_EQ(line["roles"], "provider");
  EXPECT_EQ(line["reason"], "MISSING_ROLE");
}

TEST_F(Calls, ACallerWithoutIdentityIsToldHowToGiveOne) {
  Client client(served_.channel);
  auto refused = client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60());
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kUnauthenticated, "MISSING_IDENTITY"));
  EXPECT_THAT(refused.status().message(), HasSubstr("x-specom-user and x-specom-roles"));
  EXPECT_EQ(LineOf(served_.Log(), "access denied")["reason"], "MISSING_IDENTITY");
}

TEST_F(Calls, AMethodThatTheContractDoesNotKnowIsDenied) {
  Client client = served_.As(Role::kNational);
  EXPECT_THAT(client.Call(&Reporting::Stub::ListRegionalReports, reporting::v1::ListRegionalReportsRequest()),
              StatusIs(absl::StatusCode::kPermissionDenied, "NO_METHOD_TRAITS"));
  EXPECT_THAT(served_.metrics.Text(), HasSubstr("method=\"unknown\""));
  EXPECT_THAT(served_.metrics.Text(), Not(HasSubstr("NotInTheContract")));
}

TEST_F(Calls, EveryWrongFieldIsNamedAtOnceUpToTwenty) {
  portfolio::v1::ImportRecordsRequest request;
  for (int i = 0; i < 30; ++i) request.add_files();
  request.set_request_id("again");
  Client client = served_.As(Role::kNational);
  auto refused = client.Call(&Portfolio::Stub::ImportRecords, request);
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  auto violations = FieldViolationsOf(refused.status());
  ASSERT_EQ(violations.size(), 20u);
  EXPECT_EQ(violations[0].field, "request_id");
  EXPECT_EQ(violations[1].field, "files[0].file_name");
  EXPECT_EQ(ErrorMetadataOf(refused.status())["violations"], "61");
  EXPECT_EQ(ErrorMetadataOf(refused.status())["further_violations"], "41");
}

TEST_F(Calls, TheLargestErrorArrivesWhole) {
  std::string pounds;
  for (int i = 0; i < 2000; ++i) pounds += "£";
  served_.reporting.report = [&](RequestContext&,
                                 const auto&) -> absl::StatusOr<reporting::v1::RegionalReport> {
    std::vector<FieldViolation> violations;
    for (int i = 0; i < 150; ++i) violations.push_back({"field" + std::to_string(i), pounds});
    return WithResource(WithFieldViolations(MakeError(absl::StatusCode::kAborted, "LARGE", pounds,
                                                      {{"a", pounds}, {"b", pounds}}),
                                            violations),
                        pounds, pounds);
  };
  Client client = served_.As(Role::kNational);
  auto refused =
      client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60(), {.request_id = std::string(128, 'r')});
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kAborted, "LARGE"));
  EXPECT_THAT(refused.status().message(), HasSubstr("£££"));
}

TEST(Deadline, WorkWhoseTimeRunsOutInTheQueueIsNotBegun) {
  Served served({.threads = 1, .queue_limit = 16});
  absl::Notification held;
  absl::Notification release;
  std::atomic<int> begun = 0;
  served.reporting.report = [&](RequestContext&, const auto&) {
    if (++begun == 1) held.Notify();
    release.WaitForNotification();
    return reporting::v1::RegionalReport();
  };
  served.Start();
  Client client = served.As(Role::kNational);
  absl::Status first;
  std::thread holder(
      [&] { first = client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60()).status(); });
  ASSERT_TRUE(held.WaitForNotificationWithTimeout(kPatience));
  absl::Status second;
  std::thread waiter(
      [&] { second = client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60()).status(); });
  const std::string both =
      "specom_rpc_started_total{method=\"GetRegionalReport\","
      "service=\"specom.reporting.v1.ReportingService\"} 2";
  const absl::Time patience = absl::Now() + kPatience;
  while (served.metrics.Text().find(both) == std::string::npos && absl::Now() < patience)
    std::this_thread::yield();
  // By the server's clock both callers have given up long ago.
  served.clock.Advance(absl::Hours(1));
  release.Notify();
  holder.join();
  waiter.join();
  EXPECT_THAT(first, IsOk()) << "what was begun in time is answered";
  EXPECT_THAT(second, StatusIs(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED"));
  EXPECT_EQ(begun, 1);
}

TEST_F(Calls, AnExceptionLeaksNothingAndCanBeFound) {
  served_.reporting.report = [](RequestContext&,
                                const auto&) -> absl::StatusOr<reporting::v1::RegionalReport> {
    throw std::runtime_error("password=hunter2");
  };
  Client client = served_.As(Role::kNational);
  auto failed = client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60());
  EXPECT_THAT(failed, StatusIs(absl::StatusCode::kInternal, "INTERNAL_ERROR"));
  EXPECT_THAT(failed.status().ToString(), Not(HasSubstr("hunter2")));
  auto line = LineOf(served_.Log(), "internal error");
  EXPECT_EQ(line["reference"], ErrorMetadataOf(failed.status())["reference"]);
  EXPECT_THAT(line["error"].get<std::string>(), HasSubstr("hunter2"));
}

TEST_F(Calls, AnInternalStatusLeaksNothingEither) {
  served_.reporting.report = [](RequestContext&,
                                const auto&) -> absl::StatusOr<reporting::v1::RegionalReport> {
    return MakeError(absl::StatusCode::kUnknown, "X", "table runs has no column", {{"table", "runs"}});
  };
  Client client = served_.As(Role::kNational);
  auto failed = client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60());
  EXPECT_THAT(failed, StatusIs(absl::StatusCode::kInternal, "INTERNAL_ERROR"));
  EXPECT_THAT(failed.status().ToString(), Not(HasSubstr("column")));
}

TEST(Overload, IsRefusedAtOnceWithATimeToRetryWhileMemoryIsStillRead) {
  Served served({.threads = 1, .queue_limit = 0});
  absl::Notification held;
  absl::Notification release;
  served.reporting.report = [&](RequestContext&, const auto&) {
    held.Notify();
    release.WaitForNotification();
    return reporting::v1::RegionalReport();
  };
  served.Start();
  Client client = served.As(Role::kNational);
  absl::Status first;
  std::thread caller(
      [&] { first = client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60()).status(); });
  ASSERT_TRUE(held.WaitForNotificationWithTimeout(kPatience));

  // The thread is taken until the test lets go, so this answer comes from admission alone.
  auto refused = client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60());
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted, "OVERLOADED"));
  EXPECT_GT(RetryAfterMilliseconds(refused.status()), 0);
  // Methods that only read memory need no thread of the executor.
  portfolio::v1::GetServiceRequest request;
  request.set_name("services/NCBPS01");
  EXPECT_THAT(client.Call(&Portfolio::Stub::GetService, request), IsOk());

  release.Notify();
  caller.join();
  EXPECT_THAT(first, IsOk());
}

TEST_F(Calls, TheRequestIdComesBackAndMakesNoMischief) {
  auto echo = [&](const std::string& sent) {
    auto stub = Reporting::NewStub(served_.channel);
    grpc::ClientContext context;
    for (const auto& [key, value] : DevelopmentIdentity({"ada", {Role::kNational}, ""}))
      context.AddMetadata(key, value);
    if (!sent.empty()) context.AddMetadata("x-request-id", sent);
    reporting::v1::RegionalReport report;
    EXPECT_TRUE(stub->GetRegionalReport(&context, ReportOfY60(), &report).ok());
    auto found = context.GetServerTrailingMetadata().find("x-request-id");
    if (found == context.GetServerTrailingMetadata().end()) return std::string("(none)");
    return std::string(found->second.data(), found->second.size());
  };
  EXPECT_EQ(echo("order-4711"), "order-4711");
  EXPECT_EQ(echo("").size(), 36u) << "a UUID of the server's";
  EXPECT_EQ(echo(std::string(129, 'x')).size(), 36u) << "too long to be kept";
  EXPECT_EQ(echo("two words").size(), 36u);
}

TEST_F(Calls, ATraceGoesOn) {
  std::string seen;
  served_.reporting.report = [&](RequestContext& rc, const auto&) {
    seen = rc.traceparent;
    return reporting::v1::RegionalReport();
  };
  observe::TraceContext trace = observe::NewTrace();
  Client client = served_.As(Role::kNational);
  ASSERT_THAT(
      client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60(), {.traceparent = trace.Traceparent()}),
      IsOk());
  auto continued = observe::ParseTraceparent(seen);
  ASSERT_TRUE(continued.has_value()) << seen;
  EXPECT_EQ(continued->trace_id, trace.trace_id);
  EXPECT_NE(continued->span_id, trace.span_id);
  EXPECT_EQ(LineOf(served_.Log(), "rpc")["trace_id"], trace.trace_id);
}

TEST_F(Calls, ARepeatHasTheFingerprintOfTheFirst) {
  std::vector<IdempotencyKey> keys;
  served_.portfolio.import = [&](RequestContext& rc, const auto&) {
    keys.push_back(rc.idempotency);
    return portfolio::v1::ImportRecordsResponse();
  };
  Client client = served_.As(Role::kNational);
  auto request = OneFile();
  request.set_request_id("7b4f0c3e-2f8e-4d55-9c06-2f1de6a5a0d1");
  ASSERT_THAT(client.Call(&Portfolio::Stub::ImportRecords, request), IsOk());
  ASSERT_THAT(client.Call(&Portfolio::Stub::ImportRecords, request), IsOk());
  request.set_validate_only(true);
  ASSERT_THAT(client.Call(&Portfolio::Stub::ImportRecords, request), IsOk());
  request.clear_request_id();
  ASSERT_THAT(client.Call(&Portfolio::Stub::ImportRecords, request), IsOk());
  ASSERT_EQ(keys.size(), 4u);
  EXPECT_EQ(keys[0].request_id, "7b4f0c3e-2f8e-4d55-9c06-2f1de6a5a0d1");
  EXPECT_EQ(keys[0].fingerprint.size(), 64u);
  EXPECT_EQ(keys[0].fingerprint, keys[1].fingerprint);
  EXPECT_NE(keys[0].fingerprint, keys[2].fingerprint);
  EXPECT_TRUE(keys[3].request_id.empty());
}

TEST_F(Calls, AnOperationSeesThatItsCallerHasGone) {
  absl::Notification running;
  absl::Notification seen;
  served_.reporting.report = [&](RequestContext& rc,
                                 const auto&) -> absl::StatusOr<reporting::v1::RegionalReport> {
    running.Notify();
    absl::Time limit = absl::Now() + kPatience;
    while (!rc.Cancelled() && absl::Now() < limit) std::this_thread::yield();
    if (rc.Cancelled()) seen.Notify();
    return absl::CancelledError("the caller has gone");
  };
  auto stub = Reporting::NewStub(served_.channel);
  grpc::ClientContext context;
  for (const auto& [key, value] : DevelopmentIdentity({"ada", {Role::kNational}, ""}))
    context.AddMetadata(key, value);
  std::thread caller([&] {
    reporting::v1::RegionalReport report;
    EXPECT_EQ(stub->GetRegionalReport(&context, ReportOfY60(), &report).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  ASSERT_TRUE(running.WaitForNotificationWithTimeout(kPatience));
  context.TryCancel();
  EXPECT_TRUE(seen.WaitForNotificationWithTimeout(kPatience));
  caller.join();
}

TEST_F(Calls, ANationalImportFitsIntoOneMessage) {
  std::size_t size = 0;
  served_.portfolio.import = [&](RequestContext&, const portfolio::v1::ImportRecordsRequest& request) {
    size = request.files(0).content().size();
    return portfolio::v1::ImportRecordsResponse();
  };
  Client client = served_.As(Role::kNational);
  EXPECT_THAT(client.Call(&Portfolio::Stub::ImportRecords, OneFile(std::string(15'000'000, 'x'))), IsOk());
  EXPECT_EQ(size, 15'000'000u);
}

class Retries : public Calls {
 protected:
  // Both operations are unavailable this many times, then succeed.
  void Fail(int times) {
    served_.reporting.report = [this, times](RequestContext&,
                                             const auto&) -> absl::StatusOr<TestReporting::Report> {
      if (++attempts_ <= times) return absl::UnavailableError("the database is away");
      return TestReporting::Report();
    };
    served_.portfolio.import = [this, times](
                                   RequestContext& rc,
                                   const auto&) -> absl::StatusOr<portfolio::v1::ImportRecordsResponse> {
      request_ids_.push_back(rc.request_id);
      if (++attempts_ <= times) return absl::UnavailableError("the database is away");
      return portfolio::v1::ImportRecordsResponse();
    };
  }

  Client Impatient() {
    return served_.As(Role::kNational, {.max_attempts = 3,
                                        .first_backoff = absl::Microseconds(10),
                                        .longest_backoff = absl::Microseconds(100)});
  }

  int attempts_ = 0;
  std::vector<std::string> request_ids_;
};

TEST_F(Retries, AReadIsTriedAgain) {
  Fail(2);
  Client client = Impatient();
  EXPECT_THAT(client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60()), IsOk());
  EXPECT_EQ(attempts_, 3);
}

TEST_F(Retries, AWriteWithARequestIdIsTriedAgainAsTheSameRequest) {
  Fail(2);
  Client client = Impatient();
  auto request = OneFile();
  request.set_request_id("7b4f0c3e-2f8e-4d55-9c06-2f1de6a5a0d1");
  EXPECT_THAT(client.Call(&Portfolio::Stub::ImportRecords, request), IsOk());
  ASSERT_EQ(request_ids_.size(), 3u);
  EXPECT_EQ(request_ids_[0], request_ids_[2]);
}

TEST_F(Retries, AWriteWithoutOneIsNot) {
  Fail(2);
  Client client = Impatient();
  EXPECT_THAT(client.Call(&Portfolio::Stub::ImportRecords, OneFile()),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(attempts_, 1);
}

TEST_F(Retries, EndSomeTime) {
  Fail(1000);
  Client client = Impatient();
  EXPECT_THAT(client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60()),
              StatusIs(absl::StatusCode::kUnavailable, "UNAVAILABLE"));
  EXPECT_EQ(attempts_, 3);
}

TEST_F(Calls, NothingButUnavailableIsTriedAgain) {
  int attempts = 0;
  served_.reporting.report = [&](RequestContext&, const auto&) -> absl::StatusOr<TestReporting::Report> {
    ++attempts;
    return MakeError(absl::StatusCode::kAborted, "STALE_ETAG", "The run has changed.");
  };
  Client client = served_.As(Role::kNational);
  EXPECT_THAT(client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60()),
              StatusIs(absl::StatusCode::kAborted, "STALE_ETAG"));
  EXPECT_EQ(attempts, 1);
}

TEST_F(Calls, AWriteWithoutAnAnswerHasAnUnknownOutcome) {
  absl::Notification release;
  absl::Notification ended;
  served_.portfolio.import = [&](RequestContext&, const auto&) {
    release.WaitForNotification();
    ended.Notify();
    return portfolio::v1::ImportRecordsResponse();
  };
  Client client = served_.As(Role::kNational);
  auto unknown = client.Call(&Portfolio::Stub::ImportRecords, OneFile(), {.timeout = absl::Milliseconds(50)});
  EXPECT_THAT(unknown, StatusIs(absl::StatusCode::kDeadlineExceeded, "OUTCOME_UNKNOWN"));
  release.Notify();
  ASSERT_TRUE(ended.WaitForNotificationWithTimeout(kPatience));
}

TEST(Client, AsksNoProxyForThisMachine) {
  // Before there are threads that might read it.
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  Served served;
  served.Start();
  auto report = served.As(Role::kNational).Call(&Reporting::Stub::GetRegionalReport, ReportOfY60());
  unsetenv("http_proxy");
  EXPECT_THAT(report, IsOk());
}

TEST(Client, SaysThatNobodyAnswers) {
  Client client(OpenChannel("127.0.0.1:1"), {.max_attempts = 1});
  EXPECT_THAT(client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60()),
              StatusIs(absl::StatusCode::kUnavailable, "UNAVAILABLE"));
}

}  // namespace
}  // namespace specom::rpc
