// The commands of specom. Each adds itself to the application; its exit code goes to `exit_code`
// when it runs.
#pragma once

namespace CLI {
class App;
}

namespace specom::cli {

void AddAllocate(CLI::App& app, int& exit_code);
void AddExplain(CLI::App& app, int& exit_code);
void AddProject(CLI::App& app, int& exit_code);
void AddCompare(CLI::App& app, int& exit_code);
void AddRuns(CLI::App& app, int& exit_code);
void AddPolicies(CLI::App& app, int& exit_code);
void AddPortfolio(CLI::App& app, int& exit_code);
void AddReport(CLI::App& app, int& exit_code);
void AddAccess(CLI::App& app, int& exit_code);
void AddAudit(CLI::App& app, int& exit_code);
void AddVerify(CLI::App& app, int& exit_code);
void AddDev(CLI::App& app, int& exit_code);
void AddToken(CLI::App& app, int& exit_code);
void AddMigrate(CLI::App& app, int& exit_code);
void AddDoctor(CLI::App& app, int& exit_code);

}  // namespace specom::cli
