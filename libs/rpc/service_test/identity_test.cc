// Proves that in production a call is who its certificate and its token say, for that call only, and that
// a server without them does not leave its machine.
#include <atomic>
#include <thread>

#include "libs/auth/token_authenticator.h"
#include "libs/base/status.h"
#include "libs/rpc/service_host.h"
#include "libs/rpc/service_test/credentials_folder.h"
#include "libs/rpc/service_test/served.h"
#include "libs/rpc/tls.h"
#include "libs/testing/status_matchers.h"

namespace specom::rpc {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using Portfolio = portfolio::v1::PortfolioService;
using Reporting = reporting::v1::ReportingService;

// Who called, as the operation saw it.
std::string Words(const RequestContext& rc) {
  std::string words = rc.principal.user + "/" + rc.principal.organisation;
  for (Role role : rc.principal.roles) words += "/" + std::string(ToString(role));
  return words;
}

class Identity : public ::testing::Test {
 protected:
  // A server that finance and the gateway may call, with tokens of the folder's issuer.
  void SetUp() override {
    TokenSettings tokens;
    tokens.issuer = LocalAuthority::kIssuer;
    tokens.audience = LocalAuthority::kAudience;
    tokens.jwks = folder_.Path("jwks.json");
    auto verifier = NewTokenVerifier(tokens, now_, nullptr, nullptr);
    ASSERT_THAT(verifier, IsOk());
    verifier_ = *std::move(verifier);
    authenticator_ = std::make_unique<TokenAuthenticator>(
        *verifier_,
        PeerRules{.allowed_workloads = {SpiffeId("finance"), kGateway}, .certificate_required = true});
    served_ =
        std::make_unique<Served>(Executor::Options{.threads = 4, .queue_limit = 64}, authenticator_.get());
    auto watch = CertificateWatch::Start(folder_.Issue("server", "portfolio"), clock_, served_->logger(),
                                         served_->metrics);
    ASSERT_THAT(watch, IsOk());
    served_->Start({}, MakeServerCredentials(*watch, true));
    served_->reporting.report = [](RequestContext& rc, const auto&) {
      reporting::v1::RegionalReport report;
      report.set_region(Words(rc));
      return report;
    };
  }

  Secret Token(const Principal& principal, absl::Duration lifetime = absl::Minutes(10)) {
    auto token = folder_.authority().IssueToken(principal, now_.Now(), lifetime);
    EXPECT_THAT(token, IsOk());
    return *token;
  }

  // A connection with a certificate of that SPIFFE id.
  std::shared_ptr<grpc::Channel> Connect(const std::string& spiffe_id) {
    auto issued = folder_.authority().IssueCertificate(spiffe_id, absl::Now() - absl::Hours(1),
                                                       absl::Now() + absl::Hours(1));
    EXPECT_THAT(issued, IsOk());
    Certificates certificates;
    certificates.texts = {issued->certificate, issued->key, folder_.authority().authority()};
    return OpenChannel(served_->server->address(), MakeClientCredentials(certificates));
  }

  static Client With(std::shared_ptr<grpc::Channel> channel, const Secret& token) {
    return Client(std::move(channel), {.identity = BearerIdentity(token), .max_attempts = 1});
  }

  static absl::StatusOr<std::string> Call(Client& client) {
    auto report = client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60());
    if (!report.ok()) return report.status();
    return report->region();
  }

  // Carries users' tokens and is nobody itself.
  inline static const std::string kGateway = "spiffe://specom.test/client/gateway";

  const SystemClock clock_;
  testing::FakeClock now_{absl::Now()};
  CredentialsFolder folder_;
  std::unique_ptr<TokenVerifier> verifier_;
  std::unique_ptr<TokenAuthenticator> authenticator_;
  std::unique_ptr<Served> served_;
};

