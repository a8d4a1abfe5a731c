// Ed25519 signatures (RFC 8032): who holds the private key said so, and not a bit has changed since.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/base/secret.h"

namespace specom {

class SigningKey {
 public:
  // A new key.
  static SigningKey Make();
  // A PEM file's text (PKCS #8), as "openssl genpkey -algorithm ed25519" writes it.
  // INVALID_ARGUMENT/SIGNING_KEY when it is no such key.
  static absl::StatusOr<SigningKey> FromPem(const Secret& pem);

  Secret Pem() const;
  std::string PublicPem() const;
  // 64 bytes.
  std::string Sign(std::string_view message) const;

 private:
  explicit SigningKey(std::shared_ptr<void> key) : key_(std::move(key)) {}
  std::shared_ptr<void> key_;
};

class PublicKey {
 public:
  // A PEM file's text, as "openssl pkey -pubout" writes it. INVALID_ARGUMENT/PUBLIC_KEY when it is no
  // Ed25519 key.
  static absl::StatusOr<PublicKey> FromPem(const std::string& pem);

  // True when the signature is of exactly this message by the key's holder. Any bytes may be asked.
  bool Verifies(std::string_view message, std::string_view signature) const;

 private:
  explicit PublicKey(std::shared_ptr<void> key) : key_(std::move(key)) {}
  std::shared_ptr<void> key_;
};

}  // namespace specom
