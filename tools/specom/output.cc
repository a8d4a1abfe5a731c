#include "tools/specom/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/base/check.h"
#include "libs/base/csv.h"

namespace specom::cli {
namespace {

constexpr std::size_t kWidestText = 34;

std::string PlainRatio(double ratio) {
  std::string text = absl::StrFormat("%.12f", ratio);
  return text == "-0.000000000000" ? text.substr(1) : text;
}

std::string WithThousandsSeparators(std::int64_t number) {
  std::string digits = absl::StrCat(number < 0 ? -number : number);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return number < 0 ? "-" + digits : digits;
}

std::string Thousands(Pence pence) {
  // Nearest whole thousand pounds, halves away from zero.
  std::int64_t magnitude = pence.value() < 0 ? -pence.value() : pence.value();
  std::int64_t thousands = (magnitude + 50'000) / 100'000;
  return WithThousandsSeparators(pence.value() < 0 ? -thousands : thousands);
}

std::string CsvText(const Cell& cell) {
  struct Visitor {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(Pence pence) const { return pence.ToPounds(); }
    std::string operator()(Ratio ratio) const { return PlainRatio(ratio.value); }
    std::string operator()(std::int64_t number) const { return absl::StrCat(number); }
    std::string operator()(bool yes) const { return yes ? "true" : "false"; }
  };
  return std::visit(Visitor{}, cell);
}

std::string TerminalText(const Cell& cell) {
  struct Visitor {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(Pence pence) const { return Thousands(pence); }
    std::string operator()(Ratio ratio) const { return SignedPercent(ratio.value); }
    std::string operator()(std::int64_t number) const { return WithThousandsSeparators(number); }
    std::string operator()(bool yes) const { return yes ? "yes" : "no"; }
  };
  return std::visit(Visitor{}, cell);
}

nlohmann::ordered_json JsonValue(const Cell& cell) {
  struct Visitor {
    nlohmann::ordered_json operator()(std::monostate) const { return nullptr; }
    nlohmann::ordered_json operator()(const std::string& text) const { return text; }
    nlohmann::ordered_json operator()(Pence pence) const { return pence.ToPounds(); }
    nlohmann::ordered_json operator()(Ratio ratio) const { return ratio.value; }
    nlohmann::ordered_json operator()(std::int64_t number) const { return number; }
    nlohmann::ordered_json operator()(bool yes) const { return yes; }
  };
  return std::visit(Visitor{}, cell);
}

bool AlignsRight(const Cell& cell) {
  return std::holds_alternative<Pence>(cell) || std::holds_alternative<Ratio>(cell) ||
         std::holds_alternative<std::int64_t>(cell);
}

// Cuts at a whole character and marks the cut.
std::string Shorten(const std::string& text, std::size_t width) {
  if (DisplayWidth(text) <= width) return text;
  std::string cut;
  std::size_t shown = 0;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t next = i + 1;
    while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0) == 0x80) ++next;
    if (shown + 2 > width) break;
    cut.append(text, i, next - i);
    ++shown;
    i = next;
  }
  return cut + "…";
}

std::string Pad(const std::string& text, std::size_t width, bool right) {
  std::size_t used = DisplayWidth(text);
  std::string blanks(width > used ? width - used : 0, ' ');
  return right ? blanks + text : text + blanks;
}

}  // namespace

Cell MoneyCell(std::optional<std::int64_t> pence) {
  return pence ? Cell(Pence(*pence)) : Cell();
}
Cell RatioCell(std::optional<double> ratio) {
  return ratio ? Cell(Ratio{*ratio}) : Cell();
}

std::string Pounds(Pence pence) {
  std::string text = pence.ToPounds();
  bool negative = text.starts_with("-");
  if (negative) text.erase(0, 1);
  for (int at = static_cast<int>(text.find('.')) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return (negative ? "-£" : "£") + text;
}

std::string SignedPercent(double ratio) {
  std::string text = absl::StrFormat("%+.2f%%", ratio * 100);
  return text == "+0.00%" || text == "-0.00%" ? "0.00%" : text;
}

int TerminalWidth() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  if (const char* columns = std::getenv("COLUMNS"); columns != nullptr && std::atoi(columns) > 20) {
    return std::atoi(columns);
  }
  return 120;
}

