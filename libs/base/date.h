// A calendar date, and spans of dates with an open end.
#pragma once

#include <chrono>
#include <compare>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace specom {

// A valid day of the proleptic Gregorian calendar, years 1 to 9999.
class Date {
 public:
  // 1 January 1970.
  Date() = default;

  // INVALID_ARGUMENT unless the three make a real day.
  static absl::StatusOr<Date> Make(int year, int month, int day);
  // Parses "2024-04-01"; INVALID_ARGUMENT says what is wrong.
  static absl::StatusOr<Date> Parse(std::string_view text);
  // The day in London at that instant.
  static Date InLondon(absl::Time time);

  int year() const { return static_cast<int>(ymd().year()); }
  int month() const { return static_cast<int>(static_cast<unsigned>(ymd().month())); }
  int day() const { return static_cast<int>(static_cast<unsigned>(ymd().day())); }
  // Days since 1 January 1970.
  int days() const { return days_; }
  Date Plus(int days) const;
  // Midnight UTC at the start of the day.
  absl::Time StartOfDayUtc() const;
  // "2024-04-01"
  std::string ToString() const;

  friend auto operator<=>(Date, Date) = default;
  friend std::ostream& operator<<(std::ostream& out, Date date) { return out << date.ToString(); }

 private:
  explicit Date(int days) : days_(days) {}
  std::chrono::year_month_day ymd() const {
    return std::chrono::year_month_day(std::chrono::sys_days(std::chrono::days(days_)));
  }
  int days_ = 0;
};

// Whole days from `from` to `to`, both included; no `to`: open.
struct DateSpan {
  Date from;
  std::optional<Date> to;

  bool Contains(Date date) const { return from <= date && (!to || date <= *to); }
  bool Overlaps(const DateSpan& other) const {
    return (!to || other.from <= *to) && (!other.to || from <= *other.to);
  }
  friend bool operator==(const DateSpan&, const DateSpan&) = default;
};

}  // namespace specom
