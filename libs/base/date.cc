#include "libs/base/date.h"

#include <charconv>

#include "absl/strings/str_format.h"

namespace specom {
namespace {

bool ParseDigits(std::string_view text, int& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && text.find('-') == text.npos;
}

}  // namespace

absl::StatusOr<Date> Date::Make(int year, int month, int day) {
  std::chrono::year_month_day ymd{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                  std::chrono::day(static_cast<unsigned>(day))};
  // The calendar keeps months and days in a byte each: 257 would be 1.
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31 || !ymd.ok()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%04d-%02d-%02d is not a day of the calendar", year, month, day));
  }
  return Date(static_cast<int>(std::chrono::sys_days(ymd).time_since_epoch().count()));
}

absl::StatusOr<Date> Date::Parse(std::string_view text) {
  int year = 0, month = 0, day = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' || !ParseDigits(text.substr(0, 4), year) ||
      !ParseDigits(text.substr(5, 2), month) || !ParseDigits(text.substr(8, 2), day)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("\"%s\" is not a date; write it as YYYY-MM-DD, e.g. 2025-04-01", std::string(text)));
  }
  return Make(year, month, day);
}

Date Date::InLondon(absl::Time time) {
  static const absl::TimeZone london = [] {
    absl::TimeZone zone;
    return absl::LoadTimeZone("Europe/London", &zone) ? zone : absl::UTCTimeZone();
  }();
  absl::CivilDay day = absl::ToCivilDay(time, london);
  return Date(static_cast<int>(day - absl::CivilDay(1970, 1, 1)));
}

Date Date::Plus(int days) const {
  return Date(days_ + days);
}

absl::Time Date::StartOfDayUtc() const {
  return absl::FromCivil(absl::CivilDay(year(), month(), day()), absl::UTCTimeZone());
}

std::string Date::ToString() const {
  constexpr auto kWrite = [](std::string& text, std::size_t last, int digits, int number) {
    for (; digits > 0; --digits, --last, number /= 10) text[last] = static_cast<char>('0' + number % 10);
  };
  std::string text = "0000-00-00";
  kWrite(text, 3, 4, year());
  kWrite(text, 6, 2, month());
  kWrite(text, 9, 2, day());
  return text;
}

}  // namespace specom
