// Reading and writing CSV files (RFC 4180), with the place of every value.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace specom {

// A rule that an input file breaks.
struct FileProblem {
  std::string file;
  // Counted from 1, the header being row 1; 0: the file as a whole.
  int row = 0;
  std::string column;
  std::string value;
  // The rule and what to do.
  std::string rule;

  friend bool operator==(const FileProblem&, const FileProblem&) = default;
};

// "baseline.csv row 3, column amount_gbp, value \"12x\": the rule"
std::string ToString(const FileProblem& problem);

// A CSV file with a header row.
class CsvTable {
 public:
  // Parses the content; what breaks the format, a required column that is missing, a column that
  // is neither required nor optional, and a row of another length are added to problems. Lines
  // that begin with "#" before the header are comments. A byte order mark is accepted.
  static CsvTable Parse(std::string_view file, std::string_view content,
                        const std::vector<std::string>& required_columns,
                        const std::vector<std::string>& optional_columns, std::vector<FileProblem>& problems);

  std::size_t size() const { return rows_.size(); }
  // The value with surrounding blanks removed; "" for an optional column that is absent.
  const std::string& At(std::size_t row, const std::string& column) const;
  bool HasColumn(const std::string& column) const { return columns_.contains(column); }
  // The row's number in the file, for messages.
  int RowNumber(std::size_t row) const { return row_numbers_[row]; }
  const std::string& file() const { return file_; }
  // A problem at a place in this table.
  FileProblem ProblemAt(std::size_t row, const std::string& column, std::string rule) const;

 private:
  std::string file_;
  std::map<std::string, std::size_t> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<int> row_numbers_;
};

// Appends one line, quoting what needs it.
void AppendCsvLine(std::string& out, const std::vector<std::string>& values);

}  // namespace specom
