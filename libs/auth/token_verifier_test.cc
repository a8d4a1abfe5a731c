// Proves who is believed by their token and for which reason others are not, that algorithms cannot be
// confused, that keys rotate, and that a remembered token holds no longer than a verified one.
#include "libs/auth/token_verifier.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <thread>

#include "libs/auth/test_issuer.h"
#include "libs/observe/metrics.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"

namespace specom {
namespace {

using testing::Compact;
using testing::FakeClock;
using ::testing::Field;
using testing::FirstKeyId;
using testing::GoodClaims;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::IsOkAndHolds;
using testing::Members;
using ::testing::Not;
using testing::Object;
using testing::Quoted;
using testing::StatusIs;
using testing::With;

constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;

class TokenVerifierTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    issuer_ = LocalAuthority::Make()->release();
    rsa_ = testing::NewRsaKey("rsa-1").release();
  }
  static void TearDownTestSuite() {
    delete issuer_;
    cjose_jwk_release(rsa_);
  }

  TokenVerifierTest() { file_.Replace(issuer_->jwks()); }

  TokenSettings Settings() const {
    return {.issuer = LocalAuthority::kIssuer, .audience = LocalAuthority::kAudience, .jwks = file_.path()};
  }
  std::unique_ptr<TokenVerifier> Start(const TokenSettings& settings) {
    auto verifier = NewTokenVerifier(settings, clock_, nullptr, &metrics_);
    EXPECT_THAT(verifier, IsOk());
    return *std::move(verifier);
  }
  std::unique_ptr<TokenVerifier> Start() { return Start(Settings()); }

  Members Header() const { return {{"alg", Quoted("ES256")}, {"kid", Quoted(FirstKeyId(issuer_->jwks()))}}; }
  // By the issuer's key, with these members changed; "" removes one.
  std::string Token(const Members& claims, const Members& header = {}) {
    auto token =
        issuer_->SignClaims(Object(With(GoodClaims(clock_.Now()), claims)), Object(With(Header(), header)));
    EXPECT_THAT(token, IsOk());
    return token->Reveal();
  }
  std::string Seconds(absl::Duration from_now) const {
    return std::to_string(absl::ToUnixSeconds(clock_.Now() + from_now));
  }

  static inline LocalAuthority* issuer_ = nullptr;
  static inline cjose_jwk_t* rsa_ = nullptr;
  FakeClock clock_;
  observe::Metrics metrics_;
  testing::ReplaceableFile file_;
};

TEST_F(TokenVerifierTest, BelievesTheIssuersTokens) {
  auto verifier = Start();
  const Principal ada = {
      .user = "ada@example.nhs.uk", .roles = {Role::kIcb, Role::kProvider}, .organisation = "QOQ"};
  auto token = issuer_->IssueToken(ada, clock_.Now(), absl::Minutes(5));
  ASSERT_THAT(token, IsOk());
  auto principal = verifier->Verify(token->Reveal());
  ASSERT_THAT(principal, IsOk());
  EXPECT_EQ(principal->user, ada.user);
  EXPECT_EQ(principal->roles, ada.roles);
  EXPECT_EQ(principal->organisation, ada.organisation);
}

TEST_F(TokenVerifierTest, TakesTheFormsThatTheStandardsAllow) {
  auto verifier = Start();
  const std::vector<std::pair<Members, Members>> forms = {
      {{{"aud", R"(["other","specom"])"}}, {}},
      {{{"specom_roles", Quoted("icb auditor")}}, {}},
      {{{"specom_roles", R"(["national"])"}, {"specom_organisation", ""}}, {}},
      {{{"exp", Seconds(absl::Minutes(1)) + ".5"}}, {}},
      {{{"iat", Seconds(absl::Seconds(20))}, {"nbf", Seconds(absl::Seconds(20))}}, {}},
      {{{"exp", Seconds(-absl::Seconds(20))}}, {}},
      {{}, {{"typ", Quoted("at+jwt")}}},
      {{}, {{"typ", Quoted("jwt")}}},
      {{}, {{"kid", ""}}},
      {{}, {{"jku", Quoted("https://evil.example/keys")}, {"x5u", Quoted("https://evil.example/x")}}},
  };
  for (const auto& [claims, header] : forms) {
    EXPECT_THAT(verifier->Verify(Token(claims, header)), IsOk()) << Object(claims) << Object(header);
  }
}

