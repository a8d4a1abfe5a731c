// Proves what portfolio leaves in the audit record: every decision recorded and corrected, with its state
// before and after and the reason, every import, and the reference pack once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "libs/rpc/audited_methods.h"
#include "libs/rpc/client.h"
#include "libs/rpc/service_host.h"
#include "libs/store/audit_trail.h"
#include "libs/store/test_database.h"
#include "libs/testing/status_matchers.h"
#include "services/portfolio/service.h"
#include "specom/portfolio/v1/portfolio_service.grpc.pb.h"

namespace specom::portfolio {
namespace {

using specom::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Stub = v1::PortfolioService::Stub;

class PortfolioAuditTest : public ::testing::TestWithParam<store::Engine> {
 protected:
  void SetUp() override {
    store_ = database_.Open(clock_);
    ASSERT_NE(store_, nullptr);
    Start();
  }

  void Start() {
    client_.reset();
    rpc::HostConfig config;
    config.identity = "development";
    config.log_level = observe::LogLevel::kError;
    auto host = rpc::ServiceHost::Create(config);
    ASSERT_THAT(host, IsOk());
    host_ = *std::move(host);
    host_->Add(NewPortfolioModule(*store_, host_->host()));
    ASSERT_THAT(host_->Migrate(), IsOk());
    ASSERT_THAT(host_->Start(), IsOk());
    const Principal national{
        .user = "decisions@example.nhs.uk", .roles = {Role::kNational}, .organisation = ""};
    client_ =
        std::make_unique<rpc::Client>(rpc::OpenChannel(host_->address()),
                                      rpc::ClientOptions{.identity = rpc::DevelopmentIdentity(national)});
  }

  // How a method is called whose request has request_id and validate_only. refuse: makes it refusable.
  template <class Request, class Response>
  rpc::AuditedCall CallOf(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                          const Request& request, const std::function<void(Request&)>& refuse,
                          const std::string& record) {
    rpc::AuditedCall call;
    call.change = [this, method, request = Request(request)](const std::string& request_id,
                                                             bool validate_only) mutable {
      request.set_request_id(request_id);
      request.set_validate_only(validate_only);
      return client_->Call(method, request).status();
    };
    call.refused = [this, method, request = Request(request), refuse]() mutable {
      refuse(request);
      return client_->Call(method, request).status();
    };
    call.records = {record};
    return call;
  }

  static v1::Decision TakeBack() {
    v1::Decision decision;
    decision.set_decision_id("take-back-qoq");
    decision.set_title("NHS England takes chemotherapy back from one ICB");
    decision.set_decided_by("Delegated Commissioning Group");
    Set(*decision.mutable_decided_on(), 2025, 6, 2);
    decision.set_form(v1::DELEGATION_FORM_NHS_ENGLAND);
    decision.add_icbs("QOQ");
    decision.add_services("PSS-105");
    Set(*decision.mutable_effective_from(), 2025, 7, 1);
    decision.set_source("https://www.england.nhs.uk/");
    return decision;
  }
  static void Set(common::v1::Date& date, int year, int month, int day) {
    date.set_year(year);
    date.set_month(month);
    date.set_day(day);
  }
  std::string EtagNow() {
    v1::GetDecisionRequest request;
    request.set_name("decisions/take-back-qoq");
    const auto decision = client_->Call(&Stub::GetDecision, request);
    EXPECT_THAT(decision, IsOk());
    return decision.ok() ? decision->etag() : "";
  }

  SystemClock clock_;
  store::TestDatabase database_{GetParam()};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<rpc::ServiceHost> host_;
  std::unique_ptr<rpc::Client> client_;
};

INSTANTIATE_TEST_SUITE_P(Engines, PortfolioAuditTest,
                         ::testing::Values(store::Engine::kSqlite, store::Engine::kPostgresql),
                         [](const auto& engine) { return std::string(store::ToString(engine.param)); });

TEST_P(PortfolioAuditTest, EveryAuditedMethodLeavesItsRecordAndOnlyThen) {
  const auto record = [&] {
    v1::RecordDecisionRequest request;
    *request.mutable_decision() = TakeBack();
    return CallOf<v1::RecordDecisionRequest, v1::Decision>(
        &Stub::RecordDecision, request, [](auto& refused) { refused.mutable_decision()->set_icbs(0, "QZZ"); },
        "recorded decisions/take-back-qoq");
  };
  const auto correct = [&] {
    v1::CorrectDecisionRequest request;
    *request.mutable_decision() = TakeBack();
    request.mutable_decision()->set_title("NHS England takes chemotherapy back");
    request.set_etag(EtagNow());
    request.set_reason("the title named what the list does");
    return CallOf<v1::CorrectDecisionRequest, v1::Decision>(
        &Stub::CorrectDecision, request, [](auto& refused) { refused.set_etag("stale"); },
        "corrected decisions/take-back-qoq");
  };
  const auto import = [&] {
    v1::ImportRecordsRequest request;
    v1::RecordFile& file = *request.add_files();
    file.set_file_name("programmes.csv");
    file.set_content(
        "letter,name,note,effective_from,effective_to,provenance,inferred\n"
        "Z,Rehabilitation,,2026-04-01,,a test,N\n");
    return CallOf<v1::ImportRecordsRequest, v1::ImportRecordsResponse>(
        &Stub::ImportRecords, request, [](auto& refused) { refused.mutable_files(0)->set_content("x\n1\n"); },
        "imported changes/4");
  };
  rpc::ExpectChangesAudited(
      *google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
          "specom.portfolio.v1.PortfolioService"),
      *store_, {{"RecordDecision", record}, {"CorrectDecision", correct}, {"ImportRecords", import}});
  const std::vector<store::AuditRecord> trail =
      store::AuditTrail(*store_, {.resource = "decisions/take-back-qoq"});
  ASSERT_THAT(trail, SizeIs(2));
  EXPECT_EQ(trail[0].entry.before_digest, "");
  EXPECT_EQ(trail[1].entry.before_digest, trail[0].entry.after_digest);
  EXPECT_EQ(trail[1].entry.reason, "the title named what the list does");
}

TEST_P(PortfolioAuditTest, TheReferencePackIsRecordedOnce) {
  EXPECT_THAT(store::AuditedActions(*store_), ElementsAre("imported changes/1"));
  Start();
  EXPECT_THAT(store::AuditedActions(*store_), ElementsAre("imported changes/1"));
  const store::AuditRecord record = store::AuditTrail(*store_).front();
  EXPECT_EQ(record.user, "specom/portfolio");
  EXPECT_EQ(record.roles, "service");
  EXPECT_THAT(record.entry.reason, ::testing::StartsWith("England reference pack"));
  EXPECT_THAT(store::AuditFaults(*store_), IsEmpty());
}

}  // namespace
}  // namespace specom::portfolio
