// Who may call: deny by default.
#pragma once

#include <set>

#include "absl/status/status.h"
#include "libs/auth/principal.h"

namespace specom {

struct AccessRule {
  // The caller holds at least one of these. Empty: nobody may call.
  std::set<Role> allow = {};
};

// PERMISSION_DENIED/MISSING_ROLE, naming the roles that would do and nothing of anybody's data.
absl::Status Authorize(const AccessRule& rule, const Principal& principal);

}  // namespace specom
