// Tokens in compact form: refused with a reason, and none passes for signed but the one that the key signed.
#include "libs/auth/jwks.h"
#include "libs/auth/signed_token.h"
#include "libs/base/status.h"
#include "tests/fuzz/fuzz.h"

namespace specom::fuzz {
namespace {

// The public half of a key whose private half nobody has any more, and the header and claims of the one
// token that it signed; corpus/token holds the signature.
constexpr char kKeys[] =
    R"({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "alg": "ES256", "x": "ZEI0hvjTcLmbPOGozeF3fbGwqJ--WjOhl52u5A07QGE", "y": "P1xcUXCCzS23yvatvjYv0eCz4C_MnRVhkWUWvZS-IUI"}]})";
constexpr char kSigned[] =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsxIn0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlLm5o"
    "cy51ayIsImF1ZCI6InNwZWNvbSIsInN1YiI6ImFkYUBleGFtcGxlLm5ocy51ayIsImV4cCI6MTgwMDAwMDAwMCwic3BlY29t"
    "X3JvbGVzIjpbImljYiJdLCJzcGVjb21fb3JnYW5pc2F0aW9uIjoiUU9RIn0.";

const KeySet& Keys() {
  static const std::shared_ptr<const KeySet> keys = KeySet::Parse(kKeys).value();
  return *keys;
}

}  // namespace

void Examine(std::string_view input) {
  const auto token = SignedToken::Parse(input, {"RS256", "PS256", "ES256"});
  if (!token.ok()) {
    Require(absl::IsUnauthenticated(token.status()), "a bad token is not believed");
    Require(!ErrorReason(token.status()).empty(), "a refusal has a reason");
    return;
  }
  const auto key = Keys().Find(token->key_id(), token->algorithm());
  if (!key.ok()) return;
  const auto claims = token->VerifiedClaims(**key);
  Require(!claims.ok() || input.starts_with(kSigned), "only what the key signed is believed");
}

}  // namespace specom::fuzz
