// Imports registry records from CSV files, all or nothing.
#pragma once

#include <vector>

#include "services/portfolio/app/live_registry.h"
#include "services/portfolio/domain/record_files.h"

namespace specom::portfolio {

struct ImportRecordsCommand {
  std::vector<RecordFile> files;
  bool validate_only = false;
};

struct ImportCounts {
  int added = 0;
  int unchanged = 0;
  int superseded = 0;
};

class ImportRecords {
 public:
  ImportRecords(store::Store& store, LiveRegistry& live, std::function<void()> recorded)
      : store_(store), live_(live), recorded_(std::move(recorded)) {}

  // INVALID_ARGUMENT/INVALID_FIELDS with every problem of the files, each with file, row, column,
  // value and rule.
  absl::StatusOr<ImportCounts> Execute(const RequestContext& context, const ImportRecordsCommand& command);

 private:
  store::Store& store_;
  LiveRegistry& live_;
  std::function<void()> recorded_;
};

}  // namespace specom::portfolio
