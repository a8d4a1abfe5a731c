// A PostgreSQL and a Redis of one test's own, which it may stop, kill and start again.
#pragma once

#include <memory>
#include <string>

#include "tests/journeys/process.h"

namespace specom::chaos {

// A port of 127.0.0.1 that nobody listens on.
int FreePort();

class PostgresqlServer {
 public:
  // Makes and starts a cluster with the database "specom" in a temporary folder.
  PostgresqlServer();
  ~PostgresqlServer();

  int port() const { return port_; }
  // libpq's URL by way of this port: the server's own, or a gate's.
  static std::string Url(int port);

  void Start();
  // Without a checkpoint and without a word to anybody: what a power cut leaves is replayed at start.
  void StopImmediately();
  // Runs one statement directly: rows as text, columns separated by "|".
  std::string Sql(const std::string& statement) const;
  // A psql that runs the statements and stays as long as they take.
  std::unique_ptr<journeys::Process> SqlInBackground(const std::string& statements) const;

 private:
  journeys::TemporaryFolder folder_;
  const int port_;
  std::unique_ptr<journeys::Process> process_;
};

class RedisServer {
 public:
  RedisServer();
  ~RedisServer();

  int port() const { return port_; }
  void Start();
  // Its data are gone with it.
  void Kill();
  // Redis' answer to one command.
  std::string Ask(const std::vector<std::string>& command) const;

 private:
  journeys::TemporaryFolder folder_;
  const int port_;
  std::unique_ptr<journeys::Process> process_;
};

}  // namespace specom::chaos
