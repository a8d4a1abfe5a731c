// Loads the England reference pack that the program ships with, when the registry has none or an
// older one.
#pragma once

#include <span>

#include "libs/base/embedded_file.h"
#include "services/portfolio/app/live_registry.h"

namespace specom::portfolio {

// Rises by one with every change of the files in reference/.
inline constexpr int kReferencePackVersion = 2;

class LoadReferencePack {
 public:
  LoadReferencePack(store::Store& store, RecordLog& log, LiveRegistry& live,
                    std::span<const EmbeddedFile> files, int version = kReferencePackVersion)
      : store_(store), log_(log), live_(live), files_(files), version_(version) {}

  // True when it was loaded now. An empty registry learns it with the public record's dates: a
  // decision on the day it was taken, everything else on its first day. A registry with records
  // learns what differs now, and what was corrected in it stays as it is. FAILED_PRECONDITION/
  // REFERENCE_PACK with every problem when the pack breaks a rule.
  absl::StatusOr<bool> Execute(const RequestContext& context);

 private:
  store::Store& store_;
  RecordLog& log_;
  LiveRegistry& live_;
  const std::span<const EmbeddedFile> files_;
  const int version_;
};

}  // namespace specom::portfolio
