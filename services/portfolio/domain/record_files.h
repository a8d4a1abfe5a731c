// Registry records in CSV files: reading them with every error at once, and what they change.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/csv.h"
#include "services/portfolio/domain/registry.h"

namespace specom::portfolio {

struct RecordFile {
  std::string name;
  std::string content;
};

// "organisations.csv", "successions.csv", … in the order of Records.
const std::vector<std::string>& RecordFileNames();

struct ParsedFiles {
  Records records;
  // By file name: the row of each record, in the order of its list.
  std::map<std::string, std::vector<int>, std::less<>> rows;
};

// Reads the files. A file of another name, a file that stands twice, values that cannot be read and
// records that stand twice are added to the problems.
ParsedFiles ParseRecordFiles(std::span<const RecordFile> files, std::vector<FileProblem>& problems);

// What an import would do to the registry.
struct ImportPlan {
  // New records with their versions; recorded_at is that of the plan.
  Records records;
  int added = 0;
  int unchanged = 0;
  int superseded = 0;
};

// Compares with what is known now. A record is told by its id and first day (a decision by its id):
// equal to the known one, it is left out; different, it supersedes it. recorded_at absent, for a
// registry without records: the first day of each, and of a decision the day on which it was taken.
// keep_corrected: leaves alone what was corrected since it was first recorded.
ImportPlan PlanImport(const Registry& registry, const Records& records, std::optional<absl::Time> recorded_at,
                      bool keep_corrected = false);

// Checks that what the records refer to is known to `after`, the registry with the plan in it, that
// parts of a succession add up to 1, and the rules of decisions.
void CheckReferences(const ParsedFiles& parsed, const Registry& after, Date today,
                     std::vector<FileProblem>& problems);

}  // namespace specom::portfolio
