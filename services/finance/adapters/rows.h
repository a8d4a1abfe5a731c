// What the repositories share: times and keys as column values, and who reaches a draft.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "libs/store/value.h"
#include "services/finance/app/ports.h"

// The row h of a holder table is of an organisation that the viewer reaches: its own, or one of its
// region. Takes two parameters: the viewer's organisation and region.
#define SPECOM_REACHED_BY(organisation, region)                                               \
  "(h.organisation = " organisation                                                           \
  " OR EXISTS (SELECT 1 FROM organisation_region o WHERE o.organisation = h.organisation AND" \
  " o.region = " region "))"

namespace specom::finance {

// Microseconds since 1970; NULL where absent.
inline store::Value TimeValue(const std::optional<absl::Time>& time) {
  return time ? store::Value(absl::ToUnixMicros(*time)) : store::Value();
}

inline std::optional<absl::Time> OptionalTime(const store::Row& row, std::size_t column) {
  if (row.IsNull(column)) return std::nullopt;
  return absl::FromUnixMicros(row.Integer(column));
}

// Where a latest-first list begins: after the key, or before everything.
inline std::int64_t TimeOf(const std::optional<LatestKey>& after) {
  return after ? absl::ToUnixMicros(after->create_time) : std::numeric_limits<std::int64_t>::max();
}
inline std::string IdOf(const std::optional<LatestKey>& after) {
  return after ? after->id : "";
}

}  // namespace specom::finance