TEST_F(TokenVerifierTest, RefusesClaimsEachWithItsReason) {
  auto verifier = Start();
  const std::vector<std::pair<Members, std::string>> refusals = {
      {{{"iss", Quoted("https://issuer.specom.localhost/")}}, "WRONG_ISSUER"},
      {{{"iss", ""}}, "WRONG_ISSUER"},
      {{{"iss", "7"}}, "WRONG_ISSUER"},
      {{{"aud", Quoted("payroll")}}, "WRONG_AUDIENCE"},
      {{{"aud", R"(["payroll","Specom"])"}}, "WRONG_AUDIENCE"},
      {{{"aud", R"(["specom",7])"}}, "WRONG_AUDIENCE"},
      {{{"aud", "[]"}}, "WRONG_AUDIENCE"},
      {{{"aud", ""}}, "WRONG_AUDIENCE"},
      {{{"exp", ""}}, "MISSING_EXPIRY"},
      {{{"exp", Quoted("tomorrow")}}, "MALFORMED_TOKEN"},
      {{{"exp", "-1"}}, "MALFORMED_TOKEN"},
      {{{"exp", "1e300"}}, "MALFORMED_TOKEN"},
      {{{"exp", Seconds(-absl::Seconds(30))}}, "TOKEN_EXPIRED"},
      {{{"nbf", Seconds(absl::Seconds(31))}}, "TOKEN_NOT_YET_VALID"},
      {{{"iat", Seconds(absl::Seconds(31))}}, "TOKEN_NOT_YET_VALID"},
      {{{"nbf", "true"}}, "MALFORMED_TOKEN"},
      {{{"sub", ""}}, "MALFORMED_SUBJECT"},
      {{{"sub", R"("")"}}, "MALFORMED_SUBJECT"},
      {{{"sub", R"("a\nb")"}}, "MALFORMED_SUBJECT"},
      {{{"sub", Quoted(std::string(321, 'a'))}}, "MALFORMED_SUBJECT"},
      {{{"specom_roles", ""}}, "MISSING_ROLES"},
      {{{"specom_roles", "[]"}}, "MISSING_ROLES"},
      {{{"specom_roles", R"({"icb":true})"}}, "MALFORMED_TOKEN"},
      {{{"specom_roles", R"(["icb","queen"])"}}, "UNKNOWN_ROLE"},
      {{{"specom_roles", R"(["ICB"])"}}, "UNKNOWN_ROLE"},
      {{{"specom_roles", R"(["icb","service"])"}}, "ROLE_OF_CERTIFICATES"},
      {{{"specom_organisation", ""}}, "MISSING_ORGANISATION"},
      {{{"specom_organisation", R"("")"}}, "MISSING_ORGANISATION"},
      {{{"specom_organisation", Quoted("qoq")}}, "MALFORMED_ORGANISATION"},
      {{{"specom_organisation", Quoted("QOQ' OR 1")}}, "MALFORMED_ORGANISATION"},
      {{{"specom_organisation", R"(["QOQ"])"}}, "MALFORMED_TOKEN"},
  };
  for (const auto& [claims, reason] : refusals) {
    const std::string token = Token(claims);
    auto refused = verifier->Verify(token);
    EXPECT_THAT(refused, StatusIs(kUnauthenticated, reason)) << Object(claims);
    EXPECT_THAT(refused.status().ToString(), Not(HasSubstr(token.substr(token.find('.') + 1))))
        << "leaks the token";
  }
  for (const char* role : {"region", "icb", "joint-committee", "provider"}) {
    EXPECT_THAT(verifier->Verify(Token({{"specom_roles", Quoted(role)}, {"specom_organisation", ""}})),
                StatusIs(kUnauthenticated, "MISSING_ORGANISATION"))
        << role;
  }
}

