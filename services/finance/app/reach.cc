#include "services/finance/app/reach.h"

#include "services/finance/app/read.h"

namespace specom::finance {

absl::Status Reach::Execute(const RequestContext& context, const Principal& caller, const RunId& id) {
  return Read<Run>(store_, context,
                   [&](store::UnitOfWork& work) { return FindVisibleRun(work, runs_, caller, id); })
      .status();
}

absl::Status Reach::Execute(const RequestContext& context, const Principal& caller, const InputSetId& id) {
  return Read<InputSetRecord>(
             store_, context,
             [&](store::UnitOfWork& work) { return FindVisibleInputSet(work, inputs_, caller, id); })
      .status();
}

}  // namespace specom::finance
