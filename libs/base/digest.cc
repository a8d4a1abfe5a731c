#include "libs/base/digest.h"

#include <openssl/evp.h>

#include <array>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "libs/base/check.h"
#include "libs/base/random.h"

namespace specom {
namespace {

std::string Hex(const unsigned char* bytes, std::size_t size) {
  return absl::BytesToHexString({reinterpret_cast<const char*>(bytes), size});
}

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() { SPECOM_CHECK(context && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::Part(std::string_view bytes) {
  std::uint64_t size = bytes.size();
  std::array<unsigned char, 8> length;
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<unsigned char>(size >> (8 * (7 - i)));
  SPECOM_CHECK(EVP_DigestUpdate(state_->context, length.data(), length.size()) == 1);
  SPECOM_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
  return *this;
}

std::string Sha256::HexDigest() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  SPECOM_CHECK(EVP_DigestFinal_ex(state_->context, digest.data(), &size) == 1);
  return Hex(digest.data(), size);
}

std::string Sha256Hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  SPECOM_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  return Hex(digest.data(), size);
}

std::string NewUuid() {
  constexpr char kDigits[] = "0123456789abcdef";
  const std::array<std::uint64_t, 2> random = {Random64(), Random64()};
  std::string uuid(36, '-');
  std::size_t digit = 0;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) continue;
    uuid[i] = kDigits[(random[digit / 16] >> (digit % 16 * 4)) & 0xf];
    ++digit;
  }
  // Version 4, variant 1.
  uuid[14] = '4';
  uuid[19] = kDigits[8 | (random[1] & 0x3)];
  return uuid;
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    char c = text[i];
    bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

std::string Base64Encode(std::string_view bytes) {
  return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

bool Base64Decode(std::string_view text, std::string& bytes) {
  return absl::Base64Unescape(absl::string_view(text.data(), text.size()), &bytes);
}

}  // namespace specom
