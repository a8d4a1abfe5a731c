#include "libs/auth/jwks.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "libs/auth/base64url.h"
#include "libs/auth/token_refusals.h"
#include "libs/base/status.h"

namespace specom {
namespace {

constexpr std::array<std::string_view, 9> kAlgorithms = {"RS256", "RS384", "RS512", "PS256", "PS384",
                                                         "PS512", "ES256", "ES384", "ES512"};
constexpr std::size_t kLeastRsaBits = 2048;
constexpr std::size_t kMostRsaBits = 8192;
constexpr std::size_t kMostKeys = 100;

absl::Status Malformed(const std::string& why) {
  return MakeError(absl::StatusCode::kInvalidArgument, "MALFORMED_KEYS", why);
}

std::string Text(const json_t& object, const char* member) {
  const json_t* value = json_object_get(&object, member);
  return json_is_string(value) ? std::string(json_string_value(value), json_string_length(value)) : "";
}

bool IsForSignatures(const json_t& object) {
  if (std::string use = Text(object, "use"); !use.empty() && use != "sig") return false;
  const json_t* operations = json_object_get(&object, "key_ops");
  if (operations == nullptr) return true;
  for (std::size_t i = 0; i < json_array_size(operations); ++i) {
    const json_t* operation = json_array_get(operations, i);
    if (json_is_string(operation) && std::string_view(json_string_value(operation)) == "verify") return true;
  }
  return false;
}

// "ES256" for P-256; "" for what is no elliptic key that verifies.
std::string_view EllipticAlgorithm(const cjose_jwk_t& key) {
  switch (cjose_jwk_EC_get_curve(&key, nullptr)) {
    case CJOSE_JWK_EC_P_256:
      return "ES256";
    case CJOSE_JWK_EC_P_384:
      return "ES384";
    case CJOSE_JWK_EC_P_521:
      return "ES512";
    default:
      return "";
  }
}

bool IsStrong(const cjose_jwk_t& key) {
  if (cjose_jwk_get_kty(&key, nullptr) == CJOSE_JWK_KTY_EC) return !EllipticAlgorithm(key).empty();
  const std::size_t bits = cjose_jwk_get_keysize(&key, nullptr);
  return bits >= kLeastRsaBits && bits <= kMostRsaBits;
}

// cjose ends the process on a number with padding in its midst, so it sees strict base64url alone.
bool AreNumbersSound(const json_t& object) {
  for (const char* member : {"x", "y", "n", "e", "p", "q", "dp", "dq", "qi"}) {
    const json_t* value = json_object_get(&object, member);
    if (value == nullptr) continue;
    if (!json_is_string(value) || !DecodeBase64Url(Text(object, member))) return false;
  }
  return true;
}

// Nothing for a key that is not for us.
std::optional<KeySet::Key> ReadKey(json_t& object) {
  const std::string type = Text(object, "kty");
  if ((type != "RSA" && type != "EC") || !IsForSignatures(object) || !AreNumbersSound(object)) {
    return std::nullopt;
  }
  KeySet::Key key{.id = Text(object, "kid"), .algorithm = Text(object, "alg"), .key = nullptr};
  key.key.reset(cjose_jwk_import_json(&object, nullptr));
  ERR_clear_error();
  if (key.key == nullptr || !IsStrong(*key.key)) return std::nullopt;
  if (!key.algorithm.empty() && !IsSignatureAlgorithm(key.algorithm)) return std::nullopt;
  return key;
}

}  // namespace

bool IsSignatureAlgorithm(std::string_view algorithm) {
  return std::find(kAlgorithms.begin(), kAlgorithms.end(), algorithm) != kAlgorithms.end();
}

bool KeySet::Key::Suits(std::string_view other) const {
  if (!algorithm.empty() && algorithm != other) return false;
  if (cjose_jwk_get_kty(key.get(), nullptr) == CJOSE_JWK_KTY_EC) return EllipticAlgorithm(*key) == other;
  return other.starts_with("RS") || other.starts_with("PS");
}

std::size_t KeySet::Key::SignatureSize() const {
  const std::size_t octets = (cjose_jwk_get_keysize(key.get(), nullptr) + 7) / 8;
  return cjose_jwk_get_kty(key.get(), nullptr) == CJOSE_JWK_KTY_EC ? 2 * octets : octets;
}

absl::StatusOr<std::shared_ptr<const KeySet>> KeySet::Parse(const std::string& json) {
  JsonHandle document(json_loadb(json.data(), json.size(), JSON_REJECT_DUPLICATES, nullptr));
  const json_t* list = json_object_get(document.get(), "keys");
  if (!json_is_array(list)) return Malformed("it is not a JSON object with a list named keys");
  if (json_array_size(list) > kMostKeys) return Malformed("it holds more than 100 keys");
  auto set = std::make_shared<KeySet>();
  set->json_ = json;
  for (std::size_t i = 0; i < json_array_size(list); ++i) {
    json_t* object = json_array_get(list, i);
    if (!json_is_object(object)) continue;
    if (json_object_get(object, "d") != nullptr) {
      return Malformed("it holds a private key, with which anybody who reads it can sign tokens");
    }
    if (auto key = ReadKey(*object)) set->keys_.push_back(*std::move(key));
  }
  if (set->keys_.empty()) return Malformed("it holds no RSA key of 2048 bits or more and no elliptic key");
  return std::shared_ptr<const KeySet>(std::move(set));
}

absl::StatusOr<const KeySet::Key*> KeySet::Find(std::string_view key_id, std::string_view algorithm) const {
  using namespace token_refusals;
  if (key_id.empty() && keys_.size() > 1) {
    return Refuse(
        kMissingKeyId,
        "The token does not say which key signed it, and its issuer has several; its header must hold "
        "the kid.");
  }
  bool known = false;
  for (const Key& key : keys_) {
    if (!key_id.empty() && key.id != key_id) continue;
    if (key.Suits(algorithm)) return &key;
    known = true;
  }
  if (known) {
    return Refuse(kWrongAlgorithm, "The token's algorithm is not that of the key it names; sign in again.");
  }
  return Refuse(
      kUnknownKey,
      "The token was signed with a key that its issuer does not publish now; sign in again for a new one.");
}

}  // namespace specom
