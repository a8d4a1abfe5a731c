// Resource names from text: syntax only.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "services/finance/domain/run.h"

namespace specom::finance {

// Each INVALID_ARGUMENT/INVALID_FIELDS, naming the field and the form that a name has.
absl::StatusOr<RunId> ParseRunName(std::string_view field, std::string_view name);
absl::StatusOr<InputSetId> ParseInputSetName(std::string_view field, std::string_view name);
absl::StatusOr<RunId> ParseOperationName(std::string_view field, std::string_view name);
// "policies/specialised-2025-26" -> "specialised-2025-26"
absl::StatusOr<std::string> ParsePolicyName(std::string_view field, std::string_view name);
absl::StatusOr<FinancialYear> ParseYear(std::string_view field, std::string_view text);

}  // namespace specom::finance
