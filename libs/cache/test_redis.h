// For tests: a Redis of one's own that may be killed, filled and restarted. Nothing of it is on disk.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/secret.h"
#include "libs/events/redis_connection.h"

namespace specom::cache {

class TestRedis {
 public:
  // arguments: for redis-server, e.g. {"--maxmemory", "1mb"}.
  explicit TestRedis(std::vector<std::string> arguments = {})
      : port_(FreePort()), arguments_(std::move(arguments)) {
    Start();
  }
  ~TestRedis() { Kill(); }
  TestRedis(const TestRedis&) = delete;
  TestRedis& operator=(const TestRedis&) = delete;

  int port() const { return port_; }
  Secret url() const { return Secret(absl::StrCat("redis://127.0.0.1:", port_)); }

  // On the same port, empty.
  void Start() {
    std::vector<std::string> words = {"redis-server", "--port", absl::StrCat(port_), "--bind", "127.0.0.1",
                                      "--save",       "",       "--appendonly",      "no",     "--dir",
                                      "/tmp"};
    words.insert(words.end(), arguments_.begin(), arguments_.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      const int nowhere = open("/dev/null", O_RDWR);
      dup2(nowhere, STDOUT_FILENO);
      dup2(nowhere, STDERR_FILENO);
      execvp(argv[0], argv.data());
      _exit(127);
    }
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (!Call({"PING"}).ok()) {
      ASSERT_LT(absl::Now(), deadline) << "redis-server does not start";
      absl::SleepFor(absl::Milliseconds(5));
    }
  }
  // At once, as when its machine dies.
  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  absl::StatusOr<events::RedisReply> Call(std::initializer_list<std::string> command) {
    return events::RedisConnection(events::ParseRedisUrl(url()).value()).Call(command);
  }

 private:
  // Below the ports that the system gives to connections: not taken before the server has it.
  static int FreePort() {
    std::uniform_int_distribution<int> ports(10'000, 19'999);
    std::random_device random;
    for (int attempt = 0; attempt < 1'000; ++attempt) {
      const int port = ports(random);
      const int listener = socket(AF_INET, SOCK_STREAM, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      address.sin_port = htons(static_cast<std::uint16_t>(port));
      const bool free = bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
      close(listener);
      if (free) return port;
    }
    ADD_FAILURE() << "no port from 10000 to 19999 is free";
    return 0;
  }

  const int port_;
  const std::vector<std::string> arguments_;
  pid_t pid_ = -1;
};

}  // namespace specom::cache
