// Dates and times of the contract to and from the domain.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "libs/base/date.h"
#include "specom/common/v1/date.pb.h"

namespace specom::reporting {

inline common::v1::Date DateMessage(Date date) {
  common::v1::Date proto;
  proto.set_year(date.year());
  proto.set_month(date.month());
  proto.set_day(date.day());
  return proto;
}

// INVALID_ARGUMENT unless it is a real day.
inline absl::StatusOr<Date> DateOf(const common::v1::Date& date) {
  return Date::Make(date.year(), date.month(), date.day());
}

// To the microsecond, as the read model keeps times.
inline google::protobuf::Timestamp TimeMessage(absl::Time time) {
  google::protobuf::Timestamp proto;
  const absl::Time second = absl::FromUnixSeconds(absl::ToUnixSeconds(time));
  proto.set_seconds(absl::ToUnixSeconds(time));
  proto.set_nanos(static_cast<std::int32_t>(absl::ToInt64Microseconds(time - second) * 1000));
  return proto;
}

inline absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

}  // namespace specom::reporting
