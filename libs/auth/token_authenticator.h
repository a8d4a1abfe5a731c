// Production identity: people and systems by their token, services by their certificate.
#pragma once

#include <set>
#include <string>

#include "libs/auth/authenticator.h"
#include "libs/auth/token_verifier.h"

namespace specom {

// Which processes may connect, by the SPIFFE ids of their certificates.
struct PeerRules {
  // To the letter, e.g. "spiffe://specom.prod/svc/gateway". One whose path begins with /svc/ is a service
  // and acts as itself when it carries no token; any other, e.g. "spiffe://specom.prod/client/cli", only
  // carries the tokens of users.
  std::set<std::string> allowed_workloads = {};
  // Nobody is served without a certificate of an allowed workload.
  bool certificate_required = false;

  // All problems at once, each with its remedy; empty: sound.
  std::vector<std::string> Verify() const;
};

// verifier outlives it. In this order:
//   a certificate that is not allowed, or none though required  PERMISSION_DENIED/PEER_NOT_ALLOWED
//   "authorization: Bearer <token>"                             what the verifier says
//   the certificate of a service                                the workload, with the role service
//   neither                                                     UNAUTHENTICATED/MISSING_TOKEN
class TokenAuthenticator final : public Authenticator {
 public:
  TokenAuthenticator(TokenVerifier& verifier, PeerRules rules);
  absl::StatusOr<Principal> Authenticate(const CallMetadata& metadata, const Peer& peer) const override;

 private:
  TokenVerifier& verifier_;
  const PeerRules rules_;
};

}  // namespace specom
