// The platform as production runs it, one process per service, with a gate between every pair of
// processes, and database servers of its own.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/chaos/servers.h"
#include "tests/chaos/tcp_gate.h"
#include "tests/journeys/process.h"

namespace specom::chaos {

struct PlatformOptions {
  // Finance workers, each under its own name: "worker", "worker-2" …
  int workers = 1;
  int claim_after_seconds = 1;
  // Goes to every service process.
  std::map<std::string, std::string> environment = {};
};

class Platform {
 public:
  // Returns when every process serves.
  explicit Platform(PlatformOptions options = {});

  // Processes: "portfolio", "finance", "reporting" (clients call these), "worker", "worker-2" …
  std::vector<std::string> processes() const;
  journeys::Process& process(const std::string& name) { return *services_.at(name).process; }

  // The gates. ToPostgresql and ToRedis: from one process; OfPostgresql and OfRedis: of all of them.
  TcpGate& ToService(const std::string& name) { return services_.at(name).clients; }
  TcpGate& ToPostgresql(const std::string& name) { return services_.at(name).postgresql; }
  TcpGate& ToRedis(const std::string& name) { return services_.at(name).redis; }
  TcpGate& FinanceToPortfolio() { return finance_to_portfolio_; }
  std::vector<TcpGate*> OfPostgresql();
  std::vector<TcpGate*> OfRedis();

  // "127.0.0.1:port" of a service's gate.
  std::string Endpoint(const std::string& name) const;
  PostgresqlServer& postgresql() { return postgresql_; }
  RedisServer& redis() { return redis_; }

  // What /readyz of a process says: "ready" or why it is not; "" when it does not answer.
  std::string Readiness(const std::string& name) const;
  // Every process is one that this object started, and says that it is ready.
  bool AllReady();
  // What is wrong, for a failing test: the readiness of all and the ends of their logs.
  std::string Describe();

 private:
  struct Service {
    TcpGate clients, postgresql, redis;
    int admin_port = 0;
    std::unique_ptr<journeys::Process> process;
  };

  void Start(const std::string& name, const std::vector<std::string>& flags);

  const PlatformOptions options_;
  PostgresqlServer postgresql_;
  RedisServer redis_;
  TcpGate finance_to_portfolio_;
  std::map<std::string, Service> services_;
};

void ApplyToAll(const std::vector<TcpGate*>& gates, const Conditions& conditions);

}  // namespace specom::chaos
