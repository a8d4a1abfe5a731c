// Looks, waits for a signal or a moment, and looks again.
#include "services/finance/app/wait_run.h"

#include <algorithm>

#include "services/finance/app/read.h"

namespace specom::finance {
namespace {

// How often runs that other processes compute are looked for.
constexpr absl::Duration kPollInterval = absl::Milliseconds(50);

}  // namespace

absl::StatusOr<Run> WaitRun::Execute(const RequestContext& context, const RunId& id, absl::Time until) {
  while (true) {
    const std::int64_t seen = signals_.Changes();
    ASSIGN_OR_RETURN(Run run, Read<Run>(store_, context, [&](store::UnitOfWork& work) {
                       return FindVisibleRun(work, runs_, context.principal, id);
                     }));
    const absl::Duration left = until - clock_.Now();
    if (IsFinished(run.state) || left <= absl::ZeroDuration() || context.Cancelled()) return run;
    signals_.WaitForChange(seen, std::min(left, kPollInterval));
  }
}

}  // namespace specom::finance
