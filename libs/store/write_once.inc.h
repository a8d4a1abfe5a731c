// WriteOnce of store.h, which includes this file.
#pragma once

#include <optional>
#include <utility>

#include "libs/base/status.h"
#include "libs/store/store.h"

namespace specom::store {

// True for refusals that tell of the state which the request met: its repeat gets the same answer,
// although the state may be another by then.
inline bool IsRememberedRefusal(absl::StatusCode code) {
  return code == absl::StatusCode::kFailedPrecondition || code == absl::StatusCode::kAlreadyExists;
}

template <class T>
absl::StatusOr<T> WriteOnce(
    Store& store, const RequestContext& context,
    const std::function<absl::StatusOr<std::pair<std::string, T>>(UnitOfWork&)>& operation,
    const std::function<absl::StatusOr<T>(UnitOfWork&, const std::string&)>& load) {
  std::optional<T> value;
  bool remembered = false;
  // True when the request was seen before: then `value` or the returned error is its outcome.
  const auto replay = [&](UnitOfWork& work) -> absl::Status {
    ASSIGN_OR_RETURN(std::optional<IdempotencyRecord> record, work.FindOutcome(context));
    remembered = record.has_value();
    if (!remembered) return absl::OkStatus();
    RETURN_IF_ERROR(record->outcome);
    ASSIGN_OR_RETURN(value, load(work, record->resource));
    return absl::OkStatus();
  };

  absl::Status status = store.Write(context, [&](UnitOfWork& work) -> absl::Status {
    RETURN_IF_ERROR(replay(work));
    if (remembered) return absl::OkStatus();
    auto made = operation(work);
    RETURN_IF_ERROR(made.status());
    value = std::move(made->second);
    return work.RememberOutcome(context, {.resource = std::move(made->first), .outcome = absl::OkStatus()});
  });
  if (!status.ok() && !remembered && IsRememberedRefusal(status.code()) &&
      !context.idempotency.request_id.empty()) {
    // What the refused operation had done is rolled back; its refusal is kept by a second transaction.
    // An attempt with the same request_id that succeeded between the two decides for both.
    const absl::Status refusal = status;
    status = store.Write(context, [&](UnitOfWork& work) -> absl::Status {
      RETURN_IF_ERROR(replay(work));
      if (remembered) return absl::OkStatus();
      return work.RememberOutcome(context, {.resource = "", .outcome = refusal});
    });
    if (status.ok() && !remembered) return refusal;
  }
  RETURN_IF_ERROR(status);
  return *std::move(value);
}

}  // namespace specom::store
