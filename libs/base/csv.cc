#include "libs/base/csv.h"

#include <csv.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace specom {
namespace {

const std::string kEmpty;

struct Collector {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> current;

  static void Field(void* data, std::size_t size, void* self) {
    std::string value(static_cast<const char*>(data), size);
    absl::StripAsciiWhitespace(&value);
    static_cast<Collector*>(self)->current.push_back(std::move(value));
  }
  static void Row(int /*terminator*/, void* self) {
    auto* collector = static_cast<Collector*>(self);
    collector->rows.push_back(std::move(collector->current));
    collector->current.clear();
  }
};

bool Contains(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Removes comment lines before the header; says how many lines that were.
int SkipComments(std::string_view& content) {
  int lines = 0;
  while (content.starts_with("#")) {
    auto end = content.find('\n');
    content.remove_prefix(end == content.npos ? content.size() : end + 1);
    ++lines;
  }
  return lines;
}

}  // namespace

std::string ToString(const FileProblem& problem) {
  std::string place = problem.file;
  if (problem.row > 0) absl::StrAppend(&place, " row ", problem.row);
  if (!problem.column.empty()) absl::StrAppend(&place, ", column ", problem.column);
  if (!problem.value.empty()) absl::StrAppend(&place, ", value \"", problem.value, "\"");
  return absl::StrCat(place, ": ", problem.rule);
}

CsvTable CsvTable::Parse(std::string_view file, std::string_view content,
                         const std::vector<std::string>& required_columns,
                         const std::vector<std::string>& optional_columns,
                         std::vector<FileProblem>& problems) {
  CsvTable table;
  table.file_ = std::string(file);
  auto problem = [&](int row, std::string column, std::string value, std::string rule) {
    problems.push_back({table.file_, row, std::move(column), std::move(value), std::move(rule)});
  };
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  if (content.find('\0') != content.npos) {
    problem(0, "", "", "the file holds a NUL byte; save it as CSV in UTF-8");
    return table;
  }
  // One line end: the parser would count "\r\n" as two.
  std::string text = absl::StrReplaceAll({content.data(), content.size()}, {{"\r\n", "\n"}});
  content = text;
  int comment_lines = SkipComments(content);

  Collector collector;
  csv_parser parser;
  csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL);
  bool parsed = csv_parse(&parser, content.data(), content.size(), Collector::Field, Collector::Row,
                          &collector) == content.size() &&
                csv_fini(&parser, Collector::Field, Collector::Row, &collector) == 0;
  std::string error = parsed ? "" : csv_strerror(csv_error(&parser));
  csv_free(&parser);
  if (!parsed) {
    problem(
        static_cast<int>(collector.rows.size()) + 1 + comment_lines, "", "",
        absl::StrCat("the row is not valid CSV (", error, "); quote a value that holds quotes or line ends"));
    return table;
  }
  if (collector.rows.empty() || collector.rows.front().empty()) {
    problem(0, "", "",
            absl::StrCat("the file is empty; it needs a header with the columns ",
                         absl::StrJoin(required_columns, ",")));
    return table;
  }

  int header_row = comment_lines + 1;
  const auto& header = collector.rows.front();
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (!Contains(required_columns, header[i]) && !Contains(optional_columns, header[i])) {
      problem(header_row, header[i], "",
              absl::StrCat("the column is not known; the columns are ", absl::StrJoin(required_columns, ","),
                           optional_columns.empty() ? "" : " and optionally ",
                           absl::StrJoin(optional_columns, ",")));
    } else if (!table.columns_.emplace(header[i], i).second) {
      problem(header_row, header[i], "", "the column stands twice in the header; remove one");
    }
  }
  for (const auto& column : required_columns) {
    if (!table.columns_.contains(column))
      problem(header_row, column, "", "the column is missing from the header");
  }
  for (std::size_t r = 1; r < collector.rows.size(); ++r) {
    auto& row = collector.rows[r];
    int number = static_cast<int>(r) + header_row;
    bool blank = std::all_of(row.begin(), row.end(), [](const std::string& v) { return v.empty(); });
    if (blank) continue;
    if (row.size() != header.size()) {
      problem(number, "", "",
              absl::StrCat("the row has ", row.size(), " values and the header ", header.size()));
      continue;
    }
    table.rows_.push_back(std::move(row));
    table.row_numbers_.push_back(number);
  }
  return table;
}

const std::string& CsvTable::At(std::size_t row, const std::string& column) const {
  auto it = columns_.find(column);
  return it == columns_.end() ? kEmpty : rows_[row][it->second];
}

FileProblem CsvTable::ProblemAt(std::size_t row, const std::string& column, std::string rule) const {
  return {file_, row_numbers_[row], column, At(row, column), std::move(rule)};
}

void AppendCsvLine(std::string& out, const std::vector<std::string>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    const std::string& value = values[i];
    if (value.find_first_of(",\"\r\n") == value.npos) {
      out += value;
      continue;
    }
    out += '"';
    for (char c : value) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  out += '\n';
}

}  // namespace specom
