// Proves what auditors are shown by every process, page by page, and that its checkpoints outlive it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "libs/base/status.h"
#include "libs/rpc/audit_checkpoints.h"
#include "libs/rpc/service_host.h"
#include "libs/rpc/service_test/served.h"
#include "libs/store/audit_checkpoint.h"
#include "libs/store/audit_trail.h"
#include "libs/store/test_database.h"
#include "libs/testing/status_matchers.h"
#include "specom/common/v1/audit_service.grpc.pb.h"

namespace specom::rpc {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Auditing = common::v1::AuditService;

// Portfolio's methods on a store whose record the test writes.
class AuditedModule final : public Module {
 public:
  AuditedModule(store::Store& store, Host& host) : store_(store), portfolio_(host.pipeline) {}

  std::string name() const override { return "portfolio"; }
  store::Store* store() override { return &store_; }
  absl::StatusOr<int> Migrate() override { return store_.Migrate({}); }
  absl::Status CheckSchema() override { return absl::OkStatus(); }
  std::vector<grpc::Service*> services() override { return {&portfolio_}; }
  absl::Status Start() override { return absl::OkStatus(); }
  absl::Status Ready() override { return absl::OkStatus(); }
  void Stop() override {}

 private:
  store::Store& store_;
  TestPortfolio portfolio_;
};

class AuditServiceTest : public ::testing::Test {
 protected:
  AuditServiceTest() : store_(database_.Open(clock_)) { config_.identity = "development"; }
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override {
    host_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Start() {
    config_.log_level = observe::LogLevel::kError;
    auto host = ServiceHost::Create(config_);
    ASSERT_THAT(host, IsOk());
    host_ = *std::move(host);
    host_->Add(std::make_unique<AuditedModule>(*store_, host_->host()));
    ASSERT_THAT(host_->Migrate(), IsOk());
    ASSERT_THAT(host_->Start(), IsOk());
    channel_ = OpenChannel(host_->address());
  }

  void Append(const std::string& user, const std::string& resource) {
    RequestContext context;
    context.principal = {user, {Role::kNational, Role::kJointCommittee}, "X24"};
    ASSERT_THAT(store_->Write(context,
                              [&](store::UnitOfWork& work) {
                                return work.Audit(
                                    context, {.resource = resource, .action = "changed", .reason = "why"});
                              }),
                IsOk());
  }

  Client As(Role role) {
    ClientOptions options;
    options.identity = DevelopmentIdentity({"auditor@example.nhs.uk", {role}, ""});
    return Client(channel_, options);
  }
  absl::StatusOr<common::v1::ListAuditRecordsResponse> List(common::v1::ListAuditRecordsRequest request,
                                                            Role role = Role::kAuditor) {
    if (request.service().empty()) request.set_service("portfolio");
    return As(role).Call(&Auditing::Stub::ListAuditRecords, request);
  }
  absl::StatusOr<common::v1::AuditVerification> Verify() {
    common::v1::VerifyAuditRequest request;
    request.set_service("portfolio");
    return As(Role::kAuditor).Call(&Auditing::Stub::VerifyAudit, request);
  }

  std::string Key(const SigningKey& key) {
    const std::string path = folder_ / "audit.key";
    std::ofstream(path) << key.Pem().Reveal();
    return path;
  }
  std::vector<store::AuditHead> Checkpoints(const SigningKey& key) {
    std::ostringstream text;
    text << std::ifstream(config_.audit.checkpoints).rdbuf();
    const store::CheckpointFile file =
        store::ReadCheckpoints(text.str(), *PublicKey::FromPem(key.PublicPem()));
    EXPECT_THAT(file.problems, IsEmpty());
    std::vector<store::AuditHead> heads;
    for (const store::AuditCheckpoint& checkpoint : file.checkpoints) {
      EXPECT_EQ(checkpoint.service, "portfolio");
      heads.push_back(checkpoint.head);
    }
    return heads;
  }

  SystemClock clock_;
  store::TestDatabase database_{store::Engine::kSqlite};
  const std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("specom " + NewUuid());
  std::unique_ptr<store::Store> store_;
  HostConfig config_;
  std::unique_ptr<ServiceHost> host_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(AuditServiceTest, AnAuditorSeesARecordAsItIsStored) {
  Start();
  Append("ada", "decisions/1");
  const auto listed = List({});
  ASSERT_THAT(listed, IsOk());
  ASSERT_EQ(listed->records_size(), 1);
  const common::v1::AuditRecord& shown = listed->records(0);
  const store::AuditRecord stored = store::AuditTrail(*store_).at(0);
  EXPECT_EQ(shown.service(), "portfolio");
  EXPECT_EQ(shown.sequence(), 1);
  EXPECT_EQ(shown.time().seconds() * 1'000'000 + shown.time().nanos() / 1000,
            absl::ToUnixMicros(stored.time));
  EXPECT_EQ(shown.user(), "ada");
  EXPECT_THAT(shown.roles(), ElementsAre(common::v1::ROLE_NATIONAL, common::v1::ROLE_JOINT_COMMITTEE));
  EXPECT_EQ(shown.organisation(), "X24");
  EXPECT_EQ(shown.resource(), "decisions/1");
  EXPECT_EQ(shown.action(), "changed");
  EXPECT_EQ(shown.reason(), "why");
  EXPECT_EQ(shown.hash(), stored.hash);
  EXPECT_EQ(shown.previous_hash(), "");
  EXPECT_EQ(listed->next_page_token(), "");
}

// The paging law: the pages hold every record once, in order, whatever their size and whatever is added.
TEST_F(AuditServiceTest, PagesHoldEveryRecordOnce) {
  Start();
  for (int i = 0; i < 10; ++i) Append(i % 2 == 0 ? "ada" : "ben", absl::StrCat("decisions/", i));
  for (int size : {1, 3, 5, 10, 100}) {
    std::vector<std::int64_t> seen;
    common::v1::ListAuditRecordsRequest request;
    request.set_user("ada");
    request.set_page_size(size);
    do {
      const auto page = List(request);
      ASSERT_THAT(page, IsOk());
      EXPECT_LE(page->records_size(), size);
      for (const auto& record : page->records()) {
        if (record.resource() != "decisions/late") seen.push_back(record.sequence());
      }
      request.set_page_token(page->next_page_token());
      if (size == 3) Append("ada", "decisions/late");
    } while (!request.page_token().empty());
    EXPECT_THAT(seen, ElementsAre(9, 7, 5, 3, 1)) << size;
  }
  common::v1::ListAuditRecordsRequest first;
  first.set_page_size(2);
  auto page = List(first);
  ASSERT_THAT(page, IsOk());
  first.set_page_token(page->next_page_token());
  first.set_user("ben");
  EXPECT_THAT(List(first), StatusIs(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_MISMATCH"));
  first.set_page_token("no token");
  EXPECT_THAT(List(first), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_PAGE_TOKEN"));
  first.set_page_token("");
  first.set_page_size(-1);
  EXPECT_THAT(List(first), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
}

TEST_F(AuditServiceTest, RefusesWhatItCannotAnswer) {
  Start();
  common::v1::ListAuditRecordsRequest request;
  request.set_service("oversight");
  const auto unknown = List(request);
  EXPECT_THAT(unknown, StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_THAT(unknown.status().ToString(), HasSubstr("portfolio"));
  request.set_service("portfolio");
  request.mutable_start_time()->set_nanos(-1);
  EXPECT_THAT(List(request), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  request.mutable_start_time()->set_nanos(0);
  request.mutable_start_time()->set_seconds(2);
  request.mutable_end_time()->set_seconds(1);
  EXPECT_THAT(List(request), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
}

TEST_F(AuditServiceTest, OnlyAuditorsMayAskAndOthersAreFoundInIt) {
  Start();
  for (Role role : {Role::kNational, Role::kAdministrator, Role::kIcb}) {
    EXPECT_THAT(List({}, role), StatusIs(absl::StatusCode::kPermissionDenied, "MISSING_ROLE"));
  }
  common::v1::ListAuditRecordsRequest request;
  request.set_denials_only(true);
  const auto denials = List(request);
  ASSERT_THAT(denials, IsOk());
  ASSERT_EQ(denials->records_size(), 3);
  EXPECT_EQ(denials->records(0).method(), "specom.common.v1.AuditService/ListAuditRecords");
  EXPECT_THAT(denials->records(0).roles(), ElementsAre(common::v1::ROLE_ICB));
}

TEST_F(AuditServiceTest, VerifiesTheChainAndNamesWhatIsWrong) {
  Start();
  for (int i = 0; i < 5; ++i) Append("ada", "decisions/1");
  auto verification = Verify();
  ASSERT_THAT(verification, IsOk());
  EXPECT_TRUE(verification->intact());
  EXPECT_EQ(verification->record_count(), 5);
  EXPECT_EQ(verification->head_hash(), store::AuditTrail(*store_).back().hash);
  for (const char* sql : {"DROP TRIGGER audit_record_kept_as_it_is",
                          "UPDATE audit_record SET user_name = 'ben' WHERE sequence = 3"}) {
    ASSERT_THAT(store_->Write({},
                              [&](store::UnitOfWork& work) {
                                return work.Execute({.name = "test.tamper", .sql = sql}).status();
                              }),
                IsOk());
  }
  verification = Verify();
  ASSERT_THAT(verification, IsOk());
  EXPECT_FALSE(verification->intact());
  EXPECT_THAT(verification->findings(), ElementsAre(HasSubstr("record 3 was altered")));
}

TEST_F(AuditServiceTest, AProcessSignsHowFarItsChainsGoWhenItStartsAndStops) {
  const SigningKey key = SigningKey::Make();
  config_.audit.checkpoints = folder_ / "checkpoints.jsonl";
  config_.audit.signing_key = Key(key);
  ASSERT_THAT(store_->Migrate({}), IsOk());
  Append("ada", "decisions/1");
  Start();
  for (const absl::Time end = clock_.Now() + absl::Seconds(30);
       Checkpoints(key).empty() && clock_.Now() < end;) {
  }
  Append("ada", "decisions/2");
  host_->Stop();
  const std::vector<store::AuditRecord> trail = store::AuditTrail(*store_);
  EXPECT_THAT(Checkpoints(key),
              ElementsAre(store::AuditHead{1, trail[0].hash}, store::AuditHead{2, trail[1].hash}));
  EXPECT_THAT(host_->host().metrics.Text(),
              HasSubstr("specom_audit_checkpoint_sequence{service=\"portfolio\"} 2"));
  EXPECT_THAT(host_->host().metrics.Text(), HasSubstr("specom_audit_checkpoint_timestamp_seconds"));
}

TEST_F(AuditServiceTest, AChainThatStandsStillNeedsNoFurtherCheckpoint) {
  const SigningKey key = SigningKey::Make();
  config_.audit.checkpoints = folder_ / "checkpoints.jsonl";
  observe::Metrics metrics;
  const auto logger = observe::Logger::ToFunction(observe::LogLevel::kError, [](std::string_view) {});
  auto checkpoints = AuditCheckpoints::Open({config_.audit.checkpoints, Key(key)}, clock_, *logger, metrics);
  ASSERT_THAT(checkpoints, IsOk());
  ASSERT_THAT(store_->Migrate({}), IsOk());
  (*checkpoints)->AddChain("portfolio", *store_);
  EXPECT_THAT((*checkpoints)->WriteNow(), IsOk());
  EXPECT_FALSE(std::filesystem::exists(config_.audit.checkpoints)) << "an empty chain has no end to sign";
  Append("ada", "decisions/1");
  EXPECT_THAT((*checkpoints)->WriteNow(), IsOk());
  EXPECT_THAT((*checkpoints)->WriteNow(), IsOk());
  EXPECT_THAT(Checkpoints(key), SizeIs(1));
}

TEST_F(AuditServiceTest, AKeyThatIsNoneIsSaidAtTheStart) {
  config_.audit = {.checkpoints = folder_ / "checkpoints.jsonl"};
  EXPECT_THAT(ServiceHost::Create(config_), StatusIs(absl::StatusCode::kInvalidArgument, "CONFIGURATION"));
  config_.audit.signing_key = folder_ / "audit.key";
  EXPECT_THAT(ServiceHost::Create(config_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "SIGNING_KEY_FILE"));
  std::ofstream(config_.audit.signing_key) << "no key";
  EXPECT_THAT(ServiceHost::Create(config_), StatusIs(absl::StatusCode::kInvalidArgument, "SIGNING_KEY"));
  EXPECT_THAT((AuditSettings{.signing_key = "x", .interval = absl::ZeroDuration()}.Verify()), SizeIs(2));
}

}  // namespace
}  // namespace specom::rpc
