// A run carried forward: where the same policy leads over further years, and how many years an ICB
// needs to reach its target.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/finance/domain/inputs.h"

namespace specom::finance {

struct ProjectionYear {
  FinancialYear financial_year;
  Pence baseline;
  Pence allocation;
  // The closing target.
  Pence target;
  double base_growth = 0;
  double convergence = 0;
  double closing_distance = 0;
};

struct ProjectionRow {
  IcbCode icb;
  std::string name;
  // The region's name.
  std::string region;
  // Where the projection starts: the run's closing distance.
  double opening_distance = 0;
  std::vector<ProjectionYear> years;
  // Years until the closing distance is within the tolerance; 0: at target already; absent: not
  // within the years asked for.
  std::optional<int> years_to_target;
};

struct Projection {
  // By ODS code.
  std::vector<ProjectionRow> rows;
  ProjectionRow england;
  // What the projection assumes, in sentences.
  std::vector<std::string> assumptions;
  double tolerance = 0;
};

inline constexpr int kMaxProjectionYears = 50;
inline constexpr double kDefaultTolerance = 0.01;

// Runs the policy for years further years (1 to 50), the first being the one after the policy's:
// an ICB's baseline is its allocation of the year before, components that have a growth of their
// own grow at it, an ICB's share of the quantum stays its closing share and the quantum grows by
// the policy's national rate. tolerance: a ratio above 0 and below 1.
// INVALID_ARGUMENT for years or tolerance; FAILED_PRECONDITION STREAM_HAS_NO_TARGET, or
// PROJECTION_NOT_POSSIBLE when components with a growth of their own outgrow the whole (metadata
// max_years says how far it goes); otherwise the errors of Allocate.
absl::StatusOr<Projection> Project(const InputSet& inputs, int years, double tolerance = kDefaultTolerance);

}  // namespace specom::finance
