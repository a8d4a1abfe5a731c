// Proves which keys of a key set are kept, and that no text makes its reader fail otherwise than by
// saying so.
#include "libs/auth/jwks.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "libs/auth/test_issuer.h"
#include "libs/testing/status_matchers.h"

namespace specom {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;
using testing::KeyJson;
using testing::NewRsaKey;
using testing::StatusIs;

std::string SetOf(const std::vector<std::string>& keys) {
  std::string text;
  for (const auto& key : keys) text += (text.empty() ? "" : ",") + key;
  return "{\"keys\":[" + text + "]}";
}

std::string NewCurveKey(cjose_jwk_ec_curve curve, const std::string& id) {
  return KeyJson(*testing::Named(cjose_jwk_create_EC_random(curve, nullptr), id));
}

std::string WithMember(const std::string& key, const std::string& member) {
  return "{" + member + "," + key.substr(1);
}

TEST(KeySet, KeepsTheKeysThatCanVerify) {
  const std::string p256 = NewCurveKey(CJOSE_JWK_EC_P_256, "a"), p384 = NewCurveKey(CJOSE_JWK_EC_P_384, "b");
  auto set =
      KeySet::Parse(SetOf({p256, p384, NewCurveKey(CJOSE_JWK_EC_P_521, "c"), KeyJson(*NewRsaKey("d"))}));
  ASSERT_THAT(set, IsOk());
  EXPECT_EQ((*set)->size(), 4u);
  for (auto [id, algorithm, octets] :
       {std::tuple("a", "ES256", 64u), std::tuple("b", "ES384", 96u), std::tuple("c", "ES512", 132u),
        std::tuple("d", "RS256", 256u), std::tuple("d", "PS512", 256u)}) {
    auto key = (*set)->Find(id, algorithm);
    ASSERT_THAT(key, IsOk()) << id;
    EXPECT_EQ((*key)->SignatureSize(), octets) << id;
  }
  EXPECT_THAT((*set)->Find("a", "ES384"), StatusIs(absl::StatusCode::kUnauthenticated, "WRONG_ALGORITHM"));
  EXPECT_THAT((*set)->Find("d", "HS256"), StatusIs(absl::StatusCode::kUnauthenticated, "WRONG_ALGORITHM"));
  EXPECT_THAT((*set)->Find("A", "ES256"), StatusIs(absl::StatusCode::kUnauthenticated, "UNKNOWN_KEY"));
}

TEST(KeySet, PassesOverTheKeysThatAreNotForThis) {
  const std::string good = NewCurveKey(CJOSE_JWK_EC_P_256, "good"),
                    other = NewCurveKey(CJOSE_JWK_EC_P_256, "x");
  auto set = KeySet::Parse(SetOf({
      WithMember(other, R"("use":"enc")"),
      WithMember(other, R"("key_ops":["sign"])"),
      WithMember(other, R"("alg":"ECDH-ES")"),
      R"({"kty":"oct","k":"c2VjcmV0","kid":"x"})",
      R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"x"})",
      R"({"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA","kid":"x"})",
      R"({"kty":"EC","kid":"x"})",
      R"({"kty":"RSA","n":"","e":"AQAB","kid":"x"})",
      KeyJson(*NewRsaKey("x", 1024)),
      "7",
      WithMember(good, R"("use":"sig","key_ops":["verify"])"),
  }));
  ASSERT_THAT(set, IsOk());
  EXPECT_EQ((*set)->size(), 1u);
  EXPECT_THAT((*set)->Find("good", "ES256"), IsOk());
  EXPECT_THAT((*set)->Find("x", "ES256"), StatusIs(absl::StatusCode::kUnauthenticated, "UNKNOWN_KEY"));
}

// cjose 0.6.2 ends the process on such text.
TEST(KeySet, PassesOverKeysWhoseNumbersAreNoBase64Url) {
  const std::string good = NewCurveKey(CJOSE_JWK_EC_P_256, "good");
  const std::string x = "ZEI0hvjTcLmbPOGozeF3fbGwqJ--WjOhl52u5A07QGE",
                    y = "P1xcUXCCzS23yvatvjYv0eCz4C_MnRVhkWUWvZS-IUI";
  auto curve = [](const std::string& first, const std::string& second) {
    return R"({"kty":"EC","crv":"P-256","kid":"x","x":")" + first + R"(","y":")" + second + "\"}";
  };
  auto rsa = [](const std::string& modulus, const std::string& exponent, const std::string& more = "") {
    return R"({"kty":"RSA","kid":"x","n":")" + modulus + R"(","e":")" + exponent + "\"" + more + "}";
  };
  for (const std::string& bad :
       {"Z=" + x.substr(2), "=" + x.substr(1), x + "=", x.substr(0, 41), x + "A", x + " ", std::string("="),
        std::string("A"), std::string(), "+" + x.substr(1)}) {
    auto set = KeySet::Parse(SetOf({curve(bad, y), curve(x, bad), rsa(bad, "AQAB"), rsa(x, bad),
                                    rsa(x, "AQAB", R"(,"p":")" + bad + "\""), good}));
    ASSERT_THAT(set, IsOk()) << bad;
    EXPECT_EQ((*set)->size(), 1u) << bad;
  }
  EXPECT_EQ((*KeySet::Parse(SetOf({curve(x, y), good})))->size(), 2u);
}

TEST(KeySet, RefusesWhatIsNoneAndPrivateKeys) {
  const std::string key = NewCurveKey(CJOSE_JWK_EC_P_256, "a");
  for (const std::string& text : {std::string(), std::string("garbage"), std::string("[]"), std::string("{}"),
                                  std::string(R"({"keys":{}})"), SetOf({}), SetOf({"{}"}), SetOf({key}) + "x",
                                  "{\"keys\":[" + key + "],\"keys\":[]}", SetOf(std::vector(101, key))}) {
    EXPECT_THAT(KeySet::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument, "MALFORMED_KEYS"))
        << text.substr(0, 200);
  }
  JwkHandle whole(cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, nullptr));
  auto refused = KeySet::Parse(SetOf({KeyJson(*whole, true)}));
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument, "MALFORMED_KEYS"));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("private key"));
}

RC_GTEST_PROP(KeySetProperty, AnyChangeOfATextIsReadOrRefusedInPeace, ()) {
  static const std::string good = SetOf(
      {NewCurveKey(CJOSE_JWK_EC_P_256, "a"), KeyJson(*NewRsaKey("b")), R"({"kty":"oct","k":"c2VjcmV0"})"});
  std::string text = good;
  const int changes = *rc::gen::inRange(1, 8);
  for (int i = 0; i < changes; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    text.replace(at, *rc::gen::inRange<std::size_t>(0, 20), *rc::gen::arbitrary<std::string>());
    if (text.empty()) break;
  }
  auto set = KeySet::Parse(text);
  RC_ASSERT((set.ok() ? (*set)->size() > 0 : ErrorReason(set.status()) == "MALFORMED_KEYS"));
}

}  // namespace
}  // namespace specom
