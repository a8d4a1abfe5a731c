#include "libs/base/signature.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>

#include "libs/base/check.h"
#include "libs/base/status.h"

namespace specom {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

std::shared_ptr<void> Own(EVP_PKEY* key) {
  return {key, [](void* owned) { EVP_PKEY_free(static_cast<EVP_PKEY*>(owned)); }};
}
EVP_PKEY* KeyOf(const std::shared_ptr<void>& key) {
  return static_cast<EVP_PKEY*>(key.get());
}

Bio Reader(std::string_view text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free_all};
}
Bio Writer() {
  return {BIO_new(BIO_s_mem()), &BIO_free_all};
}
std::string Written(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Never asks for a passphrase on a terminal.
int NoPassphrase(char*, int, int, void*) {
  return 0;
}

// Takes the key over. INVALID_ARGUMENT when it is none of Ed25519.
absl::StatusOr<std::shared_ptr<void>> Checked(EVP_PKEY* key, std::string_view reason,
                                              std::string_view message) {
  ERR_clear_error();
  std::shared_ptr<void> owned = Own(key);
  if (key == nullptr || EVP_PKEY_base_id(key) != EVP_PKEY_ED25519)
    return MakeError(absl::StatusCode::kInvalidArgument, reason, message);
  return owned;
}

}  // namespace

SigningKey SigningKey::Make() {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  SPECOM_CHECK(key != nullptr);
  return SigningKey(Own(key));
}

absl::StatusOr<SigningKey> SigningKey::FromPem(const Secret& pem) {
  const Bio bio = Reader(pem.Reveal());
  ASSIGN_OR_RETURN(std::shared_ptr<void> key,
                   Checked(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassphrase, nullptr), "SIGNING_KEY",
                           "the text is no Ed25519 private key in PEM without a passphrase; make one with: "
                           "openssl genpkey -algorithm ed25519 -out audit.key"));
  return SigningKey(std::move(key));
}

Secret SigningKey::Pem() const {
  const Bio bio = Writer();
  SPECOM_CHECK(PEM_write_bio_PKCS8PrivateKey(bio.get(), KeyOf(key_), nullptr, nullptr, 0, nullptr, nullptr) ==
               1);
  return Secret(Written(bio.get()));
}

std::string SigningKey::PublicPem() const {
  const Bio bio = Writer();
  SPECOM_CHECK(PEM_write_bio_PUBKEY(bio.get(), KeyOf(key_)) == 1);
  return Written(bio.get());
}

std::string SigningKey::Sign(std::string_view message) const {
  const DigestContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::array<unsigned char, 64> signature;
  std::size_t size = signature.size();
  SPECOM_CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, KeyOf(key_)) == 1);
  SPECOM_CHECK(EVP_DigestSign(context.get(), signature.data(), &size, Bytes(message), message.size()) == 1);
  return {reinterpret_cast<const char*>(signature.data()), size};
}

absl::StatusOr<PublicKey> PublicKey::FromPem(const std::string& pem) {
  const Bio bio = Reader(pem);
  ASSIGN_OR_RETURN(std::shared_ptr<void> key,
                   Checked(PEM_read_bio_PUBKEY(bio.get(), nullptr, &NoPassphrase, nullptr), "PUBLIC_KEY",
                           "the text is no Ed25519 public key in PEM; make one of the private key with: "
                           "openssl pkey -in audit.key -pubout -out audit.pub"));
  return PublicKey(std::move(key));
}

bool PublicKey::Verifies(std::string_view message, std::string_view signature) const {
  const DigestContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  SPECOM_CHECK(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, KeyOf(key_)) == 1);
  const bool verifies = EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message),
                                         message.size()) == 1;
  ERR_clear_error();
  return verifies;
}

}  // namespace specom
