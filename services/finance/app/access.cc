// Visibility as one rule for each kind of resource; permission is checked before existence.
#include "services/finance/app/access.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/finance/app/ports.h"

namespace specom::finance {
namespace {

absl::Status NotFound(std::string_view reason, const std::string& name) {
  return WithResource(MakeError(absl::StatusCode::kNotFound, reason,
                                absl::StrCat(name, " does not exist; list what there is to find its name"),
                                {{"resource", name}}),
                      "specom.finance", name);
}

}  // namespace

Viewer ViewerOf(const Principal& principal) {
  Viewer viewer;
  viewer.sees_everything = principal.Has(Role::kNational) || principal.Has(Role::kAuditor);
  if (std::any_of(principal.roles.begin(), principal.roles.end(), ActsForOrganisation)) {
    viewer.organisation = principal.organisation;
  }
  if (principal.Has(Role::kRegion)) viewer.region = principal.organisation;
  return viewer;
}

absl::Status NotVisible(const std::string& name) {
  return WithResource(
      MakeError(absl::StatusCode::kPermissionDenied, kNotVisible,
                absl::StrCat("you may not see ", name,
                             ": before publication it is seen by national teams, by the organisation that "
                             "brought it and by that one's regional team; check the name, or ask for it to "
                             "be published"),
                {{"resource", name}}),
      "specom.finance", name);
}

absl::StatusOr<Run> FindVisibleRun(store::UnitOfWork& work, RunRepository& runs, const Principal& caller,
                                   const RunId& id) {
  const Viewer viewer = ViewerOf(caller);
  ASSIGN_OR_RETURN(std::optional<Run> run, runs.Find(work, id));
  if (viewer.sees_everything) {
    if (!run) return NotFound(kRunNotFound, ResourceName(id));
    return *std::move(run);
  }
  if (!run) return NotVisible(ResourceName(id));
  if (IsPublic(run->state)) return *std::move(run);
  ASSIGN_OR_RETURN(bool held, runs.IsHeldFor(work, id, viewer));
  if (!held) return NotVisible(ResourceName(id));
  return *std::move(run);
}

absl::StatusOr<InputSetRecord> FindVisibleInputSet(store::UnitOfWork& work, InputSetRepository& inputs,
                                                   const Principal& caller, const InputSetId& id) {
  const Viewer viewer = ViewerOf(caller);
  ASSIGN_OR_RETURN(std::optional<InputSetRecord> record, inputs.Find(work, id));
  if (viewer.sees_everything) {
    if (!record) return NotFound(kInputSetNotFound, ResourceName(id));
    return *std::move(record);
  }
  if (!record) return NotVisible(ResourceName(id));
  ASSIGN_OR_RETURN(bool visible, inputs.IsVisible(work, id, viewer));
  if (!visible) return NotVisible(ResourceName(id));
  return *std::move(record);
}

}  // namespace specom::finance
