// Errors that travel: a canonical code, one stable reason with the values that the message
// mentions, and field violations. libs/rpc puts them on the wire as google.rpc details.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define SPECOM_CONCAT_INNER(a, b) a##b
#define SPECOM_CONCAT(a, b) SPECOM_CONCAT_INNER(a, b)

#define RETURN_IF_ERROR(expression)                           \
  do {                                                        \
    if (absl::Status status_ = (expression); !status_.ok()) { \
      return status_;                                         \
    }                                                         \
  } while (false)

#define ASSIGN_OR_RETURN(target, expression) \
  SPECOM_ASSIGN_OR_RETURN(SPECOM_CONCAT(result_, __LINE__), target, expression)
#define SPECOM_ASSIGN_OR_RETURN(result, target, expression) \
  auto result = (expression);                               \
  if (!result.ok()) return std::move(result).status();      \
  target = *std::move(result)

namespace specom {

using ErrorMetadata = std::map<std::string, std::string>;

struct FieldViolation {
  // Path of the field, e.g. "decision.effective_from".
  std::string field;
  // The rule that was broken and what to do.
  std::string description;

  friend bool operator==(const FieldViolation&, const FieldViolation&) = default;
};

// reason: UPPER_SNAKE_CASE, from the service's registry of reasons. message: what happened, with
// the values, and what to do next. metadata: every value that the message mentions.
absl::Status MakeError(absl::StatusCode code, std::string_view reason, std::string_view message,
                       const ErrorMetadata& metadata = {});

// INVALID_ARGUMENT with reason INVALID_FIELDS; all violations at once. At least one.
absl::Status InvalidFields(const std::vector<FieldViolation>& violations);

// Adds field violations to a status that has none yet.
absl::Status WithFieldViolations(absl::Status status, const std::vector<FieldViolation>& violations);
// Adds how long the caller should wait before it tries again.
absl::Status WithRetryAfter(absl::Status status, int milliseconds);
// Adds what resource the error is about.
absl::Status WithResource(absl::Status status, std::string_view type, std::string_view name);

// What the functions above put into a status; "" and empty where nothing was put.
std::string ErrorReason(const absl::Status& status);
ErrorMetadata ErrorMetadataOf(const absl::Status& status);
std::vector<FieldViolation> FieldViolationsOf(const absl::Status& status);
// -1 where none was put.
int RetryAfterMilliseconds(const absl::Status& status);
std::pair<std::string, std::string> ResourceOf(const absl::Status& status);

}  // namespace specom
