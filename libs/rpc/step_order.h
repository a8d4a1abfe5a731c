// The order of a pipeline's steps, checked against what each of them says must come before it.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace specom::rpc {

struct StepPlace {
  std::string_view name;
  // The steps that must come before it.
  std::vector<std::string_view> after;
};

// FAILED_PRECONDITION naming every pair that is out of order, every name that stands twice and every
// predecessor that does not exist.
absl::Status CheckOrder(std::span<const StepPlace> steps);

}  // namespace specom::rpc