TEST_F(TokenVerifierTest, RefusesHeadersAndShapesEachWithItsReason) {
  auto verifier = Start();
  const std::string good = Token({}), claims = Object(GoodClaims(clock_.Now()));
  const std::string kid = FirstKeyId(issuer_->jwks());
  const std::vector<std::pair<std::string, std::string>> refusals = {
      {"", "MISSING_TOKEN"},
      {std::string(8193, 'a'), "TOKEN_TOO_LONG"},
      {"a.b", "MALFORMED_TOKEN"},
      {"..", "MALFORMED_TOKEN"},
      {good + ".", "MALFORMED_TOKEN"},
      {good + "=", "MALFORMED_TOKEN"},
      {" " + good, "MALFORMED_TOKEN"},
      {Compact("[]", claims, "s"), "MALFORMED_TOKEN"},
      {Compact(R"({"alg":"ES256","alg":"ES256"})", claims, "s"), "MALFORMED_TOKEN"},
      {Compact(R"({"alg":"ES256","kid":7})", claims, "s"), "MALFORMED_TOKEN"},
      {Compact("{}", claims, "s"), "WRONG_ALGORITHM"},
      {Compact(R"({"alg":["ES256"]})", claims, "s"), "WRONG_ALGORITHM"},
      {Compact(R"({"alg":"EdDSA"})", claims, "s"), "WRONG_ALGORITHM"},
      {Token({}, {{"crit", R"(["exp"])"}}), "CRITICAL_HEADER"},
      {Token({}, {{"crit", "[]"}}), "CRITICAL_HEADER"},
      {Token({}, {{"typ", Quoted("logout+jwt")}}), "WRONG_TYPE"},
      {Token({}, {{"typ", "7"}}), "WRONG_TYPE"},
      {Token({}, {{"kid", Quoted("unknown")}}), "UNKNOWN_KEY"},
      {Compact(R"({"alg":"ES256"})", claims, std::string(64, 's')), "BAD_SIGNATURE"},
      {Compact(R"({"alg":"ES256"})", claims, ""), "BAD_SIGNATURE"},
      {issuer_->SignClaims(R"({"iss":"a","iss":"b"})", "{}")->Reveal(), "MALFORMED_TOKEN"},
      {issuer_->SignClaims("no object", "{}")->Reveal(), "MALFORMED_TOKEN"},
  };
  for (const auto& [token, reason] : refusals) {
    EXPECT_THAT(verifier->Verify(token), StatusIs(kUnauthenticated, reason)) << token.substr(0, 200);
  }
}

TEST_F(TokenVerifierTest, AnotherIssuersKeyOfTheSameNameDoesNotSign) {
  auto other = LocalAuthority::Make();
  ASSERT_THAT(other, IsOk());
  auto token = (*other)->SignClaims(Object(GoodClaims(clock_.Now())), Object(Header()));
  ASSERT_THAT(token, IsOk());
  EXPECT_THAT(Start()->Verify(token->Reveal()), StatusIs(kUnauthenticated, "BAD_SIGNATURE"));
}

TEST_F(TokenVerifierTest, AnEllipticSignatureHasOneLength) {
  const std::string token = Token({}), body = token.substr(0, token.rfind('.'));
  std::string signature;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(token.substr(token.rfind('.') + 1), &signature));
  ASSERT_EQ(signature.size(), 64u);
  // The same two numbers, each with a zero before it.
  const std::string longer = '\0' + signature.substr(0, 32) + '\0' + signature.substr(32);
  EXPECT_THAT(Start()->Verify(body + "." + absl::WebSafeBase64Escape(longer)),
              StatusIs(kUnauthenticated, "BAD_SIGNATURE"));
}

