#include "libs/auth/principal.h"

#include <array>
#include <utility>

namespace specom {
namespace {

constexpr std::array<std::pair<Role, std::string_view>, 9> kRoles = {{
    {Role::kNational, "national"},
    {Role::kRegion, "region"},
    {Role::kIcb, "icb"},
    {Role::kJointCommittee, "joint-committee"},
    {Role::kProvider, "provider"},
    {Role::kStakeholder, "stakeholder"},
    {Role::kAuditor, "auditor"},
    {Role::kAdministrator, "administrator"},
    {Role::kService, "service"},
}};

}  // namespace

std::string_view ToString(Role role) {
  for (const auto& [value, word] : kRoles) {
    if (value == role) return word;
  }
  return "unknown";
}

std::optional<Role> ParseRole(std::string_view word) {
  for (const auto& [value, name] : kRoles) {
    if (name == word) return value;
  }
  return std::nullopt;
}

bool ActsForOrganisation(Role role) {
  return role == Role::kRegion || role == Role::kIcb || role == Role::kJointCommittee ||
         role == Role::kProvider;
}

}  // namespace specom
