// The remembered outcomes of writes, and the events that consumers have handled.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/auth/request_context.h"
#include "libs/store/connection.h"
#include "libs/store/store.h"

namespace specom::store {

// See UnitOfWork.
absl::StatusOr<std::optional<IdempotencyRecord>> FindOutcome(Connection& connection,
                                                             const RequestContext& context);
absl::Status RememberOutcome(Connection& connection, const RequestContext& context,
                             const IdempotencyRecord& record, absl::Time now);
absl::StatusOr<bool> MarkHandled(Connection& connection, std::string_view group, std::string_view event_id,
                                 absl::Time now);

}  // namespace specom::store
