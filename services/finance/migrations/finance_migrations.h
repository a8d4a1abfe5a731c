// The migrations of finance's schema, built into the program.
#pragma once

#include <span>

#include "libs/base/embedded_file.h"

namespace specom::finance {

// "sqlite/0001_finance.sql", "postgresql/0001_finance.sql" …
std::span<const EmbeddedFile> finance_migrations();

}  // namespace specom::finance
