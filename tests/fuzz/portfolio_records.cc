// Files of registry records: either problems, or records that are the same after they were written and read
// again, and that an empty registry can plan and check.
#include <span>

#include "services/portfolio/domain/record_columns.h"
#include "services/portfolio/domain/record_files.h"
#include "tests/fuzz/fuzz.h"

namespace specom::fuzz {
namespace {

using portfolio::ParsedFiles;
using portfolio::RecordFile;
using portfolio::Records;

// One file for each kind, in the order of RecordFileNames.
std::vector<RecordFile> Write(const Records& records) {
  std::vector<RecordFile> files;
  Records::ForEachKind(records, [&]<class T>(const std::vector<portfolio::Record<T>>& list) {
    RecordFile file = {portfolio::RecordFileNames()[files.size()], ""};
    const std::vector<std::string>& names = portfolio::ColumnNames<T>();
    AppendCsvLine(file.content, names);
    for (const auto& record : list) {
      const portfolio::Columns columns = portfolio::ToColumns(record);
      std::vector<std::string> values;
      for (const std::string& name : names) values.push_back(columns.at(name));
      AppendCsvLine(file.content, values);
    }
    files.push_back(std::move(file));
  });
  return files;
}

std::string Text(const std::vector<RecordFile>& files) {
  std::string text;
  for (const RecordFile& file : files) text += file.name + "\n" + file.content;
  return text;
}

}  // namespace

void Examine(std::string_view input) {
  std::vector<RecordFile> files;
  for (Section& section : Sections(input)) files.push_back({section.name, std::move(section.text)});
  std::vector<FileProblem> problems;
  const ParsedFiles parsed = portfolio::ParseRecordFiles(files, problems);
  for (const FileProblem& problem : problems) Require(!ToString(problem).empty(), "a problem has words");
  if (!problems.empty()) return;

  const std::vector<RecordFile> written = Write(parsed.records);
  const ParsedFiles again = portfolio::ParseRecordFiles(written, problems);
  Require(problems.empty(), "what was written can be read");
  Require(Text(Write(again.records)) == Text(written), "records are read as they were written");

  const auto empty = portfolio::Registry::Build({}, 0, absl::InfinitePast());
  portfolio::ImportPlan plan = portfolio::PlanImport(*empty, parsed.records, std::nullopt);
  Require(plan.added + plan.unchanged + plan.superseded == static_cast<int>(parsed.records.size()),
          "every record is accounted for");
  const absl::Time now = absl::FromUnixSeconds(1'774'000'000);
  const auto after = portfolio::Registry::Build(std::move(plan.records), 1, now);
  portfolio::CheckReferences(parsed, *after, Date::InLondon(now), problems);
}

}  // namespace specom::fuzz
