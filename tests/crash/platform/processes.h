// The platform as a user runs it, in processes that die and are started again on the same data.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/store/store.h"
#include "tests/journeys/process.h"
#include "tests/journeys/production.h"

namespace specom::crash {

inline constexpr const char* kServices[] = {"portfolio", "finance", "reporting"};

// Where a process dies: SPECOM_CRASH_AT of the process of a service.
struct ProcessDeath {
  std::string service;
  // "after_commit:3"
  std::string crash_at;
};

class Processes {
 public:
  virtual ~Processes() = default;

  // Starts what does not run; a process whose death is planned, once, with that plan. What is wrong with
  // those that ended otherwise; empty: nothing.
  std::vector<std::string> Revive();
  // The planned deaths that happened.
  const std::vector<ProcessDeath>& deaths() const { return died_; }
  // "host:port" of the service; changes with every start.
  virtual std::string Endpoint(const std::string& service) const = 0;
  // The service's own database.
  virtual store::DatabaseConfig Database(const std::string& service) const = 0;
  // The end of a round, for all at once.
  void Kill();

 protected:
  explicit Processes(std::vector<ProcessDeath> deaths) : planned_(std::move(deaths)) {}

  struct Running {
    std::unique_ptr<journeys::Process> process;
    std::optional<ProcessDeath> death = std::nullopt;
  };
  // The processes by name.
  virtual std::vector<std::string> Names() const = 0;
  // The process whose death is that of the service.
  virtual std::string NameFor(const std::string& service) const = 0;
  virtual std::unique_ptr<journeys::Process> Start(const std::string& name,
                                                   const std::map<std::string, std::string>& environment) = 0;
  // Whether it answers calls.
  virtual bool Serves(const std::string& name, const journeys::Process& process) const = 0;
  const Running* Find(const std::string& name) const;

 private:
  std::vector<ProcessDeath> planned_;
  std::map<std::string, Running> running_;
  std::vector<ProcessDeath> died_;
};

// What rounds begin with, made once: migrated databases with what the platform ships.
class Beginnings {
 public:
  virtual ~Beginnings() = default;
  virtual std::unique_ptr<Processes> Begin(std::vector<ProcessDeath> deaths) = 0;
};

// specom dev on SQLite, all services in one process.
std::unique_ptr<Beginnings> EmbeddedBeginnings();
// A process for each service on PostgreSQL and Redis; redis_database as journeys::Production's.
std::unique_ptr<Beginnings> ProductionBeginnings(int redis_database);

}  // namespace specom::crash
