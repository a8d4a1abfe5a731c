// The files of the England reference pack, as bytes in the program.
#pragma once

#include <span>

#include "libs/base/embedded_file.h"

namespace specom::portfolio {

// By file name.
std::span<const EmbeddedFile> portfolio_reference();

}  // namespace specom::portfolio
