// The key and the checkpoints that specom dev keeps beside its data.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/rpc/audit_checkpoints.h"

namespace specom::cli {

// "audit-checkpoints.jsonl" and "audit.pub" in the folder.
std::string CheckpointsFile(const std::string& folder);
std::string PublicKeyFile(const std::string& folder);

// Makes audit.key, for its owner alone, and audit.pub in the folder where they are missing.
// FAILED_PRECONDITION when that cannot be done.
absl::StatusOr<rpc::AuditSettings> AuditSettingsIn(const std::string& folder);

}  // namespace specom::cli
