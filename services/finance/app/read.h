// A read-only transaction that gives a value.
#pragma once

#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "libs/base/status.h"
#include "libs/store/store.h"

namespace specom::finance {

// What `function` (UnitOfWork& -> StatusOr<T>) gives in one read-only transaction.
template <class T, class Function>
absl::StatusOr<T> Read(store::Store& store, const RequestContext& context, Function function) {
  std::optional<T> value;
  RETURN_IF_ERROR(store.Read(context, [&](store::UnitOfWork& work) -> absl::Status {
    ASSIGN_OR_RETURN(value, function(work));
    return absl::OkStatus();
  }));
  return *std::move(value);
}

}  // namespace specom::finance
