// Golden files: what a program said when somebody last read it and found it right.
#pragma once

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace specom::testing {

// The text equals the file, a path relative to the repository (SPECOM_SOURCE_DIR). With
// SPECOM_UPDATE_GOLDEN set the file is written instead: read the difference before it is committed.
MATCHER_P(MatchesGolden, file, std::string("equals ") + file) {
  const char* root = std::getenv("SPECOM_SOURCE_DIR");
  if (root == nullptr) {
    *result_listener << "SPECOM_SOURCE_DIR is not set; run through ./tools/test";
    return false;
  }
  const std::filesystem::path path = std::filesystem::path(root) / file;
  if (std::getenv("SPECOM_UPDATE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << arg;
    return true;
  }
  std::ifstream in(path, std::ios::binary);
  std::ostringstream golden;
  golden << in.rdbuf();
  if (golden.str() == arg) return true;
  std::istringstream expected(golden.str()), actual(arg);
  std::string expected_line, actual_line;
  for (int number = 1;; ++number) {
    const bool more_expected = static_cast<bool>(std::getline(expected, expected_line));
    const bool more_actual = static_cast<bool>(std::getline(actual, actual_line));
    if (more_expected && more_actual && expected_line == actual_line) continue;
    *result_listener << "first difference in line " << number
                     << ":\n  golden: " << (more_expected ? expected_line : "(end)")
                     << "\n  actual: " << (more_actual ? actual_line : "(end)");
    return false;
  }
}

}  // namespace specom::testing
