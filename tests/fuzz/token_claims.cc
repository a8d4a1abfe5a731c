// The claims of a verified token: a refusal that tells nothing of them, or a caller who is complete.
#include "libs/auth/token_claims.h"

#include <algorithm>

#include "libs/base/status.h"
#include "tests/fuzz/fuzz.h"

namespace specom::fuzz {

void Examine(std::string_view input) {
  const TokenSettings settings = {.issuer = "https://issuer.example.nhs.uk", .audience = "specom"};
  const absl::Time now = absl::FromUnixSeconds(1'774'000'000);
  const auto read = ReadClaims(std::string(input), settings, now);
  if (!read.ok()) {
    Require(absl::IsUnauthenticated(read.status()), "who is not known is unauthenticated");
    Require(!ErrorReason(read.status()).empty(), "a refusal has a reason");
    return;
  }
  const Principal& caller = read->principal;
  Require(!caller.user.empty() && !caller.roles.empty(), "a caller has a name and a role");
  Require(!caller.Has(Role::kService), "a token makes nobody a service");
  Require(!caller.organisation.empty() ||
              std::none_of(caller.roles.begin(), caller.roles.end(), ActsForOrganisation),
          "who acts for an organisation names it");
}

}  // namespace specom::fuzz
