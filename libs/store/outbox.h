// Events written with the changes that they tell of, and read by the relay that publishes them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/store/connection.h"
#include "libs/store/store.h"

namespace specom::store {

// Appends the event with the next aggregate_seq of its topic and subject.
absl::Status AppendEvent(Connection& connection, const OutboxEvent& event);

// True when committed events have no sequence yet.
absl::StatusOr<bool> HasUnnumbered(Connection& connection);
// Gives up to `limit` of them the next sequences. Transactions take ids in one order and commit in
// another: a number given at writing could come to light below one that was published already, and
// the bus would take it for a repeat.
absl::Status NumberEvents(Connection& connection, int limit);

// See Store.
absl::StatusOr<std::vector<OutboxRecord>> ListUnpublished(Connection& connection, int limit);
absl::Status MarkEventsPublished(Connection& connection, std::span<const std::int64_t> sequences);
absl::StatusOr<std::vector<OutboxRecord>> ListPublished(Connection& connection, std::string_view topic,
                                                        std::int64_t after, int limit);
absl::StatusOr<std::int64_t> FindLastPublished(Connection& connection, std::string_view topic);

}  // namespace specom::store
