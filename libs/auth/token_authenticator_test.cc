// Proves the order in which certificates and tokens are believed, and that neither stands for the other.
#include "libs/auth/token_authenticator.h"

#include <gmock/gmock.h>

#include <map>

#include "libs/auth/token_refusals.h"
#include "libs/testing/status_matchers.h"

namespace specom {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusIs;

constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;
constexpr auto kDenied = absl::StatusCode::kPermissionDenied;
constexpr char kGateway[] = "spiffe://specom.prod/svc/gateway";
constexpr char kCli[] = "spiffe://specom.prod/client/cli";

class FixedMetadata final : public CallMetadata {
 public:
  FixedMetadata(std::initializer_list<std::pair<const std::string, std::string>> entries)
      : entries_(entries) {}
  std::vector<std::string_view> Values(std::string_view key) const override {
    std::vector<std::string_view> values;
    auto [begin, end] = entries_.equal_range(std::string(key));
    for (auto it = begin; it != end; ++it) values.push_back(it->second);
    return values;
  }

 private:
  std::multimap<std::string, std::string> entries_;
};

// Believes the one token "good".
class OneToken final : public TokenVerifier {
 public:
  absl::StatusOr<Principal> Verify(std::string_view token) override {
    if (token == "good") return Principal{.user = "ada", .roles = {Role::kNational}, .organisation = ""};
    return token_refusals::Refuse(token_refusals::kBadSignature, "The token's signature does not hold.");
  }
};

class TokenAuthenticatorTest : public ::testing::Test {
 protected:
  absl::StatusOr<Principal> Authenticate(const FixedMetadata& metadata, const std::string& workload,
                                         bool certificate_required = false) {
    TokenAuthenticator authenticator(
        verifier_, {.allowed_workloads = {kGateway, kCli}, .certificate_required = certificate_required});
    return authenticator.Authenticate(metadata, {.address = "ipv4:10.0.0.7:4711", .workload = workload});
  }

  OneToken verifier_;
};

TEST_F(TokenAuthenticatorTest, ATokenSaysWhoCallsWhoeverCarriesIt) {
  for (const char* workload : {"", kGateway, kCli}) {
    auto principal = Authenticate({{"authorization", "Bearer good"}}, workload);
    ASSERT_THAT(principal, IsOk()) << workload;
    EXPECT_EQ(principal->user, "ada");
    EXPECT_EQ(principal->roles, std::set<Role>{Role::kNational})
        << "a service's certificate adds no role to a user";
  }
  EXPECT_THAT(Authenticate({{"authorization", "bearer good"}}, ""), IsOk())
      << "RFC 9110: schemes have no case";
}

TEST_F(TokenAuthenticatorTest, ABadTokenIsRefusedWhateverTheCertificate) {
  EXPECT_THAT(Authenticate({{"authorization", "Bearer bad"}}, kGateway),
              StatusIs(kUnauthenticated, "BAD_SIGNATURE"));
  EXPECT_THAT(Authenticate({{"authorization", "Basic YWRhOmFkYQ=="}}, kGateway),
              StatusIs(kUnauthenticated, "MALFORMED_TOKEN"));
  EXPECT_THAT(Authenticate({{"authorization", "Bearer "}}, kGateway),
              StatusIs(kUnauthenticated, "MALFORMED_TOKEN"));
  EXPECT_THAT(Authenticate({{"authorization", ""}}, kGateway), StatusIs(kUnauthenticated, "MALFORMED_TOKEN"));
  EXPECT_THAT(Authenticate({{"authorization", "Bearer good"}, {"authorization", "Bearer good"}}, kGateway),
              StatusIs(kUnauthenticated, "AMBIGUOUS_TOKEN"));
}

TEST_F(TokenAuthenticatorTest, AServiceActsAsItself) {
  auto principal = Authenticate({}, kGateway);
  ASSERT_THAT(principal, IsOk());
  EXPECT_EQ(principal->user, kGateway);
  EXPECT_EQ(principal->roles, std::set<Role>{Role::kService});
}

TEST_F(TokenAuthenticatorTest, OthersMustSendAToken) {
  for (const char* workload : {"", kCli}) {
    auto refused = Authenticate({{"x-specom-user", "ada"}, {"x-specom-roles", "national"}}, workload);
    EXPECT_THAT(refused, StatusIs(kUnauthenticated, "MISSING_TOKEN")) << workload;
    EXPECT_THAT(std::string(refused.status().message()), HasSubstr("authorization: Bearer <token>"));
  }
}

TEST_F(TokenAuthenticatorTest, APeerThatIsNotAllowedIsRefusedWhateverItCarries) {
  for (const char* workload : {"spiffe://specom.prod/svc/Gateway", "spiffe://specom.prod/svc/gateway/",
                               "spiffe://specom.dev/svc/gateway", "spiffe://specom.prod/svc/portfolio",
                               "spiffe://specom.prod/svc/gatewa"}) {
    auto refused = Authenticate({{"authorization", "Bearer good"}}, workload);
    EXPECT_THAT(refused, StatusIs(kDenied, "PEER_NOT_ALLOWED")) << workload;
    EXPECT_EQ(ErrorMetadataOf(refused.status())["workload"], workload);
    EXPECT_THAT(Authenticate({}, workload), StatusIs(kDenied, "PEER_NOT_ALLOWED"));
  }
}

TEST_F(TokenAuthenticatorTest, ACertificateCanBeRequired) {
  EXPECT_THAT(Authenticate({{"authorization", "Bearer good"}}, "", true),
              StatusIs(kDenied, "PEER_NOT_ALLOWED"));
  EXPECT_THAT(Authenticate({{"authorization", "Bearer good"}}, kCli, true), IsOk());
}

TEST_F(TokenAuthenticatorTest, ListensToTheNetwork) {
  EXPECT_FALSE(TokenAuthenticator(verifier_, {}).TrustsItsCallers());
}

TEST(PeerRules, NameWorkloads) {
  EXPECT_THAT((PeerRules{.allowed_workloads = {kGateway, kCli}, .certificate_required = true}.Verify()),
              IsEmpty());
  EXPECT_THAT(
      (PeerRules{.allowed_workloads = {"gateway", "spiffe://specom.prod", "spiffe://specom.prod/"}}.Verify()),
      ElementsAre(HasSubstr("\"gateway\""), HasSubstr("specom.prod\""), HasSubstr("specom.prod/\"")));
  EXPECT_THAT((PeerRules{.certificate_required = true}.Verify()),
              ElementsAre(HasSubstr("nobody could connect")));
}

}  // namespace
}  // namespace specom
