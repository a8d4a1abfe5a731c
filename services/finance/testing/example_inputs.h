// For tests: the example inputs that ship with the platform, and as many variants as are needed.
#pragma once

#include <string>
#include <string_view>

#include "libs/base/check.h"
#include "services/finance/app/ports.h"
#include "services/finance/reference/finance_reference.h"

namespace specom::finance {

inline std::string ShippedFile(std::string_view path) {
  for (const EmbeddedFile& file : finance_reference()) {
    if (file.path == path) return std::string(file.content);
  }
  SPECOM_CHECK(false);
}

// Three ICBs of two regions, specialised 2026/27. A variant differs in one line of the baseline, by
// as many thousand pounds.
inline InputFiles ExampleFiles(int variant = 0) {
  InputFiles files = {ShippedFile("example/baseline.csv"), ShippedFile("example/need.csv"),
                      ShippedFile("example/policy.json")};
  constexpr std::string_view kOpening = "336000000.00";
  const std::size_t at = files.baseline_csv.find(kOpening);
  SPECOM_CHECK(at != std::string::npos);
  files.baseline_csv.replace(at, kOpening.size(), std::to_string(336000000 + 1000 * variant) + ".00");
  return files;
}

}  // namespace specom::finance