TEST_F(Identity, AUserIsWhoTheTokenSaysBehindAnAllowedPeer) {
  Client ada = With(Connect(kGateway), Token({"ada@example.nhs.uk", {Role::kIcb}, "QOQ"}));
  auto seen = Call(ada);
  ASSERT_THAT(seen, IsOk());
  EXPECT_EQ(*seen, "ada@example.nhs.uk/QOQ/icb");
  // What she may not do she may not do with a certificate either.
  EXPECT_THAT(ada.Call(&Portfolio::Stub::ImportRecords, OneFile()),
              StatusIs(absl::StatusCode::kPermissionDenied, "MISSING_ROLE"));
}

TEST_F(Identity, AnAllowedPeerWithoutATokenIsNobodyUnlessItIsAService) {
  Client gateway(Connect(kGateway), {.max_attempts = 1});
  EXPECT_THAT(Call(gateway), StatusIs(absl::StatusCode::kUnauthenticated, "MISSING_TOKEN"));
  Client finance(Connect(SpiffeId("finance")), {.max_attempts = 1});
  auto seen = Call(finance);
  ASSERT_THAT(seen, IsOk());
  EXPECT_EQ(*seen, SpiffeId("finance") + "//service");
  EXPECT_THAT(finance.Call(&Portfolio::Stub::ImportRecords, OneFile()),
              StatusIs(absl::StatusCode::kPermissionDenied, "MISSING_ROLE"));
}

TEST_F(Identity, APeerThatIsNotOnTheListIsDeniedWhateverTokenItCarries) {
  Secret token = Token({"ada@example.nhs.uk", {Role::kNational}, ""});
  Client stranger = With(Connect(SpiffeId("reporting")), token);
  auto denied = Call(stranger);
  EXPECT_THAT(denied, StatusIs(absl::StatusCode::kPermissionDenied, "PEER_NOT_ALLOWED"));
  EXPECT_THAT(denied.status().message(), HasSubstr(SpiffeId("reporting")));
}

TEST_F(Identity, WhatACallerSaysOfItselfCountsForNothing) {
  auto claims = DevelopmentIdentity({"mallory", {Role::kNational, Role::kAdministrator}, ""});
  Client plain(Connect(kGateway), {.identity = claims, .max_attempts = 1});
  EXPECT_THAT(Call(plain), StatusIs(absl::StatusCode::kUnauthenticated, "MISSING_TOKEN"));
  for (auto& entry : BearerIdentity(Token({"ada", {Role::kStakeholder}, ""}))) claims.push_back(entry);
  Client mixed(Connect(kGateway), {.identity = claims, .max_attempts = 1});
  auto seen = Call(mixed);
  ASSERT_THAT(seen, IsOk());
  EXPECT_EQ(*seen, "ada//stakeholder");
}

TEST_F(Identity, ATokenEndsWhileItsConnectionGoesOn) {
  auto channel = Connect(kGateway);
  Secret token = Token({"ada", {Role::kNational}, ""}, absl::Minutes(10));
  Client client = With(channel, token);
  EXPECT_THAT(Call(client), IsOk());
  now_.Advance(absl::Minutes(11));
  auto expired = Call(client);
  EXPECT_THAT(expired, StatusIs(absl::StatusCode::kUnauthenticated, "TOKEN_EXPIRED"));
  EXPECT_THAT(expired.status().ToString(), Not(HasSubstr(token.Reveal())));
  Client renewed = With(channel, Token({"ada", {Role::kNational}, ""}));
  EXPECT_THAT(Call(renewed), IsOk());
}

