// Base64url as tokens and keys write it (RFC 4648, RFC 7515).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"

namespace specom {

// One text for each sequence of bytes: no padding, no stray bits, no white space; nothing for another.
inline std::optional<std::string> DecodeBase64Url(std::string_view text) {
  const absl::string_view encoded(text.data(), text.size());
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(encoded, &bytes) || absl::WebSafeBase64Escape(bytes) != encoded) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace specom
