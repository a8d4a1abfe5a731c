// Roles as the contract writes them.
#pragma once

#include <optional>

#include "libs/auth/principal.h"
#include "specom/common/v1/method.pb.h"

namespace specom::rpc {

// Nothing for ROLE_UNSPECIFIED and for numbers that the contract does not know.
std::optional<Role> FromProto(common::v1::Role role);
common::v1::Role ToProto(Role role);

}  // namespace specom::rpc
