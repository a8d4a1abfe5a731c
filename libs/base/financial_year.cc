#include "libs/base/financial_year.h"

#include <cctype>

#include "absl/strings/str_format.h"

namespace specom {

absl::StatusOr<FinancialYear> FinancialYear::Parse(std::string_view text) {
  auto digit = [&](std::size_t i) { return text[i] - '0'; };
  bool shaped = text.size() == 7 && text[4] == '/';
  for (std::size_t i : {0, 1, 2, 3, 5, 6}) shaped = shaped && text[i] >= '0' && text[i] <= '9';
  if (shaped) {
    int start = digit(0) * 1000 + digit(1) * 100 + digit(2) * 10 + digit(3);
    if (start >= 1948 && start < 9999 && digit(5) * 10 + digit(6) == (start + 1) % 100) {
      return FinancialYear(start);
    }
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("\"%s\" is not a financial year; write two years that follow each other, e.g. 2025/26",
                      std::string(text)));
}

FinancialYear FinancialYear::Of(Date date) {
  return FinancialYear(date.month() >= 4 ? date.year() : date.year() - 1);
}

std::string FinancialYear::ToString() const {
  return absl::StrFormat("%04d/%02d", start_year_, (start_year_ + 1) % 100);
}

std::string FinancialYear::ToSlug() const {
  return absl::StrFormat("%04d-%02d", start_year_, (start_year_ + 1) % 100);
}

}  // namespace specom
