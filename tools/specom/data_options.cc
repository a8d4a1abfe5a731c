#include "tools/specom/data_options.h"

#include <CLI/CLI.hpp>
#include <filesystem>

#include "absl/strings/str_cat.h"

namespace specom::cli {

DataOptions DataFlags::Options() const {
  return {.data_dir = data_dir, .database_url = Secret(database), .redis_url = Secret(redis)};
}

void AddDataOptions(CLI::App& command, DataFlags& flags) {
  auto* folder = command.add_option("--data-dir", flags.data_dir, "Folder of the SQLite files");
  command.add_option("--database", flags.database, "postgresql://user@host:port/database instead of SQLite")
      ->envname("SPECOM_DATABASE_URL")
      ->excludes(folder);
  command
      .add_option("--redis", flags.redis, "redis://host:port of the event bus instead of the process's own")
      ->envname("SPECOM_REDIS_URL");
}

absl::Status EnsureFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the folder ", path, " cannot be made: ", error.message(), ". Choose another with --data-dir."));
  }
  return absl::OkStatus();
}

}  // namespace specom::cli
