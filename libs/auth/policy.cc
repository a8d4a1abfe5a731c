#include "libs/auth/policy.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "libs/base/status.h"

namespace specom {
namespace {

// "national, region"
std::string Words(const std::set<Role>& roles) {
  std::string words;
  for (Role role : roles) words += (words.empty() ? "" : ", ") + std::string(ToString(role));
  return words;
}

}  // namespace

absl::Status Authorize(const AccessRule& rule, const Principal& principal) {
  // Nearly every call.
  if (!rule.needs_organisation && std::any_of(principal.roles.begin(), principal.roles.end(),
                                              [&](Role role) { return rule.allow.contains(role); })) {
    return absl::OkStatus();
  }
  std::set<Role> held;
  std::set_intersection(rule.allow.begin(), rule.allow.end(), principal.roles.begin(), principal.roles.end(),
                        std::inserter(held, held.end()));
  if (held.empty()) {
    std::string roles = Words(rule.allow);
    return MakeError(absl::StatusCode::kPermissionDenied, "MISSING_ROLE",
                     rule.allow.empty() ? "No role may call this method."
                                        : "This method needs one of the roles " + roles + ".",
                     {{"roles", roles}});
  }
  if (rule.needs_organisation && principal.organisation.empty() &&
      std::all_of(held.begin(), held.end(), ActsForOrganisation)) {
    std::string roles = Words(held);
    return MakeError(absl::StatusCode::kPermissionDenied, "MISSING_ORGANISATION",
                     "This method needs the organisation that the caller acts for (an ODS code, e.g. QOQ): "
                     "with the role " +
                         roles + " and no organisation it reaches no drafts.",
                     {{"roles", roles}});
  }
  return absl::OkStatus();
}

}  // namespace specom
