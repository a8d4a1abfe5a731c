// CSV files: either problems, or a table that is the same after it was written and read again.
#include "libs/base/csv.h"

#include "tests/fuzz/fuzz.h"

namespace specom::fuzz {

void Examine(std::string_view input) {
  const std::vector<std::string> columns = {"icb", "amount", "note"};
  std::vector<FileProblem> problems;
  const CsvTable table = CsvTable::Parse("fuzz.csv", input, {"icb", "amount"}, {"note"}, problems);
  for (const FileProblem& problem : problems) {
    Require(!ToString(problem).empty() && problem.row >= 0, "a problem has words and a place");
  }
  std::string written;
  AppendCsvLine(written, columns);
  for (std::size_t row = 0; row < table.size(); ++row) {
    std::vector<std::string> values;
    for (const std::string& column : columns) values.push_back(table.At(row, column));
    AppendCsvLine(written, values);
    table.ProblemAt(row, "amount", "is looked at");
  }
  if (!problems.empty()) return;
  const CsvTable again = CsvTable::Parse("fuzz.csv", written, columns, {}, problems);
  Require(problems.empty(), "what was written can be read");
  Require(again.size() == table.size(), "no row is lost or added");
  for (std::size_t row = 0; row < table.size(); ++row) {
    for (const std::string& column : columns) {
      Require(again.At(row, column) == table.At(row, column), "a value is read as it was written");
    }
  }
}

}  // namespace specom::fuzz
