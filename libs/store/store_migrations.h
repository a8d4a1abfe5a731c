// The migrations of the store's own tables, "{sqlite|postgresql}/NNNN_name.sql", embedded.
#pragma once

#include <span>

#include "libs/base/embedded_file.h"

namespace specom::store {

std::span<const EmbeddedFile> store_migrations();

}  // namespace specom::store
