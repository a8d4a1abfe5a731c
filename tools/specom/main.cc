// The specom command: the platform in one process, and clients of it.
#include <CLI/CLI.hpp>
#include <cstdlib>

#include "tools/specom/commands.h"

int main(int argc, char** argv) {
  // Errors are told once, in words; the library's own log is for those who ask for it.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  CLI::App app(
      "specom: which specialised services exist, who commissions them for whom, and what each\n"
      "integrated care board is allocated and why.",
      "specom");
  app.require_subcommand(1);
  app.set_version_flag("--version", "specom 0.1.0");
  app.footer(
      "Examples:\n"
      "  specom allocate --stream specialised --year 2025/26\n"
      "  specom explain --stream specialised --year 2025/26 --icb QOQ\n"
      "  specom portfolio delegations --as-of 2024-06-01 --format csv\n"
      "  specom report region --region Y60 --year 2025/26\n"
      "  specom dev --data-dir ./specom-data\n\n"
      "specom COMMAND --help says more. Without --endpoint a client command runs on a platform of\n"
      "its own with the reference data, which ends with the command.");
  int exit_code = 0;
  using namespace specom::cli;
  AddAllocate(app, exit_code);
  AddExplain(app, exit_code);
  AddProject(app, exit_code);
  AddCompare(app, exit_code);
  AddRuns(app, exit_code);
  AddPolicies(app, exit_code);
  AddPortfolio(app, exit_code);
  AddReport(app, exit_code);
  AddAccess(app, exit_code);
  AddAudit(app, exit_code);
  AddVerify(app, exit_code);
  AddDev(app, exit_code);
  AddToken(app, exit_code);
  AddMigrate(app, exit_code);
  AddDoctor(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return exit_code;
}