TEST_F(TokenVerifierTest, AlgorithmsCannotBeConfused) {
  file_.Replace("{\"keys\":[" + testing::KeyJson(*rsa_) + "]}");
  auto verifier = Start();
  const std::string claims = Object(GoodClaims(clock_.Now()));
  const Members kid = {{"kid", Quoted("rsa-1")}};
  auto header = [&](const char* algorithm) { return With(kid, {{"alg", Quoted(algorithm)}}); };

  EXPECT_THAT(verifier->Verify(testing::SignWith(*rsa_, header("RS256"), claims)), IsOk());
  EXPECT_THAT(verifier->Verify(testing::SignWith(*rsa_, header("PS256"), claims)), IsOk());
  // Good signatures that the settings do not take.
  EXPECT_THAT(verifier->Verify(testing::SignWith(*rsa_, header("RS512"), claims)),
              StatusIs(kUnauthenticated, "WRONG_ALGORITHM"));
  // The public key as the secret of a symmetric one.
  for (const std::string& secret :
       {testing::KeyJson(*rsa_), std::string("{\"keys\":[") + testing::KeyJson(*rsa_) + "]}"}) {
    JwkHandle symmetric = testing::NewSecretKey(secret);
    EXPECT_THAT(verifier->Verify(testing::SignWith(*symmetric, header("HS256"), claims)),
                StatusIs(kUnauthenticated, "WRONG_ALGORITHM"));
  }
  for (const char* none : {"none", "None", "NONE", "nOnE", ""}) {
    EXPECT_THAT(verifier->Verify(Compact(Object(header(none)), claims, "")),
                StatusIs(kUnauthenticated, "WRONG_ALGORITHM"))
        << none;
  }
  // An RSA key named by a token of another kind, and the other way round.
  EXPECT_THAT(verifier->Verify(Compact(Object(header("ES256")), claims, std::string(64, 's'))),
              StatusIs(kUnauthenticated, "WRONG_ALGORITHM"));
  file_.Replace(issuer_->jwks());
  EXPECT_THAT(Start()->Verify(Token({}, {})), IsOk());
  EXPECT_THAT(Start()->Verify(
                  Compact(Object(With(Header(), {{"alg", Quoted("RS256")}})), claims, std::string(256, 's'))),
              StatusIs(kUnauthenticated, "WRONG_ALGORITHM"));
}

TEST_F(TokenVerifierTest, AKeyThatIsForOneAlgorithmTakesNoOther) {
  std::string key = testing::KeyJson(*rsa_);
  file_.Replace("{\"keys\":[{\"alg\":\"RS256\"," + key.substr(1) + "]}");
  auto verifier = Start();
  const std::string claims = Object(GoodClaims(clock_.Now()));
  EXPECT_THAT(verifier->Verify(testing::SignWith(*rsa_, {{"alg", Quoted("RS256")}}, claims)), IsOk());
  EXPECT_THAT(verifier->Verify(testing::SignWith(*rsa_, {{"alg", Quoted("PS256")}}, claims)),
              StatusIs(kUnauthenticated, "WRONG_ALGORITHM"));
}

TEST_F(TokenVerifierTest, AKeyIdIsNeededWhereThereAreSeveralKeys) {
  JsonHandle set(json_loads(issuer_->jwks().c_str(), 0, nullptr));
  JsonHandle rsa(json_loads(testing::KeyJson(*rsa_).c_str(), 0, nullptr));
  json_array_append(json_object_get(set.get(), "keys"), rsa.get());
  char* text = json_dumps(set.get(), 0);
  file_.Replace(text);
  free(text);
  auto verifier = Start();
  EXPECT_THAT(verifier->Verify(Token({})), IsOk());
  EXPECT_THAT(verifier->Verify(Token({}, {{"kid", ""}})), StatusIs(kUnauthenticated, "MISSING_KEY_ID"));
}

