// The end of the audit chain, where records are added.
#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/auth/request_context.h"
#include "libs/store/audit.h"
#include "libs/store/connection.h"

namespace specom::store {

// Appends the record of what the context's caller did.
absl::Status AppendAuditRecord(Connection& connection, const RequestContext& context, const AuditEntry& entry,
                               absl::Time now);

}  // namespace specom::store
