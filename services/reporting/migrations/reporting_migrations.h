// The migrations of the read model, "{sqlite|postgresql}/NNNN_name.sql", embedded.
#pragma once

#include <span>

#include "libs/base/embedded_file.h"

namespace specom::reporting {

std::span<const EmbeddedFile> reporting_migrations();

}  // namespace specom::reporting