TEST_F(TokenVerifierTest, AnUnknownKeyHasTheKeysReadAnewAtMostOncePerPause) {
  auto verifier = Start();
  auto next = LocalAuthority::Make();
  ASSERT_THAT(next, IsOk());
  const Principal ada = {.user = "ada", .roles = {Role::kNational}, .organisation = ""};
  const std::string before = Token({});
  const std::string after = (*next)->IssueToken(ada, clock_.Now(), absl::Minutes(5))->Reveal();
  ASSERT_THAT(verifier->Verify(before), IsOk());

  file_.Replace((*next)->jwks());
  EXPECT_THAT(verifier->Verify(after), StatusIs(kUnauthenticated, "UNKNOWN_KEY"))
      << "the keys were read just now";
  clock_.Advance(absl::Seconds(10));
  EXPECT_THAT(verifier->Verify(after), IsOk());
  EXPECT_THAT(verifier->Verify(before), StatusIs(kUnauthenticated, "UNKNOWN_KEY"))
      << "what was remembered went with its key";

  file_.Replace("garbage");
  clock_.Advance(absl::Seconds(10));
  EXPECT_THAT(verifier->Verify(before), StatusIs(kUnauthenticated, "UNKNOWN_KEY"));
  EXPECT_THAT(verifier->Verify(after), IsOk()) << "the last good keys are kept";
  EXPECT_THAT(verifier->Verify((*next)->IssueToken(ada, clock_.Now(), absl::Minutes(5))->Reveal()), IsOk());
  const std::string text = metrics_.Text();
  EXPECT_THAT(text, HasSubstr(R"(specom_token_key_refreshes_total{outcome="changed"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(specom_token_key_refreshes_total{outcome="failed"} 1)"));
  EXPECT_THAT(text, HasSubstr("specom_token_keys 1"));
  EXPECT_THAT(text, HasSubstr("specom_token_keys_read_timestamp_seconds 1750000010"));
}

TEST_F(TokenVerifierTest, ARememberedTokenHoldsNoLongerThanAVerifiedOne) {
  auto verifier = Start();
  const std::string token = Token({{"nbf", Seconds(absl::ZeroDuration())}});
  ASSERT_THAT(verifier->Verify(token), IsOkAndHolds(Field(&Principal::user, "ada@example.nhs.uk")));
  ASSERT_THAT(verifier->Verify(token), IsOkAndHolds(Field(&Principal::user, "ada@example.nhs.uk")));
  EXPECT_THAT(metrics_.Text(), HasSubstr(R"(specom_token_verified_total{outcome="verified"} 1)"));
  EXPECT_THAT(metrics_.Text(), HasSubstr(R"(specom_token_verified_total{outcome="remembered"} 1)"));
  clock_.Advance(-absl::Seconds(31));
  EXPECT_THAT(verifier->Verify(token), StatusIs(kUnauthenticated, "TOKEN_NOT_YET_VALID"));
  clock_.Advance(absl::Seconds(31));
  ASSERT_THAT(verifier->Verify(token), IsOk());
  clock_.Advance(absl::Minutes(10) + absl::Seconds(30));
  EXPECT_THAT(verifier->Verify(token), StatusIs(kUnauthenticated, "TOKEN_EXPIRED"));
  EXPECT_THAT(metrics_.Text(), HasSubstr(R"(specom_token_verified_total{outcome="TOKEN_EXPIRED"} 1)"));
}

