// SHA-256 digests.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace specom {

// SHA-256 over any number of parts. Each part is hashed with its length, so that ("ab","c") and
// ("a","bc") differ.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& Part(std::string_view bytes);
  // 64 lower-case hexadecimal digits; the object is spent afterwards.
  std::string HexDigest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The SHA-256 of exactly these bytes, 64 lower-case hexadecimal digits.
std::string Sha256Hex(std::string_view bytes);

// A random UUID, version 4.
std::string NewUuid();
// 8-4-4-4-12 hexadecimal digits.
bool IsUuid(std::string_view text);

// RFC 4648 base64 with padding.
std::string Base64Encode(std::string_view bytes);
// False when the text is not base64.
bool Base64Decode(std::string_view text, std::string& bytes);

}  // namespace specom
