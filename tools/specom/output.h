// Tables as people and programs want them: fitted to the terminal, CSV, or JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libs/base/money.h"

namespace specom::cli {

enum class Format { kTable, kCsv, kJson };

// A ratio, e.g. 0.0437.
struct Ratio {
  double value = 0;
};

// Empty, text, money, ratio, whole number, or yes/no.
using Cell = std::variant<std::monostate, std::string, Pence, Ratio, std::int64_t, bool>;

Cell MoneyCell(std::optional<std::int64_t> pence);
Cell RatioCell(std::optional<double> ratio);

struct Column {
  // The name in CSV and JSON, e.g. "baseline_gbp".
  std::string key;
  // The heading in a terminal, e.g. "Baseline £k".
  std::string title;
  // A terminal shows columns in this order of importance as far as they fit; 0 is always shown, a
  // negative one never.
  int rank = 0;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // One cell for each column.
  void AddRow(std::vector<Cell> cells);
  std::size_t size() const { return rows_.size(); }

  // CSV: money in pounds with two decimals, ratios with twelve. JSON: an array of objects, money
  // as strings so that no reader loses a penny. Terminal: money in £k, ratios in per cent, at most
  // `width` characters wide, with a note of columns that had no room.
  void Print(std::ostream& out, Format format, int width) const;

 private:
  void PrintCsv(std::ostream& out) const;
  void PrintJson(std::ostream& out) const;
  void PrintTerminal(std::ostream& out, int width) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// "-£1,234.50"
std::string Pounds(Pence pence);
// "+3.09%"; no sign for zero.
std::string SignedPercent(double ratio);
// The terminal's width, or 120 where there is none.
int TerminalWidth();
// Columns that UTF-8 text takes on a terminal, for the Latin text that specom prints.
std::size_t DisplayWidth(std::string_view text);

}  // namespace specom::cli
