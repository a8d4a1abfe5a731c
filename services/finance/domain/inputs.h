// What an allocation starts from: a policy, the baseline ledger and need, and the digest that
// names them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/id.h"
#include "libs/base/money.h"
#include "services/finance/domain/policy.h"

namespace specom::finance {

// One line of the baseline ledger: why this money is in this ICB's baseline.
struct BaselineLine {
  IcbCode icb;
  std::string component;
  std::string reason;
  // May be negative.
  Pence amount;

  friend bool operator==(const BaselineLine&, const BaselineLine&) = default;
};

// An ICB, where it is, and its need.
struct NeedRow {
  IcbCode icb;
  std::string name;
  RegionCode region;
  // The region's code where no name is given.
  std::string region_name;
  // Registered persons, an average over months and so not whole; above 0.
  std::optional<double> population;
  // Weights of any unit, or pounds when the policy's target basis is kGiven; above 0. Absent where
  // the stream has no target. Closing need absent: the opening share holds in the closing year.
  std::optional<double> opening_need;
  std::optional<double> closing_need;

  friend bool operator==(const NeedRow&, const NeedRow&) = default;
};

// Immutable once imported.
struct InputSet {
  AllocationPolicy policy;
  std::vector<BaselineLine> baseline;
  std::vector<NeedRow> need;

  friend bool operator==(const InputSet&, const InputSet&) = default;
};

// The part of the inputs that a problem is in.
enum class InputPart { kPolicy, kBaseline, kNeed };

// A rule that inputs break.
struct InputIssue {
  InputPart part = InputPart::kPolicy;
  // Index into baseline or need; absent: the part as a whole.
  std::optional<std::size_t> row;
  // The column of the file, or the path in the policy.
  std::string field;
  std::string value;
  // The rule and what to do.
  std::string rule;
  // True for what was found by looking at all rows together: it means nothing while rows are
  // missing because they could not be read.
  bool needs_every_row = false;

  friend bool operator==(const InputIssue&, const InputIssue&) = default;
};

// True for the shape of an ICB's ODS code: "Q" and two letters or digits.
bool IsIcbCode(std::string_view text);
// True for the shape of a region's ODS code: "Y" and two digits.
bool IsRegionCode(std::string_view text);

// Every rule that the inputs break, all at once: the policy's own (CheckPolicy); ICB and region
// codes, duplicates and contradictions; ICBs in one part and not in the other; components that the
// policy does not name or that no line has; need that is missing, not positive or not finite;
// baselines in the chain that are not positive; regional rates that are missing; amounts beyond
// what can be held. Empty: the inputs can be run.
std::vector<InputIssue> CheckInputs(const InputSet& inputs);

// SHA-256 over the canonical bytes of the inputs, 64 hexadecimal digits. The order of rows
// and of regional rates makes no difference; every value does.
std::string InputDigest(const InputSet& inputs);

// Sum of the lines whose component is in the chain. OUT_OF_RANGE when it does not fit.
absl::StatusOr<Pence> ChainBaseline(const InputSet& inputs);

}  // namespace specom::finance
