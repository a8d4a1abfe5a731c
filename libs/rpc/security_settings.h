// The settings that say who a process is and whom it believes, alike in every service and in the doctor.
#pragma once

#include <vector>

#include "libs/auth/token_verifier.h"
#include "libs/rpc/settings.h"
#include "libs/rpc/tls.h"

namespace specom::rpc {

// tls_certificate, tls_key, tls_authority, tls_allowed_peers, tls_client_certificate, token_issuer,
// token_audience, token_jwks, token_algorithms, token_roles_claim, token_organisation_claim.
std::vector<Setting> SecuritySettings();

// Read what SecuritySettings names; Verify() of what they return tells of problems.
TlsSettings ReadTlsSettings(const Settings& settings);
TokenSettings ReadTokenSettings(const Settings& settings);

}  // namespace specom::rpc
