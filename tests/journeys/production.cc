#include "tests/journeys/production.h"

#include <gtest/gtest.h>

#include "libs/base/digest.h"

namespace specom::journeys {
namespace {

std::string Trimmed(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string Psql(const std::string& url, const std::string& statement) {
  Finished finished = RunProgram("/usr/bin/psql", {url, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement});
  EXPECT_EQ(finished.code, 0) << statement << "\n" << finished.err;
  return Trimmed(finished.out);
}

}  // namespace

Production::Production(int redis_database)
    : server_url_(RequiredEnvironment("SPECOM_TEST_POSTGRESQL")),
      database_("journey_" + Sha256Hex(NewUuid()).substr(0, 12)) {
  database_url_ = server_url_.substr(0, server_url_.rfind('/') + 1) + database_;
  redis_url_ = RequiredEnvironment("SPECOM_TEST_REDIS") + "/" + std::to_string(redis_database);
  Psql(server_url_, "CREATE DATABASE " + database_);
  EXPECT_EQ(RunProgram("/usr/bin/redis-cli", {"-u", redis_url_, "FLUSHDB"}).code, 0);
}

Production::~Production() {
  Psql(server_url_, "DROP DATABASE " + database_ + " WITH (FORCE)");
}

std::map<std::string, std::string> Production::Environment() const {
  return {{"SPECOM_DATABASE_URL", database_url_},
          {"SPECOM_REDIS_URL", redis_url_},
          {"SPECOM_IDENTITY", "development"}};
}

void Production::Migrate() {
  Finished finished = RunProgram("specom", {"migrate", "--database", database_url_});
  EXPECT_EQ(finished.code, 0) << finished.err;
}

std::unique_ptr<Process> Production::Start(const std::string& service,
                                           const std::vector<std::string>& flags) {
  auto process = std::make_unique<Process>("specom-" + service, flags, Environment());
  bool serves = Eventually(
      [&] { return process->Output().find(" serves on ") != std::string::npos || !process->Running(); });
  EXPECT_TRUE(serves && process->Running()) << service << " did not start\n" << process->Errors();
  return process;
}

std::string Production::Endpoint(const Process& process) {
  std::string output = Trimmed(process.Output());
  return output.substr(output.rfind(' ') + 1);
}

std::string Production::Sql(const std::string& statement) const {
  return Psql(database_url_, statement);
}

std::unique_ptr<Process> Production::SqlInBackground(const std::string& statement,
                                                     const std::string& application) const {
  return std::make_unique<Process>("/usr/bin/psql",
                                   std::vector<std::string>{database_url_, "-XAtq", "-c", statement},
                                   std::map<std::string, std::string>{{"PGAPPNAME", application}});
}

}  // namespace specom::journeys
