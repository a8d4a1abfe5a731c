// The registry of reasons for which a caller is not known. Stable: clients act upon them, operators
// count them.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "libs/base/status.h"

namespace specom::token_refusals {

// How the token came.
inline constexpr char kMissingToken[] = "MISSING_TOKEN";
inline constexpr char kAmbiguousToken[] = "AMBIGUOUS_TOKEN";
inline constexpr char kMalformedToken[] = "MALFORMED_TOKEN";
inline constexpr char kTokenTooLong[] = "TOKEN_TOO_LONG";
// Its header and signature.
inline constexpr char kWrongAlgorithm[] = "WRONG_ALGORITHM";
inline constexpr char kCriticalHeader[] = "CRITICAL_HEADER";
inline constexpr char kWrongType[] = "WRONG_TYPE";
inline constexpr char kMissingKeyId[] = "MISSING_KEY_ID";
inline constexpr char kUnknownKey[] = "UNKNOWN_KEY";
inline constexpr char kBadSignature[] = "BAD_SIGNATURE";
// Its claims.
inline constexpr char kWrongIssuer[] = "WRONG_ISSUER";
inline constexpr char kWrongAudience[] = "WRONG_AUDIENCE";
inline constexpr char kMissingExpiry[] = "MISSING_EXPIRY";
inline constexpr char kTokenExpired[] = "TOKEN_EXPIRED";
inline constexpr char kTokenNotYetValid[] = "TOKEN_NOT_YET_VALID";
inline constexpr char kMalformedSubject[] = "MALFORMED_SUBJECT";
inline constexpr char kMissingRoles[] = "MISSING_ROLES";
inline constexpr char kUnknownRole[] = "UNKNOWN_ROLE";
inline constexpr char kRoleOfCertificates[] = "ROLE_OF_CERTIFICATES";
inline constexpr char kMissingOrganisation[] = "MISSING_ORGANISATION";
inline constexpr char kMalformedOrganisation[] = "MALFORMED_ORGANISATION";
// Not the token's fault: UNAVAILABLE, to be tried again.
inline constexpr char kKeysBeingRead[] = "KEYS_BEING_READ";

// The process that connects: PERMISSION_DENIED.
inline constexpr char kPeerNotAllowed[] = "PEER_NOT_ALLOWED";

// All that a verifier answers with.
inline constexpr std::array<std::string_view, 21> kOfVerifier = {
    kMissingToken,  kMalformedToken, kTokenTooLong,       kWrongAlgorithm,      kCriticalHeader,
    kWrongType,     kMissingKeyId,   kUnknownKey,         kBadSignature,        kWrongIssuer,
    kWrongAudience, kMissingExpiry,  kTokenExpired,       kTokenNotYetValid,    kMalformedSubject,
    kMissingRoles,  kUnknownRole,    kRoleOfCertificates, kMissingOrganisation, kMalformedOrganisation,
    kKeysBeingRead};

// UNAUTHENTICATED.
inline absl::Status Refuse(std::string_view reason, std::string_view message,
                           const ErrorMetadata& metadata = {}) {
  return MakeError(absl::StatusCode::kUnauthenticated, reason, message, metadata);
}

}  // namespace specom::token_refusals
