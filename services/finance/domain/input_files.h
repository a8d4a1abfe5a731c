// Reading baseline.csv and need.csv; every problem with its file, row, column and value.
#pragma once

#include <string_view>
#include <vector>

#include "libs/base/csv.h"
#include "services/finance/domain/inputs.h"

namespace specom::finance {

inline constexpr std::string_view kBaselineFile = "baseline.csv";
inline constexpr std::string_view kNeedFile = "need.csv";
inline constexpr std::string_view kPolicyFile = "policy.json";

// Reads the two tables under the policy and checks everything that CheckInputs checks. policy:
// nullptr when it could not be read; then only the rules that need no policy are checked. What is
// returned may be used only when no problem was added. A need.csv without content is a problem
// too: it names the ICBs and their regions.
InputSet ReadInputTables(const AllocationPolicy* policy, std::string_view baseline_csv,
                         std::string_view need_csv, std::vector<FileProblem>& problems);

}  // namespace specom::finance
