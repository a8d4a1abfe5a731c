// What the allocation commands share: the run they are about.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/date.h"
#include "specom/finance/v1/finance_service.pb.h"
#include "tools/specom/session.h"

namespace CLI {
class App;
}

namespace specom::cli {

// Which run: the reference inputs of a stream and year, a folder of inputs, or a run by name.
struct RunChoice {
  std::string stream = "specialised";
  std::string year = "2025/26";
  // Said by the user; inputs must then be for them. Otherwise the inputs' policy says what they are for.
  bool stream_named = false;
  bool year_named = false;
  std::string inputs;
  std::string run;
};

// Adds --stream, --year, --inputs and --run to a command.
void AddRunChoice(CLI::App& command, RunChoice& choice);

// Imports the inputs where a folder is given, starts the run or finds the one that has the same
// inputs, and waits for it with a progress bar. Problems in input files are printed one a line; the
// status then says how many there were.
absl::StatusOr<finance::v1::Run> ComputedRun(Session& session, const RunChoice& choice);

// Every allocation of the run at that level, by code; on the ICBs of a date, where one is given.
absl::StatusOr<std::vector<finance::v1::Allocation>> Allocations(
    Session& session, const std::string& run, finance::v1::AllocationLevel level,
    const std::optional<Date>& footprint = std::nullopt);

// "runs/…" also for a bare id.
std::string RunName(const std::string& text);

}  // namespace specom::cli
