#include "libs/auth/authenticator.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"

namespace specom {
namespace {

// Long enough for any e-mail address or ODS code, short enough for a log line.
constexpr std::size_t kMaxHeaderLength = 320;

absl::Status Unauthenticated(std::string_view reason, const std::string& message,
                             const ErrorMetadata& metadata) {
  return MakeError(absl::StatusCode::kUnauthenticated, reason, message, metadata);
}

// The one value of the header, "" when it is absent.
absl::StatusOr<std::string> OneValue(const CallMetadata& metadata, const char* key) {
  std::vector<std::string_view> values = metadata.Values(key);
  if (values.empty()) return "";
  if (values.size() > 1) {
    return Unauthenticated("AMBIGUOUS_IDENTITY",
                           std::string("The metadata ") + key + " is there more than once; send it once.",
                           {{"header", key}});
  }
  std::string_view value = values.front();
  bool printable = std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (!printable || value.size() > kMaxHeaderLength) {
    return Unauthenticated(
        "MALFORMED_IDENTITY",
        std::string("The metadata ") + key + " is not up to 320 printable ASCII characters.",
        {{"header", key}});
  }
  return std::string(absl::StripAsciiWhitespace(absl::string_view(value.data(), value.size())));
}

absl::StatusOr<std::set<Role>> ParseRoles(const std::string& words) {
  std::set<Role> roles;
  for (absl::string_view word : absl::StrSplit(words, ',')) {
    word = absl::StripAsciiWhitespace(word);
    if (word.empty()) continue;
    auto role = ParseRole({word.data(), word.size()});
    if (!role) {
      return Unauthenticated(
          "UNKNOWN_ROLE",
          "\"" + std::string(word) + "\" in the metadata " + kRolesHeader +
              " is not a role; roles are national, region, icb, joint-committee, provider, "
              "stakeholder, auditor, administrator and service.",
          {{"role", std::string(word)}});
    }
    roles.insert(*role);
  }
  return roles;
}

}  // namespace

bool Peer::IsLocal() const {
  static constexpr std::array<std::string_view, 6> kLocal = {
      "ipv4:127.", "ipv6:%5B::1%5D:", "ipv6:[::1]:", "ipv6:%5B::ffff:127.", "ipv6:[::ffff:127.", "unix:"};
  return address == "inproc" || std::any_of(kLocal.begin(), kLocal.end(), [&](std::string_view start) {
           return address.starts_with(start);
         });
}

absl::StatusOr<Principal> DevelopmentAuthenticator::Authenticate(const CallMetadata& metadata,
                                                                 const Peer& peer) const {
  if (!peer.IsLocal()) {
    return Unauthenticated(
        "NOT_LOCAL",
        "Development identity serves callers on the same machine only; this one is not. Run the "
        "service with an identity provider to serve others.",
        {});
  }
  Principal principal;
  std::string roles;
  ASSIGN_OR_RETURN(principal.user, OneValue(metadata, kUserHeader));
  ASSIGN_OR_RETURN(roles, OneValue(metadata, kRolesHeader));
  ASSIGN_OR_RETURN(principal.organisation, OneValue(metadata, kOrganisationHeader));
  ASSIGN_OR_RETURN(principal.roles, ParseRoles(roles));

  std::string missing;
  if (principal.user.empty()) missing = kUserHeader;
  if (principal.roles.empty()) missing += (missing.empty() ? "" : " and ") + std::string(kRolesHeader);
  if (!missing.empty()) {
    return Unauthenticated("MISSING_IDENTITY",
                           "The call does not say who makes it: the metadata " + missing +
                               " must be set. For example: " + kUserHeader + ": ada@example.nhs.uk, " +
                               kRolesHeader + ": national.",
                           {{"missing", missing}});
  }
  return principal;
}

absl::StatusOr<Principal> DenyAllAuthenticator::Authenticate(const CallMetadata&, const Peer&) const {
  return Unauthenticated(
      "NO_IDENTITY_PROVIDER",
      "This server has no way to know its callers, so it serves nobody. On one machine it can be "
      "started with identity=development.",
      {});
}

}  // namespace specom