TEST_F(TokenVerifierTest, SaysEverythingThatIsWrongWithItsSettings) {
  TokenSettings settings = {.jwks = "http://login.example.nhs.uk/jwks",
                            .algorithms = {"ES256", "none", "HS256"}};
  settings.clock_skew = absl::Hours(1);
  settings.refresh_interval = absl::Seconds(1);
  EXPECT_THAT(
      settings.Verify(),
      ::testing::ElementsAre(HasSubstr("issuer:"), HasSubstr("audience:"), HasSubstr("jwks: must be https"),
                             HasSubstr("none is not one of"), HasSubstr("HS256 is not one of"),
                             HasSubstr("clock_skew:"), HasSubstr("refresh_interval:")));
  EXPECT_THAT(NewTokenVerifier(settings, clock_, nullptr, nullptr),
              StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_TOKEN_SETTINGS"));
  EXPECT_THAT(Settings().Verify(), ::testing::IsEmpty());
}

TEST_F(TokenVerifierTest, DoesNotStartWithoutKeys) {
  file_.Replace("garbage");
  auto verifier = NewTokenVerifier(Settings(), clock_, nullptr, nullptr);
  EXPECT_THAT(verifier, StatusIs(absl::StatusCode::kUnavailable, "NO_KEYS"));
  EXPECT_THAT(std::string(verifier.status().message()), HasSubstr(file_.path()));
}

TEST_F(TokenVerifierTest, ManyThreadsVerifyWhileKeysRotate) {
  TokenSettings settings = Settings();
  settings.least_refresh_pause = settings.refresh_interval = absl::Milliseconds(1);
  auto verifier = Start(settings);
  const std::string other_keys = (*LocalAuthority::Make())->jwks();
  std::atomic<int> believed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, token = Token({{"sub", Quoted("user" + std::to_string(t))}})] {
      for (int i = 0; i < 100; ++i) {
        auto principal = verifier->Verify(token);
        if (principal.ok()) ++believed;
        const std::string reason = ErrorReason(principal.status());
        EXPECT_TRUE(reason.empty() || reason == "UNKNOWN_KEY" || reason == "KEYS_BEING_READ") << reason;
      }
    });
  }
  for (int i = 0; i < 20; ++i) file_.Replace(i % 2 == 0 ? other_keys : issuer_->jwks());
  for (auto& thread : threads) thread.join();
  EXPECT_GT(believed, 0);
}

// A verifier and a good token, made once for all the properties.
struct Subject {
  Subject() {
    file.Replace(issuer->jwks());
    verifier = *NewTokenVerifier(
        {.issuer = LocalAuthority::kIssuer, .audience = LocalAuthority::kAudience, .jwks = file.path()},
        clock, nullptr, nullptr);
    token = issuer
                ->SignClaims(Object(GoodClaims(clock.Now())),
                             Object({{"kid", Quoted(FirstKeyId(issuer->jwks()))}, {"alg", Quoted("ES256")}}))
                ->Reveal();
  }
  static Subject& Get() {
    static Subject subject;
    return subject;
  }

  FakeClock clock;
  std::unique_ptr<LocalAuthority> issuer = *LocalAuthority::Make();
  testing::ReplaceableFile file;
  std::unique_ptr<TokenVerifier> verifier;
  std::string token;
};

RC_GTEST_PROP(TokenProperty, AnyOtherByteAnywhereIsRefused, ()) {
  Subject& subject = Subject::Get();
  RC_ASSERT(subject.verifier->Verify(subject.token).ok());
  std::string changed = subject.token;
  const auto at = *rc::gen::inRange<std::size_t>(0, changed.size());
  const char other = *rc::gen::oneOf(
      rc::gen::arbitrary<char>(),
      rc::gen::elementOf(std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")));
  RC_PRE(other != changed[at]);
  changed[at] = other;
  RC_ASSERT(subject.verifier->Verify(changed).status().code() == kUnauthenticated);
}

RC_GTEST_PROP(TokenProperty, AnyPartOfATokenIsRefused, ()) {
  Subject& subject = Subject::Get();
  const auto size = *rc::gen::inRange<std::size_t>(0, subject.token.size());
  RC_ASSERT(subject.verifier->Verify(subject.token.substr(0, size)).status().code() == kUnauthenticated);
}

RC_GTEST_PROP(TokenProperty, AnyClaimsAndHeadersAreRefusedInPeace,
              (const std::string& header, const std::string& claims, const std::string& signature)) {
  Subject& subject = Subject::Get();
  RC_ASSERT(subject.verifier->Verify(Compact(header, claims, signature)).status().code() == kUnauthenticated);
  RC_ASSERT(subject.verifier->Verify(header + claims).status().code() == kUnauthenticated);
  auto signed_claims = subject.issuer->SignClaims(claims, "{}");
  RC_ASSERT(signed_claims.ok());
  RC_ASSERT(subject.verifier->Verify(signed_claims->Reveal()).status().code() == kUnauthenticated);
}

}  // namespace
}  // namespace specom
