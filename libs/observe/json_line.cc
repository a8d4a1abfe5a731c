#include "libs/observe/json_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "libs/base/check.h"

namespace specom::observe {
namespace {

std::string& ThreadBuffer() {
  thread_local std::string buffer;
  return buffer;
}

bool NeedsNoEscapes(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

template <class Number>
void AppendNumber(std::string& text, Number number) {
  std::array<char, 32> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  SPECOM_CHECK(error == std::errc());
  text.append(digits.data(), end);
}

// "2025-04-01T08:00:00"; made anew once a second.
std::string_view UpToSecond(std::int64_t second) {
  thread_local std::int64_t made_for = std::numeric_limits<std::int64_t>::min();
  thread_local std::string made;
  if (made_for != second) {
    made = absl::FormatTime("%Y-%m-%dT%H:%M:%S", absl::FromUnixSeconds(second), absl::UTCTimeZone());
    made_for = second;
  }
  return made;
}

}  // namespace

JsonLine::JsonLine() : text_(ThreadBuffer()) {
  text_.clear();
}

void JsonLine::Key(std::string_view key) {
  text_ += text_.empty() ? '{' : ',';
  text_.append("\"").append(key).append("\":");
}

JsonLine& JsonLine::Add(std::string_view key, std::string_view text) {
  Key(key);
  if (NeedsNoEscapes(text)) {
    text_.append("\"").append(text).append("\"");
  } else {
    // A value that is not UTF-8 is shown with replacement characters; it must not lose the line.
    text_ += nlohmann::json(std::string(text))
                 .dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace);
  }
  return *this;
}

JsonLine& JsonLine::Add(std::string_view key, std::int64_t number) {
  Key(key);
  AppendNumber(text_, number);
  return *this;
}

JsonLine& JsonLine::Add(std::string_view key, double number) {
  Key(key);
  if (std::isfinite(number)) {
    AppendNumber(text_, number);
  } else {
    text_ += "null";
  }
  return *this;
}

JsonLine& JsonLine::Add(std::string_view key, bool fact) {
  Key(key);
  text_ += fact ? "true" : "false";
  return *this;
}

JsonLine& JsonLine::Add(std::string_view key, absl::Time time) {
  Key(key);
  const std::int64_t second = absl::ToUnixSeconds(time);
  std::int64_t micros = absl::ToInt64Microseconds(time - absl::FromUnixSeconds(second));
  std::array<char, 6> digits;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, micros /= 10) {
    *digit = static_cast<char>('0' + micros % 10);
  }
  text_.append("\"")
      .append(UpToSecond(second))
      .append(".")
      .append(digits.data(), digits.size())
      .append("Z\"");
  return *this;
}

std::string_view JsonLine::Done() {
  if (text_.empty()) text_ += '{';
  text_ += '}';
  return text_;
}

}  // namespace specom::observe
