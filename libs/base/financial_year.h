// A financial year of the NHS: 1 April to 31 March.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "libs/base/date.h"

namespace specom {

class FinancialYear {
 public:
  // 1970/71.
  FinancialYear() = default;

  // Parses "2025/26"; INVALID_ARGUMENT when the two halves do not follow each other.
  static absl::StatusOr<FinancialYear> Parse(std::string_view text);
  // The year that the date falls in.
  static FinancialYear Of(Date date);

  int start_year() const { return start_year_; }
  Date FirstDay() const { return Date::Make(start_year_, 4, 1).value(); }
  Date LastDay() const { return Date::Make(start_year_ + 1, 3, 31).value(); }
  FinancialYear Plus(int years) const { return FinancialYear(start_year_ + years); }
  // "2025/26"
  std::string ToString() const;
  // "2025-26", for resource names.
  std::string ToSlug() const;

  friend auto operator<=>(FinancialYear, FinancialYear) = default;

 private:
  explicit FinancialYear(int start_year) : start_year_(start_year) {}
  int start_year_ = 1970;
};

}  // namespace specom
