// The platform as production runs it: one process per service on a PostgreSQL database and a Redis
// database of this test's own.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/journeys/process.h"

namespace specom::journeys {

class Production {
 public:
  // redis_database: 1 to 15, different for tests that may run at the same time; it is emptied.
  explicit Production(int redis_database);
  ~Production();

  // Brings every schema up to date with specom migrate.
  void Migrate();
  // Starts specom-SERVICE and waits until it serves; the process ends with the returned object.
  std::unique_ptr<Process> Start(const std::string& service, const std::vector<std::string>& flags = {});
  // "host:port" of a process that Start returned.
  static std::string Endpoint(const Process& process);
  // Runs one statement with psql: rows as text, columns separated by "|".
  std::string Sql(const std::string& statement) const;
  // A psql process that runs the statement and stays, under this application name.
  std::unique_ptr<Process> SqlInBackground(const std::string& statement,
                                           const std::string& application) const;

  const std::string& database_url() const { return database_url_; }
  const std::string& redis_url() const { return redis_url_; }

 private:
  std::map<std::string, std::string> Environment() const;

  std::string server_url_, database_, database_url_, redis_url_;
};

}  // namespace specom::journeys
