// What the repositories share: times and keys as column values.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "libs/store/value.h"
#include "services/finance/app/ports.h"

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
