// Imports the files of an input folder, all or nothing. The same content gives the same input set.
#pragma once

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "services/finance/app/ports.h"

namespace specom::finance {

struct ImportInputsCommand {
  InputFiles files;
  // Every check, and nothing is stored.
  bool validate_only = false;
};

// The record of inputs that are not stored yet. Errors: those of ChainBaseline.
absl::StatusOr<InputSetRecord> RecordOf(const InputSet& inputs, std::string_view created_by, absl::Time now,
                                        bool reference);

class ImportInputs {
 public:
  ImportInputs(store::Store& store, const InputReader& reader, InputSetRepository& inputs, const Clock& clock)
      : store_(store), reader_(reader), inputs_(inputs), clock_(clock) {}

  // INVALID_ARGUMENT/INVALID_FIELDS with every problem of the files, each with file, row, column,
  // value and rule.
  absl::StatusOr<InputSetRecord> Execute(const RequestContext& context, const ImportInputsCommand& command);

 private:
  store::Store& store_;
  const InputReader& reader_;
  InputSetRepository& inputs_;
  const Clock& clock_;
};

}  // namespace specom::finance
