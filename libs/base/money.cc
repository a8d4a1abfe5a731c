#include "libs/base/money.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace specom {
namespace {

constexpr absl::int128 kMax = std::numeric_limits<std::int64_t>::max();
constexpr absl::int128 kMin = std::numeric_limits<std::int64_t>::min();

absl::StatusOr<Pence> Narrow(absl::int128 pence) {
  if (pence > kMax || pence < kMin) {
    return absl::OutOfRangeError("the amount is beyond what whole pence in 64 bits can hold");
  }
  return Pence(static_cast<std::int64_t>(pence));
}

absl::Status NotPounds(std::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", std::string(text),
                   "\" is not an amount in pounds; write digits with at most two decimals, e.g. 1234.50"));
}

}  // namespace

absl::StatusOr<Pence> Pence::ParsePounds(std::string_view text) {
  std::string_view rest = text;
  bool negative = !rest.empty() && rest.front() == '-';
  if (negative) rest.remove_prefix(1);
  auto dot = rest.find('.');
  std::string_view whole = rest.substr(0, dot);
  std::string_view decimals = dot == rest.npos ? std::string_view() : rest.substr(dot + 1);
  if (whole.empty() || decimals.size() > 2 || (dot != rest.npos && decimals.empty())) return NotPounds(text);
  absl::int128 pence = 0;
  for (char c : whole) {
    if (c < '0' || c > '9') return NotPounds(text);
    pence = pence * 10 + (c - '0');
    if (pence > kMax) return Narrow(pence).status();
  }
  for (std::size_t i = 0; i < 2; ++i) {
    char c = i < decimals.size() ? decimals[i] : '0';
    if (c < '0' || c > '9') return NotPounds(text);
    pence = pence * 10 + (c - '0');
  }
  return Narrow(negative ? -pence : pence);
}

std::string Pence::ToPounds() const {
  std::uint64_t magnitude =
      pence_ < 0 ? ~static_cast<std::uint64_t>(pence_) + 1 : static_cast<std::uint64_t>(pence_);
  return absl::StrFormat("%s%d.%02d", pence_ < 0 ? "-" : "", magnitude / 100, magnitude % 100);
}

absl::StatusOr<Pence> Add(Pence a, Pence b) {
  return Narrow(absl::int128(a.value()) + b.value());
}
absl::StatusOr<Pence> Subtract(Pence a, Pence b) {
  return Narrow(absl::int128(a.value()) - b.value());
}

absl::StatusOr<Pence> PenceSum::Total() const {
  return Narrow(sum_);
}

absl::StatusOr<Pence> RoundHalfAwayFromZero(double pence, std::int64_t unit_pence) {
  if (unit_pence < 1) return absl::InvalidArgumentError("the rounding unit must be at least one penny");
  double units = std::round(pence / static_cast<double>(unit_pence));
  // 2^63 is exact in a double; anything below it in magnitude converts without overflow.
  if (!std::isfinite(units) || std::abs(units) >= 9223372036854775808.0) {
    return absl::OutOfRangeError("the amount is beyond what whole pence in 64 bits can hold");
  }
  return Narrow(absl::int128(static_cast<std::int64_t>(units)) * unit_pence);
}

absl::StatusOr<Pence> MulDivHalfAwayFromZero(Pence amount, std::int64_t numerator, std::int64_t denominator) {
  if (denominator <= 0) return absl::InvalidArgumentError("the denominator must be positive");
  absl::int128 product = absl::int128(amount.value()) * numerator;
  absl::int128 half = denominator / 2;
  // For an odd denominator no quotient lies exactly between two integers, so floor(half) is right.
  absl::int128 adjusted = product < 0 ? product - half : product + half;
  return Narrow(adjusted / denominator);
}

absl::StatusOr<std::vector<Pence>> SplitByLargestRemainder(Pence pot, std::span<const std::int64_t> weights) {
  absl::int128 total = 0;
  for (std::int64_t weight : weights) {
    if (weight < 0)
      return absl::InvalidArgumentError("a weight is negative; a pot is split by weights of at least 0");
    total += weight;
  }
  if (total == 0)
    return absl::InvalidArgumentError("all weights are 0; a pot needs at least one that is above 0");
  bool negative = pot.value() < 0;
  absl::int128 magnitude = negative ? -absl::int128(pot.value()) : absl::int128(pot.value());
  std::vector<absl::int128> parts(weights.size()), remainders(weights.size());
  absl::int128 given = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    absl::int128 product = magnitude * weights[i];
    parts[i] = product / total;
    remainders[i] = product % total;
    given += parts[i];
  }
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
  auto left = static_cast<std::size_t>(magnitude - given);
  for (std::size_t i = 0; i < left; ++i) parts[order[i]] += 1;
  std::vector<Pence> result;
  result.reserve(parts.size());
  for (absl::int128 part : parts) result.emplace_back(static_cast<std::int64_t>(negative ? -part : part));
  return result;
}

}  // namespace specom
