// Who may call: deny by default.
#pragma once

#include <set>

#include "absl/status/status.h"
#include "libs/auth/principal.h"

namespace specom {

struct AccessRule {
  // The caller holds at least one of these. Empty: nobody may call.
  std::set<Role> allow = {};
  // What the caller changes is held by the organisation it acts for: a role that acts for one is not
  // enough without it.
  bool needs_organisation = false;
};

// PERMISSION_DENIED with MISSING_ROLE, naming the roles that would do, or MISSING_ORGANISATION; nothing of
// anybody's data.
absl::Status Authorize(const AccessRule& rule, const Principal& principal);

}  // namespace specom
