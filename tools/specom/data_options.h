// The options that say where the services keep their data, alike in dev, migrate and doctor.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "tools/specom/platform.h"

namespace CLI {
class App;
}

namespace specom::cli {

struct DataFlags {
  std::string data_dir;
  std::string database;
  std::string redis;

  DataOptions Options() const;
};

// Adds --data-dir, --database and --redis to a command.
void AddDataOptions(CLI::App& command, DataFlags& flags);

// Makes the data folder where it is missing. FAILED_PRECONDITION when that cannot be done.
absl::Status EnsureFolder(const std::string& path);

}  // namespace specom::cli
