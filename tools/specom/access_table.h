// The access rules of the whole contract as tables: methods × roles with scopes, and roles × drafts.
#pragma once

#include <string>

#include "tools/specom/output.h"

namespace specom::cli {

// One row for each method: service, method, scope, and yes or nothing for each role.
Table AccessTable();
// The same and whose drafts each role reaches, as they stand in README.md.
std::string AccessMarkdown();

}  // namespace specom::cli
