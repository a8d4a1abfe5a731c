#include "tests/chaos/servers.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <random>

namespace specom::chaos {
namespace {

using journeys::Eventually;
using journeys::Finished;
using journeys::Process;
using journeys::RunProgram;

constexpr char kPostgresql[] = "/usr/lib/postgresql/15/bin/";

// PostgreSQL refuses to run as root: then it runs as its own user.
std::unique_ptr<Process> AsPostgres(const std::string& program, const std::vector<std::string>& arguments) {
  if (geteuid() != 0) return std::make_unique<Process>(kPostgresql + program, arguments);
  std::vector<std::string> words = {"--reuid=postgres", "--regid=postgres", "--clear-groups",
                                    kPostgresql + program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return std::make_unique<Process>("/usr/bin/setpriv", words);
}

}  // namespace

int FreePort() {
  // Below those that the system gives to connections: one of these is not taken by a test that runs
  // beside this one before the server has it.
  std::uniform_int_distribution<int> ports(10'000, 19'999);
  std::random_device random;
  for (int attempt = 0; attempt < 1'000; ++attempt) {
    const int port = ports(random);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const bool free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    if (free) return port;
  }
  ADD_FAILURE() << "no port from 10000 to 19999 is free";
  return 0;
}

PostgresqlServer::PostgresqlServer() : port_(FreePort()) {
  if (geteuid() == 0) {
    EXPECT_EQ(RunProgram("/usr/bin/chown", {"postgres", folder_.path()}).code, 0);
  }
  Finished made = AsPostgres("initdb", {"-D", folder_.Path("data"), "-U", "specom", "--auth=trust",
                                        "--no-sync", "--encoding=UTF8", "--locale=C"})
                      ->Wait();
  EXPECT_EQ(made.code, 0) << made.err;
  Start();
  Finished created =
      RunProgram("/usr/bin/psql", {"postgresql://specom@127.0.0.1:" + std::to_string(port_) + "/postgres",
                                   "-Xqc", "CREATE DATABASE specom"});
  EXPECT_EQ(created.code, 0) << created.err;
}

PostgresqlServer::~PostgresqlServer() {
  StopImmediately();
}

std::string PostgresqlServer::Url(int port) {
  return "postgresql://specom@127.0.0.1:" + std::to_string(port) + "/specom";
}

void PostgresqlServer::Start() {
  process_ = AsPostgres("postgres", {"-D", folder_.Path("data"), "-p", std::to_string(port_), "-k",
                                     folder_.path(), "-c", "listen_addresses=127.0.0.1"});
  EXPECT_TRUE(Eventually([&] {
    return process_->Errors().find("ready to accept connections") != std::string::npos ||
           !process_->Running();
  }));
  EXPECT_TRUE(process_->Running()) << process_->Errors();
}

void PostgresqlServer::StopImmediately() {
  if (process_ == nullptr) return;
  process_->Signal(SIGQUIT);
  process_->Wait();
}

std::string PostgresqlServer::Sql(const std::string& statement) const {
  Finished finished =
      RunProgram("/usr/bin/psql", {Url(port_), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement});
  EXPECT_EQ(finished.code, 0) << statement << "\n" << finished.err;
  while (finished.out.ends_with('\n')) finished.out.pop_back();
  return finished.out;
}

std::unique_ptr<Process> PostgresqlServer::SqlInBackground(const std::string& statements) const {
  return std::make_unique<Process>("/usr/bin/psql",
                                   std::vector<std::string>{Url(port_), "-XAtq", "-c", statements});
}

RedisServer::RedisServer() : port_(FreePort()) {
  Start();
}

RedisServer::~RedisServer() {
  Kill();
}

void RedisServer::Start() {
  process_ = std::make_unique<Process>(
      "/usr/bin/redis-server",
      std::vector<std::string>{"--port", std::to_string(port_), "--bind", "127.0.0.1", "--dir",
                               folder_.path(), "--save", "", "--appendonly", "no"});
  EXPECT_TRUE(Eventually([&] {
    return process_->Output().find("Ready to accept connections") != std::string::npos ||
           !process_->Running();
  }));
  EXPECT_TRUE(process_->Running()) << process_->Output();
}

void RedisServer::Kill() {
  process_->Signal(SIGKILL);
  process_->Wait();
}

std::string RedisServer::Ask(const std::vector<std::string>& command) const {
  std::vector<std::string> words = {"-p", std::to_string(port_)};
  words.insert(words.end(), command.begin(), command.end());
  Finished finished = RunProgram("/usr/bin/redis-cli", words);
  EXPECT_EQ(finished.code, 0) << finished.err;
  while (finished.out.ends_with('\n')) finished.out.pop_back();
  return finished.out;
}

}  // namespace specom::chaos
