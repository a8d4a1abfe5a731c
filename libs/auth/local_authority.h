// A certificate authority and a token issuer of one's own, for one machine: `specom dev --secure` and
// the tests. Never for production.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/auth/principal.h"
#include "libs/base/secret.h"

namespace specom {

// PEM texts.
struct IssuedCertificate {
  std::string certificate;
  Secret key;
};

class LocalAuthority {
 public:
  inline static constexpr char kIssuer[] = "https://issuer.specom.localhost";
  inline static constexpr char kAudience[] = "specom";

  // New keys: a P-256 authority that lives `lifetime`, and a P-256 key that signs tokens.
  static absl::StatusOr<std::unique_ptr<LocalAuthority>> Make(absl::Duration lifetime = absl::Hours(24 * 30));
  // What Save wrote. NOT_FOUND when the folder holds none; FAILED_PRECONDITION with the reason
  // AUTHORITY_DAMAGED or AUTHORITY_EXPIRED when it cannot be used any more.
  static absl::StatusOr<std::unique_ptr<LocalAuthority>> Load(const std::string& folder);
  virtual ~LocalAuthority() = default;

  // Writes authority.pem, authority.key, token.key and jwks.json into the folder (made when missing,
  // mode 0700; keys 0600). FAILED_PRECONDITION when that cannot be done.
  virtual absl::Status Save(const std::string& folder) const = 0;

  // PEM of the authority's certificate, which relying parties trust.
  virtual const std::string& authority() const = 0;
  // The public key of the tokens, as a JWKS.
  virtual const std::string& jwks() const = 0;

  // A certificate for servers and clients with this URI name, e.g. "spiffe://specom.dev/svc/finance", and
  // the names localhost, 127.0.0.1 and ::1. not_before may lie in the past, for tests of expiry.
  virtual absl::StatusOr<IssuedCertificate> IssueCertificate(const std::string& spiffe_id,
                                                             absl::Time not_before,
                                                             absl::Time not_after) const = 0;
  // A token (ES256) with the claims iss, aud, sub, specom_roles, specom_organisation, iat, nbf and exp.
  virtual absl::StatusOr<Secret> IssueToken(const Principal& principal, absl::Time now,
                                            absl::Duration lifetime) const = 0;
  // A token with these claims and header members (a JSON object) as they are, for tests of refusals; the
  // header gets "alg": "ES256" when it names none. INTERNAL for an algorithm that is not the key's.
  virtual absl::StatusOr<Secret> SignClaims(const std::string& claims_json,
                                            const std::string& header_json) const = 0;
};

}  // namespace specom
