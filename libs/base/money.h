// Money in whole pence: checked sums, named roundings, and pots that split without remainder.
#pragma once

#include <compare>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"

namespace specom {

// An amount of whole pence, positive or negative, up to about £92,000,000bn.
class Pence {
 public:
  constexpr Pence() = default;
  constexpr explicit Pence(std::int64_t pence) : pence_(pence) {}

  // Parses pounds with at most two decimals, e.g. "-1234.5", without separators or signs of
  // currency. INVALID_ARGUMENT says what is wrong.
  static absl::StatusOr<Pence> ParsePounds(std::string_view text);

  constexpr std::int64_t value() const { return pence_; }
  // "1234.50", "-0.01"
  std::string ToPounds() const;

  friend constexpr auto operator<=>(Pence, Pence) = default;
  friend constexpr Pence operator-(Pence a) { return Pence(-a.pence_); }
  friend std::ostream& operator<<(std::ostream& out, Pence p) { return out << "£" << p.ToPounds(); }

 private:
  std::int64_t pence_ = 0;
};

// OUT_OF_RANGE when the result does not fit.
absl::StatusOr<Pence> Add(Pence a, Pence b);
absl::StatusOr<Pence> Subtract(Pence a, Pence b);

// A running total of amounts that cannot overflow: 128 bits.
class PenceSum {
 public:
  void Add(Pence p) { sum_ += p.value(); }
  // OUT_OF_RANGE when the total does not fit an amount.
  absl::StatusOr<Pence> Total() const;
  double AsDouble() const { return static_cast<double>(sum_); }

 private:
  absl::int128 sum_ = 0;
};

// Rounds a number of pence to a multiple of unit_pence (at least 1), halves away from zero, as
// spreadsheets' ROUND does. OUT_OF_RANGE when it does not fit or is not finite.
absl::StatusOr<Pence> RoundHalfAwayFromZero(double pence, std::int64_t unit_pence);

// amount * numerator / denominator with a 128-bit intermediate, halves away from zero.
// INVALID_ARGUMENT when denominator is not positive; OUT_OF_RANGE when the result does not fit.
absl::StatusOr<Pence> MulDivHalfAwayFromZero(Pence amount, std::int64_t numerator, std::int64_t denominator);

// Splits the pot in proportion to the weights (each >= 0, at least one > 0) so that the parts add
// up to the pot to the penny: each gets the whole pence below its exact part, and the pence left
// over go to the largest remainders, ties to the earlier one (the largest remainder method).
// INVALID_ARGUMENT when the weights cannot split anything.
absl::StatusOr<std::vector<Pence>> SplitByLargestRemainder(Pence pot, std::span<const std::int64_t> weights);

}  // namespace specom
