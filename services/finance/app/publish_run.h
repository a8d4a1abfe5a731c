// Publishes an approved run; the one of the same stream and year that was published before is
// superseded in the same transaction.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "services/finance/app/ports.h"

namespace specom::finance {

struct PublishRunCommand {
  RunId run;
  // Of the run as the publisher saw it.
  std::string etag;
  // Every check, and nothing is stored.
  bool validate_only = false;
};

class PublishRun {
 public:
  PublishRun(store::Store& store, RunRepository& runs, RunEvents& events, const Clock& clock)
      : store_(store), runs_(runs), events_(events), clock_(clock) {}

  // The errors of FindVisibleRun, then of domain Publish.
  absl::StatusOr<Run> Execute(const RequestContext& context, const PublishRunCommand& command);

 private:
  struct Decision {
    Run before;
    Run published;
  };
  absl::StatusOr<Decision> Decide(store::UnitOfWork& work, const RequestContext& context,
                                  const PublishRunCommand& command);
  absl::Status SupersedeEarlier(store::UnitOfWork& work, const RequestContext& context, const Run& published);

  store::Store& store_;
  RunRepository& runs_;
  RunEvents& events_;
  const Clock& clock_;
};

}  // namespace specom::finance
