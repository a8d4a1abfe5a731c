// specom migrate: brings the schemas of all services up to date.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "libs/base/status.h"
#include "tools/specom/commands.h"
#include "tools/specom/data_options.h"
#include "tools/specom/session.h"

namespace specom::cli {
namespace {

absl::StatusOr<int> Migrate(const DataFlags& flags) {
  if (flags.data_dir.empty() && flags.database.empty()) {
    return absl::InvalidArgumentError("say what to migrate: --data-dir FOLDER or --database postgresql://…");
  }
  if (!flags.data_dir.empty()) RETURN_IF_ERROR(EnsureFolder(flags.data_dir));
  PlatformOptions options;
  options.data = flags.Options();
  ASSIGN_OR_RETURN(auto platform, Platform::Create(options));
  return platform->Migrate();
}

}  // namespace

void AddMigrate(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<DataFlags>();
  auto* command = app.add_subcommand("migrate", "Bring the schemas of all services up to date");
  AddDataOptions(*command, *flags);
  command->footer(
      "Running it again does nothing. Services that find an older schema are not ready and name this\n"
      "command.\n\n"
      "Examples:\n"
      "  specom migrate --database postgresql://specom@db.internal/specom\n"
      "  specom migrate --data-dir ./specom-data");
  command->callback([flags, &exit_code] {
    auto ran = Migrate(*flags);
    if (!ran.ok()) {
      exit_code = Fail(ran.status());
      return;
    }
    if (*ran == 0) {
      std::cout << "Every schema is up to date; nothing to do.\n";
    } else {
      std::cout << "Every schema is up to date; " << *ran << " migrations ran.\n";
    }
  });
}

}  // namespace specom::cli
