// What finance has stored, read row by row for the judge.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/store/store.h"
#include "tests/crash/simulation/life_cycle_model.h"

namespace specom::crash {

struct StoredState {
  // Without holders.
  std::map<std::string, ModelRun> runs;
  // Events that are not numbered 1, 2, 3 … within their run.
  std::vector<std::string> gaps;
};
absl::StatusOr<StoredState> ReadStoredState(store::Store& store);

struct StoredRecord {
  // "user action resource", in the order of the chain; of people and workers.
  std::vector<std::string> audit;
  std::vector<std::string> audit_faults;
  std::size_t outcomes = 0;
};
absl::StatusOr<StoredRecord> ReadStoredRecord(store::Store& store);

}  // namespace specom::crash
