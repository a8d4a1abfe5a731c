// The app's ports to what ships with the platform and to input files.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "services/finance/app/ports.h"

namespace specom::finance {

// Reads what is built into the program. The errors of LoadReferenceData.
absl::StatusOr<std::unique_ptr<ReferenceLibrary>> NewReferenceLibrary();

class FileInputReader final : public InputReader {
 public:
  InputFindings Read(const InputFiles& files) const override;
};

}  // namespace specom::finance
