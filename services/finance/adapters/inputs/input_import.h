// The three files of an input folder, imported all or nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "services/finance/domain/input_files.h"

namespace specom::finance {

inline constexpr std::size_t kMaxInputProblems = 10'000;

struct ImportOutcome {
  // Present exactly when there are no problems.
  std::optional<InputSet> inputs;
  // By file, then by row; at most kMaxInputProblems.
  std::vector<FileProblem> problems;
  std::size_t further_problems = 0;
};

// Reads and checks everything and reports every problem at once.
ImportOutcome ImportInputFiles(std::string_view baseline_csv, std::string_view need_csv,
                               std::string_view policy_json);

}  // namespace specom::finance