TEST_F(Identity, UsersOfOneConnectionAreNeverTakenForEachOther) {
  auto channel = Connect(kGateway);
  constexpr int kUsers = 4;
  constexpr int kCalls = 100;
  std::atomic<int> right = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> users;
  for (int user = 0; user < kUsers; ++user) {
    const std::string name = "user" + std::to_string(user);
    users.emplace_back(
        [&, name, token = Token({name, {Role::kIcb}, "QO" + std::string(1, static_cast<char>('A' + user))})] {
          Client client = With(channel, token);
          const std::string expected =
              name + "/QO" + std::string(1, static_cast<char>('A' + (name.back() - '0'))) + "/icb";
          for (int i = 0; i < kCalls; ++i) {
            auto seen = Call(client);
            right += seen.ok() && *seen == expected;
          }
        });
  }
  // And somebody without a token gains nothing from the company.
  users.emplace_back([&] {
    Client nobody(channel, {.max_attempts = 1});
    for (int i = 0; i < kCalls; ++i) refused += ErrorReason(Call(nobody).status()) == "MISSING_TOKEN";
  });
  for (std::thread& user : users) user.join();
  EXPECT_EQ(right, kUsers * kCalls);
  EXPECT_EQ(refused, kCalls);
}

TEST(HostConfig, LeavesTheMachineWithTlsAndTokensOnly) {
  HostConfig config;
  config.listen = "0.0.0.0:7401";
  for (const char* identity : {"deny", "development", "tokens"}) {
    config.identity = identity;
    auto refused = ServiceHost::Create(config);
    EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument, "CONFIGURATION")) << identity;
    EXPECT_THAT(refused.status().message(),
                AllOf(HasSubstr("tls_certificate: must be set"), HasSubstr("to listen on 0.0.0.0:7401"),
                      HasSubstr("or listen on 127.0.0.1")));
  }
  config.tls.files = {"/a.pem", "/a.key", "/authority.pem"};
  config.tls.allowed_peers = {SpiffeId("gateway")};
  config.identity = "deny";
  EXPECT_THAT(config.Verify(), ElementsAre(HasSubstr("identity: must be tokens")));
  config.identity = "tokens";
  EXPECT_THAT(config.Verify(), ElementsAre(HasSubstr("token_issuer: "), HasSubstr("token_audience: "),
                                           HasSubstr("token_jwks: ")));
  config.tokens.issuer = LocalAuthority::kIssuer;
  config.tokens.audience = LocalAuthority::kAudience;
  config.tokens.jwks = "/jwks.json";
  EXPECT_THAT(config.Verify(), ElementsAre());
  config.tls.allowed_peers.clear();
  EXPECT_THAT(config.Verify(), ElementsAre(HasSubstr("tls_allowed_peers: is empty")));
  config.tls.client_certificate = "optional";
  EXPECT_THAT(config.Verify(), ElementsAre());
}

TEST(HostConfig, OnLoopbackNothingIsDemanded) {
  HostConfig config;
  for (const char* listen : {"127.0.0.1:0", "[::1]:0", "localhost:0", "unix:/run/specom.sock"}) {
    config.listen = listen;
    EXPECT_THAT(config.Verify(), ElementsAre()) << listen;
  }
}

TEST(ServiceHostIdentity, ListensEverywhereWithTlsAndTokens) {
  CredentialsFolder folder;
  HostConfig config;
  config.program = "specom-test";
  config.listen = "0.0.0.0:0";
  config.identity = "tokens";
  config.log_level = observe::LogLevel::kError;
  config.tls = {.files = folder.Issue("server", "portfolio"), .allowed_peers = {SpiffeId("gateway")}};
  config.tokens.issuer = LocalAuthority::kIssuer;
  config.tokens.audience = LocalAuthority::kAudience;
  config.tokens.jwks = folder.Path("jwks.json");
  auto host = ServiceHost::Create(config);
  ASSERT_THAT(host, IsOk());
  EXPECT_THAT((*host)->Start(), IsOk());
  EXPECT_GT((*host)->port(), 0);

  config.tokens.jwks = folder.Path("none.json");
  EXPECT_FALSE(ServiceHost::Create(config).ok());
  config.tokens.jwks = folder.Path("jwks.json");
  folder.Write("server.key", "");
  EXPECT_THAT(ServiceHost::Create(config), StatusIs(absl::StatusCode::kFailedPrecondition, "CERTIFICATES"));
}

}  // namespace
}  // namespace specom::rpc
