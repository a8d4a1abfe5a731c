#include "libs/rpc/paging.h"

#include <algorithm>
#include <cstdint>

#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "libs/rpc/request_digest.h"

namespace specom::rpc {
namespace {

// version (1) | binding (16) | checksum (8) | snapshot, microseconds since 1970, big endian (8) | after
constexpr char kVersion = 1;
constexpr std::size_t kBinding = 16;
constexpr std::size_t kChecksum = 8;
constexpr std::size_t kSnapshot = 8;
constexpr std::size_t kHeader = 1 + kBinding + kChecksum + kSnapshot;

std::string Binding(std::string_view full_method, const google::protobuf::Message& request) {
  return RequestDigest(full_method, request, {"page_token", "page_size"}).substr(0, kBinding);
}

std::string Checksum(std::string_view binding, std::string_view rest) {
  return Sha256().Part("page token 1").Part(binding).Part(rest).HexDigest().substr(0, kChecksum);
}

std::string BigEndian(std::int64_t value) {
  auto bits = static_cast<std::uint64_t>(value);
  std::string bytes(kSnapshot, '\0');
  for (std::size_t i = 0; i < kSnapshot; ++i)
    bytes[i] = static_cast<char>(bits >> (8 * (kSnapshot - 1 - i)) & 0xFF);
  return bytes;
}

std::int64_t FromBigEndian(std::string_view bytes) {
  std::uint64_t bits = 0;
  for (char byte : bytes) bits = bits << 8 | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(bits);
}

// RFC 4648 section 5, without padding.
std::string ToUrlText(std::string_view bytes) {
  std::string text = Base64Encode(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(std::find(text.begin(), text.end(), '='), text.end());
  return text;
}

bool FromUrlText(const std::string& text, std::string& bytes) {
  std::string standard = text;
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  standard.append((4 - standard.size() % 4) % 4, '=');
  // One text for one token: neither the other alphabet nor stray bits at the end.
  return Base64Decode(standard, bytes) && ToUrlText(bytes) == text;
}

absl::Status InvalidToken() {
  return MakeError(
      absl::StatusCode::kInvalidArgument, "INVALID_PAGE_TOKEN",
      "page_token is not a token of this server. Use next_page_token of the page before, or leave it "
      "empty to begin again.");
}

}  // namespace

std::string MakePageToken(std::string_view full_method, const google::protobuf::Message& request,
                          const PagePosition& position) {
  std::string binding = Binding(full_method, request);
  std::string rest = BigEndian(absl::ToUnixMicros(position.snapshot)) + position.after;
  return ToUrlText(kVersion + binding + Checksum(binding, rest) + rest);
}

absl::StatusOr<std::optional<PagePosition>> ReadPageToken(std::string_view full_method,
                                                          const google::protobuf::Message& request) {
  std::string text = StringField(request, "page_token");
  if (text.empty()) return std::nullopt;
  std::string bytes;
  if (!FromUrlText(text, bytes) || bytes.size() < kHeader || bytes[0] != kVersion) return InvalidToken();
  std::string_view binding = std::string_view(bytes).substr(1, kBinding);
  std::string_view checksum = std::string_view(bytes).substr(1 + kBinding, kChecksum);
  std::string_view rest = std::string_view(bytes).substr(1 + kBinding + kChecksum);
  if (checksum != Checksum(binding, rest)) return InvalidToken();
  if (binding != Binding(full_method, request)) {
    return MakeError(
        absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_MISMATCH",
        "page_token belongs to a list with other arguments. Repeat the arguments of the first page, or "
        "leave page_token empty to begin again.");
  }
  std::int64_t micros = FromBigEndian(rest.substr(0, kSnapshot));
  absl::Time snapshot = micros == INT64_MAX   ? absl::InfiniteFuture()
                        : micros == INT64_MIN ? absl::InfinitePast()
                                              : absl::FromUnixMicros(micros);
  return PagePosition{std::string(rest.substr(kSnapshot)), snapshot};
}

absl::StatusOr<int> PageSize(int asked, int standard, int largest) {
  if (asked < 0) return InvalidFields({{"page_size", "must not be negative; 0 asks for the standard size"}});
  return std::min(asked == 0 ? standard : asked, largest);
}

}  // namespace specom::rpc