std::size_t DisplayWidth(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void Table::AddRow(std::vector<Cell> cells) {
  SPECOM_CHECK(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

void Table::Print(std::ostream& out, Format format, int width) const {
  switch (format) {
    case Format::kCsv:
      return PrintCsv(out);
    case Format::kJson:
      return PrintJson(out);
    case Format::kTable:
      return PrintTerminal(out, width);
  }
}

void Table::PrintCsv(std::ostream& out) const {
  std::string text;
  std::vector<std::string> values;
  for (const auto& column : columns_) values.push_back(column.key);
  AppendCsvLine(text, values);
  for (const auto& row : rows_) {
    values.clear();
    for (const auto& cell : row) values.push_back(CsvText(cell));
    AppendCsvLine(text, values);
  }
  out << text;
}

void Table::PrintJson(std::ostream& out) const {
  auto json = nlohmann::ordered_json::array();
  for (const auto& row : rows_) {
    auto object = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < columns_.size(); ++i) object[columns_[i].key] = JsonValue(row[i]);
    json.push_back(std::move(object));
  }
  out << json.dump(2) << "\n";
}

void Table::PrintTerminal(std::ostream& out, int width) const {
  std::vector<std::size_t> widths(columns_.size());
  std::vector<std::size_t> natural(columns_.size());
  std::vector<bool> right(columns_.size(), false);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    widths[i] = DisplayWidth(columns_[i].title);
    for (const auto& row : rows_) {
      natural[i] = std::max({natural[i], widths[i], DisplayWidth(TerminalText(row[i]))});
      right[i] = right[i] || AlignsRight(row[i]);
    }
    natural[i] = std::max(natural[i], widths[i]);
    widths[i] = std::max(widths[i], std::min(natural[i], kWidestText));
  }
  std::vector<std::size_t> by_rank;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].rank >= 0) by_rank.push_back(i);
  }
  std::stable_sort(by_rank.begin(), by_rank.end(),
                   [&](std::size_t a, std::size_t b) { return columns_[a].rank < columns_[b].rank; });
  std::vector<bool> shown(columns_.size(), false);
  std::size_t used = 0;
  std::size_t hidden = 0;
  for (std::size_t i : by_rank) {
    if (columns_[i].rank > 0 && used + widths[i] + 2 > static_cast<std::size_t>(width)) {
      ++hidden;
      continue;
    }
    shown[i] = true;
    used += widths[i] + 2;
  }
  // Long text takes the room that is left.
  for (std::size_t i = 0; i < columns_.size() && used < static_cast<std::size_t>(width); ++i) {
    if (!shown[i]) continue;
    std::size_t more = std::min(natural[i] - widths[i], static_cast<std::size_t>(width) - used);
    widths[i] += more;
    used += more;
  }
  auto line = [&](auto text_of) {
    std::string text;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!shown[i]) continue;
      if (!text.empty()) text += "  ";
      text += Pad(Shorten(text_of(i), widths[i]), widths[i], right[i]);
    }
    while (text.ends_with(' ')) text.pop_back();
    out << text << "\n";
  };
  line([&](std::size_t i) { return columns_[i].title; });
  line([&](std::size_t i) {
    std::string rule;
    for (std::size_t n = 0; n < widths[i]; ++n) rule += "─";
    return rule;
  });
  for (const auto& row : rows_) {
    line([&](std::size_t i) { return TerminalText(row[i]); });
  }
  if (hidden > 0) {
    out << "(" << hidden << (hidden == 1 ? " column" : " columns")
        << " had no room; a wider terminal or --format csv shows them)\n";
  }
}

}  // namespace specom::cli
