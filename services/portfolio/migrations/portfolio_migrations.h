// The migrations of portfolio's schema, built into the program.
#pragma once

#include <span>

#include "libs/base/embedded_file.h"

namespace specom::portfolio {

// "sqlite/0001_registry.sql", "postgresql/0001_registry.sql" …
std::span<const EmbeddedFile> portfolio_migrations();

}  // namespace specom::portfolio
