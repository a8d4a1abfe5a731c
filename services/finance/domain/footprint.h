// Allocations restated on the ICBs of another date: what was allocated to an ICB that was replaced
// stands with its successors.
#pragma once

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/id.h"
#include "services/finance/domain/allocation.h"
#include "services/finance/domain/policy.h"

namespace specom::finance {

// What part of an ICB's figures belongs to an ICB of the footprint; of an ICB that stays, all of it to
// itself.
struct FootprintPart {
  IcbCode from;
  IcbCode to;
  // Above 0 and at most 1; those of an ICB add up to 1.
  double share = 1;
  // The ICB of the footprint: its name and its region's code. Empty: as in the run.
  std::string to_name;
  RegionCode to_region;

  friend bool operator==(const FootprintPart&, const FootprintPart&) = default;
};

// The result on the footprint. Components, targets and people of an ICB are split by share (to 1e-12) to
// the penny, or the person, by largest remainder, and added up for each successor; what is made of
// components is their sum, and so within a penny for each component of its exact part. Ratios are
// those of the sums, formed of whole pence. An ICB that stays whole keeps its row, one without a part
// stays, and England keeps its figures. `combination` is that of the run's policy.
// FAILED_PRECONDITION (FOOTPRINT_INCOMPLETE) when an ICB's shares do not add up to 1 within 1e-9;
// FAILED_PRECONDITION (INVARIANT_BROKEN) as CheckInvariants.
absl::StatusOr<AllocationResult> Restate(const AllocationResult& result, std::span<const FootprintPart> parts,
                                         Combination combination);

}  // namespace specom::finance
