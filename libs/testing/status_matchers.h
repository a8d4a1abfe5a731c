// EXPECT_THAT(status, IsOk()), StatusIs(code, "REASON", HasSubstr("…")), IsOkAndHolds(value).
#pragma once

#include <gmock/gmock.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/status.h"

namespace specom::testing {

inline const absl::Status& StatusOf(const absl::Status& status) {
  return status;
}
template <class T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, negation ? "is not OK" : "is OK") {
  *result_listener << "which is " << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

MATCHER_P(StatusIs, code, std::string("has code ") + absl::StatusCodeToString(code)) {
  *result_listener << "which is " << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code;
}

MATCHER_P2(StatusIs, code, reason,
           std::string("has code ") + absl::StatusCodeToString(code) + " and reason " + std::string(reason)) {
  *result_listener << "which is " << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code && ErrorReason(StatusOf(arg)) == reason;
}

MATCHER_P(IsOkAndHolds, matcher, "is OK and holds what was expected") {
  *result_listener << "which is " << StatusOf(arg).ToString();
  return arg.ok() && ::testing::ExplainMatchResult(matcher, *arg, result_listener);
}

}  // namespace specom::testing
