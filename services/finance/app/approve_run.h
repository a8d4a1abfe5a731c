// Approves a computed run. The approver is never its author.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "services/finance/app/ports.h"

namespace specom::finance {

struct ApproveRunCommand {
  RunId run;
  // Of the run as the approver saw it.
  std::string etag;
  std::string note;
  // Every check, and nothing is stored.
  bool validate_only = false;
};

class ApproveRun {
 public:
  ApproveRun(store::Store& store, RunRepository& runs, RunEvents& events, const Clock& clock)
      : store_(store), runs_(runs), events_(events), clock_(clock) {}

  // The errors of FindVisibleRun, then of domain Approve.
  absl::StatusOr<Run> Execute(const RequestContext& context, const ApproveRunCommand& command);

 private:
  struct Decision {
    Run before;
    Run approved;
  };
  absl::StatusOr<Decision> Decide(store::UnitOfWork& work, const RequestContext& context,
                                  const ApproveRunCommand& command);

  store::Store& store_;
  RunRepository& runs_;
  RunEvents& events_;
  const Clock& clock_;
};

}  // namespace specom::finance
