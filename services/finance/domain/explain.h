// One ICB's allocation, step by step: inputs, formula, value, and a sentence.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "services/finance/domain/inputs.h"

namespace specom::finance {

struct Ratio {
  double value = 0;

  friend bool operator==(const Ratio&, const Ratio&) = default;
};

// A named value that a step starts from or gives.
struct StepValue {
  std::string name;
  // Money, a ratio, another number, or words.
  std::variant<Pence, Ratio, double, std::string> value;

  friend bool operator==(const StepValue&, const StepValue&) = default;
};

struct Step {
  // e.g. "convergence"; unique within an explanation.
  std::string step;
  std::string title;
  // The formula in words and symbols.
  std::string formula;
  // Where the formula comes from.
  std::string source;
  std::vector<StepValue> inputs;
  StepValue result;
  // The result in a sentence.
  std::string sentence;
};

struct Explanation {
  IcbCode icb;
  std::string icb_name;
  std::string stream;
  FinancialYear financial_year;
  // The ICB's lines, by component in the policy's order, then as given.
  std::vector<BaselineLine> baseline_lines;
  std::vector<Step> steps;
};

// Explains what Allocate(inputs) gives the ICB. NOT_FOUND (ICB_NOT_FOUND) when it has no part in
// the inputs; otherwise the errors of Allocate.
absl::StatusOr<Explanation> Explain(const InputSet& inputs, const IcbCode& icb);

// "£557,916,000.00"; "-£29,623.50".
std::string PoundsInWords(Pence amount);
// 0.0528 -> "5.28%"; "-5.065%": up to four decimals, trailing zeros removed but for two.
std::string PercentInWords(double ratio);

}  // namespace specom::finance
