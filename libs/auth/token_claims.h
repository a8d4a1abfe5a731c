// From the claims of a verified token to who calls, and until when that holds.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/auth/token_cache.h"
#include "libs/auth/token_verifier.h"

namespace specom {

// UNAUTHENTICATED with the first of: MALFORMED_TOKEN, WRONG_ISSUER, WRONG_AUDIENCE, MISSING_EXPIRY,
// TOKEN_EXPIRED, TOKEN_NOT_YET_VALID, MALFORMED_SUBJECT, MISSING_ROLES, UNKNOWN_ROLE,
// ROLE_OF_CERTIFICATES, MALFORMED_ORGANISATION, MISSING_ORGANISATION.
absl::StatusOr<VerifiedToken> ReadClaims(const std::string& json, const TokenSettings& settings,
                                         absl::Time now);

}  // namespace specom
