// Bearer tokens of an OpenID Connect issuer: who its claims say the caller is, when its signature, its
// issuer, its audience and its times hold.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/auth/principal.h"
#include "libs/base/clock.h"

namespace specom::observe {
class Logger;
class Metrics;
}  // namespace specom::observe

namespace specom {

struct TokenSettings {
  // The iss claim, to the letter, e.g. "https://login.example.nhs.uk/realms/specom".
  std::string issuer = {};
  // The aud claim must hold it: a token for another system is not for this one.
  std::string audience = {};
  // Where the issuer's public keys are (a JWKS, RFC 7517): a file's path, or an https:// address;
  // http:// is taken on loopback only.
  std::string jwks = {};
  // PEM file of the authorities that the https:// server's certificate may come from; empty: the system's.
  std::string jwks_authority = {};
  // The signature algorithms that are taken; "none" and the symmetric ones never are.
  std::vector<std::string> algorithms = {"RS256", "PS256", "ES256"};
  // The claims that hold the roles (words of ParseRole, a list or separated by spaces) and the ODS code.
  std::string roles_claim = "specom_roles";
  std::string organisation_claim = "specom_organisation";
  // By how much the issuer's clock may differ.
  absl::Duration clock_skew = absl::Seconds(30);
  // How often the keys are read anew, and how soon again for a token with an unknown key id.
  absl::Duration refresh_interval = absl::Minutes(5);
  absl::Duration least_refresh_pause = absl::Seconds(10);

  // All problems at once, each with its remedy; empty: sound.
  std::vector<std::string> Verify() const;
};

class TokenVerifier {
 public:
  virtual ~TokenVerifier() = default;
  // UNAUTHENTICATED with what is wrong with the token (reasons: token_refusals.h), never with its text.
  // Cheap for a token that was verified before; any thread. A token whose key is unknown has the keys read
  // anew: that one call waits, at most 3 s, others meanwhile get UNAVAILABLE/KEYS_BEING_READ. A role that
  // needs an organisation (region, icb, joint-committee, provider) and has none is refused; the role service
  // is refused: it belongs to certificates.
  virtual absl::StatusOr<Principal> Verify(std::string_view token) = 0;
};

// Reads the keys and keeps them up to date in a thread of its own; the last good keys are kept while
// their source is away. INVALID_ARGUMENT when the settings do not verify; UNAVAILABLE/NO_KEYS when there
// are no keys to begin with. clock, logger and metrics outlive it; the latter two may be null:
//   specom_token_keys, specom_token_keys_read_timestamp_seconds (when they were last read well),
//   specom_token_key_refreshes_total {outcome: changed, unchanged, failed},
//   specom_token_verified_total {outcome: verified, remembered, or the reason of the refusal}
absl::StatusOr<std::unique_ptr<TokenVerifier>> NewTokenVerifier(const TokenSettings& settings,
                                                                const Clock& clock, observe::Logger* logger,
                                                                observe::Metrics* metrics);

}  // namespace specom
