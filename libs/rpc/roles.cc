#include "libs/rpc/roles.h"

#include <array>
#include <utility>

namespace specom::rpc {
namespace {

constexpr std::array<std::pair<Role, common::v1::Role>, 9> kRoles = {{
    {Role::kNational, common::v1::ROLE_NATIONAL},
    {Role::kRegion, common::v1::ROLE_REGION},
    {Role::kIcb, common::v1::ROLE_ICB},
    {Role::kJointCommittee, common::v1::ROLE_JOINT_COMMITTEE},
    {Role::kProvider, common::v1::ROLE_PROVIDER},
    {Role::kStakeholder, common::v1::ROLE_STAKEHOLDER},
    {Role::kAuditor, common::v1::ROLE_AUDITOR},
    {Role::kAdministrator, common::v1::ROLE_ADMINISTRATOR},
    {Role::kService, common::v1::ROLE_SERVICE},
}};

}  // namespace

std::optional<Role> FromProto(common::v1::Role role) {
  for (const auto& [ours, theirs] : kRoles) {
    if (theirs == role) return ours;
  }
  return std::nullopt;
}

common::v1::Role ToProto(Role role) {
  for (const auto& [ours, theirs] : kRoles) {
    if (ours == role) return theirs;
  }
  return common::v1::ROLE_UNSPECIFIED;
}

}  // namespace specom::rpc
