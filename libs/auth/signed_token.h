// One JSON Web Token in compact form (RFC 7515, RFC 7519), taken apart strictly: what its header asks,
// and whether a key signed it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/auth/handles.h"
#include "libs/auth/jwks.h"

namespace specom {

// A JSON object of at most as many bytes as a token has; null when the text is none or names a member
// twice.
JsonHandle ParseObject(std::string_view json);

class SignedToken {
 public:
  inline static constexpr std::size_t kMaxLength = 8 * 1024;

  // Nothing but the header is looked at, and of the header the algorithm first. UNAUTHENTICATED with
  // MISSING_TOKEN, TOKEN_TOO_LONG, MALFORMED_TOKEN, WRONG_ALGORITHM, CRITICAL_HEADER or WRONG_TYPE.
  static absl::StatusOr<SignedToken> Parse(std::string_view text, const std::vector<std::string>& algorithms);

  const std::string& algorithm() const { return algorithm_; }
  // "" when the header names none.
  const std::string& key_id() const { return key_id_; }

  // The claims, which are to be believed from here on. UNAUTHENTICATED/BAD_SIGNATURE.
  absl::StatusOr<std::string> VerifiedClaims(const KeySet::Key& key) const;

 private:
  std::string text_;
  std::string algorithm_;
  std::string key_id_;
  std::string signature_;
};

}  // namespace specom
