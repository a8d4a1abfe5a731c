// The public keys of an issuer: a JSON Web Key Set (RFC 7517), of which only keys that can verify a
// signature are kept.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/auth/handles.h"

namespace specom {

// RS256 … ES512: what cjose verifies with a public key.
bool IsSignatureAlgorithm(std::string_view algorithm);

class KeySet {
 public:
  struct Key {
    // "" when the set names none.
    std::string id;
    // The one algorithm that the set gives it; "" for any that suits.
    std::string algorithm;
    JwkHandle key;

    // RFC 8725, 3.1: a key is used with the algorithms of its own kind and no others.
    bool Suits(std::string_view other) const;
    // The octets of a signature by this key.
    std::size_t SignatureSize() const;
  };

  // INVALID_ARGUMENT/MALFORMED_KEYS when the text is no key set, holds no key that can verify, or
  // publishes a private key. Keys of other kinds and uses, RSA keys under 2048 bits and keys that do
  // not parse are passed over, as RFC 7517 asks.
  static absl::StatusOr<std::shared_ptr<const KeySet>> Parse(const std::string& json);

  // The key that the token's header means; key_id "" when it names none. UNAUTHENTICATED with
  // MISSING_KEY_ID, UNKNOWN_KEY or WRONG_ALGORITHM.
  absl::StatusOr<const Key*> Find(std::string_view key_id, std::string_view algorithm) const;

  std::size_t size() const { return keys_.size(); }
  const std::string& json() const { return json_; }

 private:
  std::string json_;
  std::vector<Key> keys_;
};

}  // namespace specom
