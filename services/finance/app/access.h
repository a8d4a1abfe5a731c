// Who sees which input sets and runs. Drafts are seen by national teams, by auditors, by the
// organisations that brought them and by the regional team of those; what is published is seen by
// everybody who may call.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/auth/principal.h"
#include "libs/store/store.h"
#include "services/finance/domain/run.h"

namespace specom::finance {

class InputSetRepository;
class RunRepository;
struct InputSetRecord;

struct Viewer {
  bool sees_everything = false;
  // Whose drafts it reaches; empty for those who act for none.
  std::string organisation;
  // The region whose organisations' drafts it reaches as well; empty for all but regional teams.
  std::string region;
};

Viewer ViewerOf(const Principal& principal);

// What is said of "runs/{id}" or "inputSets/{id}", whether or not it exists, to one who may not see it.
absl::Status NotVisible(const std::string& name);

// The run, when the caller may see it. PERMISSION_DENIED/NOT_VISIBLE, alike for a run that does not
// exist; NOT_FOUND/RUN_NOT_FOUND only to those who see everything.
absl::StatusOr<Run> FindVisibleRun(store::UnitOfWork& work, RunRepository& runs, const Principal& caller,
                                   const RunId& id);

// Likewise, NOT_FOUND/INPUT_SET_NOT_FOUND.
absl::StatusOr<InputSetRecord> FindVisibleInputSet(store::UnitOfWork& work, InputSetRepository& inputs,
                                                   const Principal& caller, const InputSetId& id);

}  // namespace specom::finance
