// An issuer's key set: refused, or keys of which each suits the algorithms of its own kind alone.
#include "libs/auth/jwks.h"
#include "libs/base/status.h"
#include "tests/fuzz/fuzz.h"

namespace specom::fuzz {

void Examine(std::string_view input) {
  const auto keys = KeySet::Parse(std::string(input));
  if (!keys.ok()) {
    Require(ErrorReason(keys.status()) == "MALFORMED_KEYS", "a bad key set is said to be malformed");
    return;
  }
  Require((*keys)->size() > 0, "a key set has a key");
  const auto again = KeySet::Parse((*keys)->json());
  Require(again.ok() && (*again)->size() == (*keys)->size(), "a key set is read as it was");
  for (const char* id : {"", "k1", "k2"}) {
    for (const char* algorithm : {"RS256", "PS256", "ES256", "HS256", "none"}) {
      const auto key = (*keys)->Find(id, algorithm);
      if (!key.ok()) continue;
      Require((*key)->Suits(algorithm), "a key is used with the algorithms of its kind");
      Require(std::string_view(algorithm) != "HS256" && std::string_view(algorithm) != "none",
              "a public key is no secret to sign with");
      Require((*key)->SignatureSize() > 0, "a signature has octets");
    }
  }
}

}  // namespace specom::fuzz
