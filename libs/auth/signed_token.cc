#include "libs/auth/signed_token.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "absl/strings/match.h"
#include "libs/auth/base64url.h"
#include "libs/auth/token_refusals.h"

namespace specom {
namespace {

using namespace token_refusals;

constexpr std::size_t kMaxKeyIdLength = 256;

absl::Status Malformed(const std::string& what) {
  return Refuse(kMalformedToken, "The token is not a signed JSON Web Token: " + what +
                                     ". Send the access token as the issuer gave it.");
}

// Nothing when the member is there and no string.
std::optional<std::string> OptionalText(const json_t& object, const char* member) {
  const json_t* value = json_object_get(&object, member);
  if (value == nullptr) return "";
  if (!json_is_string(value)) return std::nullopt;
  return std::string(json_string_value(value), json_string_length(value));
}

// RFC 8725, 3.11: a token made for another use, e.g. a logout token, is not taken for an access token.
bool IsTokenType(const std::string& type) {
  static constexpr std::array<const char*, 5> kTypes = {"", "JWT", "at+jwt", "application/jwt",
                                                        "application/at+jwt"};
  return std::any_of(kTypes.begin(), kTypes.end(),
                     [&](const char* known) { return absl::EqualsIgnoreCase(known, type); });
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

JsonHandle ParseObject(std::string_view json) {
  JsonHandle object(json_loadb(json.data(), json.size(), JSON_REJECT_DUPLICATES, nullptr));
  return json_is_object(object.get()) ? std::move(object) : nullptr;
}

absl::StatusOr<SignedToken> SignedToken::Parse(std::string_view text,
                                               const std::vector<std::string>& algorithms) {
  if (text.empty()) return Refuse(kMissingToken, "The token is empty; send authorization: Bearer <token>.");
  if (text.size() > kMaxLength) {
    return Refuse(kTokenTooLong, "The token is longer than 8192 characters; ask the issuer for fewer claims.",
                  {{"limit", "8192"}});
  }
  const std::size_t first = text.find('.');
  const std::size_t second = first == text.npos ? text.npos : text.find('.', first + 1);
  if (second == text.npos || text.find('.', second + 1) != text.npos) {
    return Malformed("it does not have three parts");
  }
  const auto header_json = DecodeBase64Url(text.substr(0, first));
  const auto claims_json = DecodeBase64Url(text.substr(first + 1, second - first - 1));
  auto signature = DecodeBase64Url(text.substr(second + 1));
  if (!header_json || !claims_json || !signature) return Malformed("its parts are not base64url");
  const JsonHandle header = ParseObject(*header_json);
  if (header == nullptr) return Malformed("its header is not a JSON object with each member once");

  SignedToken token;
  const auto algorithm = OptionalText(*header, "alg");
  if (!algorithm || std::find(algorithms.begin(), algorithms.end(), *algorithm) == algorithms.end()) {
    return Refuse(kWrongAlgorithm,
                  "The token is not signed with one of the algorithms that are taken here: " +
                      Joined(algorithms) + ". Set the issuer to one of them.",
                  {{"algorithms", Joined(algorithms)}});
  }
  if (json_object_get(header.get(), "crit") != nullptr) {
    return Refuse(kCriticalHeader,
                  "The token's header has members that must be understood (crit); none are understood here.");
  }
  const auto type = OptionalText(*header, "typ");
  if (!type || !IsTokenType(*type)) {
    return Refuse(kWrongType, "The token is not an access token by its typ; send one of type JWT or at+jwt.");
  }
  const auto key_id = OptionalText(*header, "kid");
  if (!key_id || key_id->size() > kMaxKeyIdLength)
    return Malformed("its kid is no string of up to 256 characters");
  token.text_ = std::string(text);
  token.algorithm_ = *algorithm;
  token.key_id_ = *key_id;
  token.signature_ = *std::move(signature);
  return token;
}

absl::StatusOr<std::string> SignedToken::VerifiedClaims(const KeySet::Key& key) const {
  std::optional<std::string> claims;
  // RFC 7518, 3.4: an elliptic signature has one length; cjose takes others too.
  if (signature_.size() == key.SignatureSize()) {
    JwsHandle token(cjose_jws_import(text_.data(), text_.size(), nullptr));
    std::uint8_t* bytes = nullptr;
    std::size_t size = 0;
    if (token != nullptr && cjose_jws_verify(token.get(), key.key.get(), nullptr) &&
        cjose_jws_get_plaintext(token.get(), &bytes, &size, nullptr)) {
      claims.emplace(reinterpret_cast<const char*>(bytes), size);
    }
    // OpenSSL keeps errors for each thread, and a TLS connection would take these for its own.
    ERR_clear_error();
  }
  if (!claims) {
    return Refuse(kBadSignature,
                  "The token's signature does not hold: it was changed, or another issuer made it. "
                  "Sign in again.");
  }
  return *std::move(claims);
}

}  // namespace specom
