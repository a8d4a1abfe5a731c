// Reporting as a module of a process: what it is made of and what it can be told.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/rpc/module.h"
#include "libs/rpc/process.h"
#include "libs/store/store.h"

namespace specom::reporting {

struct ReportingConfig {
  // Unique among the processes that keep one read model; one that comes back under its name goes on
  // with the event that it left unfinished. Empty: the host's name.
  std::string consumer_name;
};

// The store holds reporting's own database; it and the host outlive the module.
absl::StatusOr<std::unique_ptr<rpc::Module>> NewReportingModule(const ReportingConfig& config,
                                                                store::Store& store, rpc::Host& host);

// specom-reporting: consumer_name beside the standard settings.
rpc::ServiceProgram ReportingProgram();

}  // namespace specom::reporting
