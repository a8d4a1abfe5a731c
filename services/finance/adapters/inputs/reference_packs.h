// What ships with the platform: policies of every published stream-year, and reference inputs with
// the published outcome to compare with.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/finance/domain/inputs.h"
#include "services/finance/domain/published.h"

namespace specom::finance {

struct ReferencePack {
  InputSet inputs;
  PublishedFigures published;
};

struct ReferenceData {
  // By slug, e.g. "specialised-2025-26".
  std::map<std::string, AllocationPolicy> policies;
  std::map<std::string, ReferencePack> packs;
  // The region of every ICB that is or was.
  std::map<IcbCode, RegionCode> regions;
};

// Reads what is built into the program. INTERNAL names the first problem; the tests prove that
// there is none.
absl::StatusOr<ReferenceData> LoadReferenceData();

}  // namespace specom::finance
