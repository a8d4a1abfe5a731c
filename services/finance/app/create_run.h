// Starts an allocation run. The same inputs give the same run: a repeat returns the first one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "services/finance/app/ports.h"
#include "services/finance/app/reference_inputs.h"

namespace specom::finance {

struct CreateRunCommand {
  // Absent: the reference inputs of stream and year.
  std::optional<InputSetId> input_set = std::nullopt;
  std::string stream = {};
  FinancialYear year = {};
  // Every check, and nothing is stored.
  bool validate_only = false;
};

class CreateRun {
 public:
  // on_requested: called after a job was committed, so that it is carried to a worker at once.
  CreateRun(store::Store& store, RunRepository& runs, InputSetRepository& inputs, ReferenceInputs& reference,
            RunEvents& events, const Clock& clock, std::function<void()> on_requested)
      : store_(store),
        runs_(runs),
        inputs_(inputs),
        reference_(reference),
        events_(events),
        clock_(clock),
        on_requested_(std::move(on_requested)) {}

  // A run that failed is queued again; any other that exists is returned as it is, and its
  // organisation may see it from now on. The errors of FindVisibleInputSet; NOT_FOUND/
  // NO_REFERENCE_INPUTS.
  absl::StatusOr<Run> Execute(const RequestContext& context, const CreateRunCommand& command);

 private:
  // What a validate_only call returns.
  absl::StatusOr<Run> Preview(const RequestContext& context, const CreateRunCommand& command);
  Run RunOn(const RequestContext& context, const InputSetRecord& input_set) const;

  store::Store& store_;
  RunRepository& runs_;
  InputSetRepository& inputs_;
  ReferenceInputs& reference_;
  RunEvents& events_;
  const Clock& clock_;
  const std::function<void()> on_requested_;
};

}  // namespace specom::finance
