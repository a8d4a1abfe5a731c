// Portfolio as a module of a process.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "libs/rpc/module.h"
#include "libs/rpc/process.h"
#include "libs/store/store.h"

namespace specom::portfolio {

// The store holds portfolio's own database; it and the host outlive the module.
std::unique_ptr<rpc::Module> NewPortfolioModule(store::Store& store, rpc::Host& host);

// specom-portfolio, with the standard settings.
rpc::ServiceProgram PortfolioProgram();

}  // namespace specom::portfolio
