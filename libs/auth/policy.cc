#include "libs/auth/policy.h"

#include <algorithm>
#include <string>

#include "libs/base/status.h"

namespace specom {

absl::Status Authorize(const AccessRule& rule, const Principal& principal) {
  bool allowed =
      std::any_of(rule.allow.begin(), rule.allow.end(), [&](Role role) { return principal.Has(role); });
  if (allowed) return absl::OkStatus();
  if (rule.allow.empty()) {
    return MakeError(absl::StatusCode::kPermissionDenied, "MISSING_ROLE", "No role may call this method.",
                     {{"roles", ""}});
  }
  std::string roles;
  for (Role role : rule.allow) roles += (roles.empty() ? "" : ", ") + std::string(ToString(role));
  return MakeError(absl::StatusCode::kPermissionDenied, "MISSING_ROLE",
                   "This method needs one of the roles " + roles + ".", {{"roles", roles}});
}

}  // namespace specom
