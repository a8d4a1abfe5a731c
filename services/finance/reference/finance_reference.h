// The files of this folder, built into the program.
#pragma once

#include <span>

#include "libs/base/embedded_file.h"

namespace specom::finance {

// Sorted by path, e.g. "policies/specialised-2025-26.json".
std::span<const EmbeddedFile> finance_reference();

}  // namespace specom::finance
