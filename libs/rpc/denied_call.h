// What the audit record says of a call that was refused.
#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/status.h"
#include "libs/store/audit.h"

namespace specom::rpc {

// The resource is the one that the request names, if it names one; the reason is the refusal's and its
// message, and for a caller without a name the address that it calls from. Both are cut to what a record
// bears, and are always text that can be stored.
store::AuditEntry DenialOf(const absl::Status& refusal, const google::protobuf::Message& request,
                           const std::string& peer_address);

}  // namespace specom::rpc
