// The headers of development identity: lines "key: value", as many as there are.
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "libs/auth/authenticator.h"
#include "libs/base/status.h"
#include "tests/fuzz/fuzz.h"

namespace specom::fuzz {
namespace {

class Headers final : public CallMetadata {
 public:
  void Add(std::string key, std::string value) { entries_.emplace(std::move(key), std::move(value)); }
  std::vector<std::string_view> Values(std::string_view key) const override {
    std::vector<std::string_view> values;
    for (auto [at, end] = entries_.equal_range(std::string(key)); at != end; ++at)
      values.push_back(at->second);
    return values;
  }

 private:
  std::multimap<std::string, std::string> entries_;
};

}  // namespace

void Examine(std::string_view input) {
  Headers headers;
  for (absl::string_view line : absl::StrSplit(absl::string_view(input.data(), input.size()), '\n')) {
    const std::pair<std::string, std::string> entry = absl::StrSplit(line, absl::MaxSplits(": ", 1));
    headers.Add(entry.first, entry.second);
  }
  const DevelopmentAuthenticator authenticator;
  Require(!authenticator.Authenticate(headers, {.address = "ipv4:192.0.2.1:4711"}).ok(),
          "callers elsewhere are not believed");
  const auto principal = authenticator.Authenticate(headers, {.address = "ipv4:127.0.0.1:4711"});
  if (!principal.ok()) {
    Require(absl::IsUnauthenticated(principal.status()), "who is not known is unauthenticated");
    return;
  }
  Require(!principal->user.empty() && !principal->roles.empty(), "a caller has a name and a role");
  std::string roles;
  for (Role role : principal->roles) roles += std::string(ToString(role)) + ",";
  Headers again;
  again.Add(kUserHeader, principal->user);
  again.Add(kRolesHeader, roles);
  again.Add(kOrganisationHeader, principal->organisation);
  const auto same = authenticator.Authenticate(again, {.address = "unix:/run/specom.sock"});
  Require(same.ok() && same->user == principal->user && same->roles == principal->roles &&
              same->organisation == principal->organisation,
          "a caller is known as it was");
}

}  // namespace specom::fuzz
