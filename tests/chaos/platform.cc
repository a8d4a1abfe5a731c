#include "tests/chaos/platform.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "absl/strings/str_cat.h"

namespace specom::chaos {
namespace {

using journeys::Eventually;
using journeys::Process;

// The body of the answer to GET; "" when there is none within some seconds.
std::string HttpGet(int port, const std::string& path) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  timeval patience{.tv_sec = 10, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
    send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    std::array<char, 4096> buffer;
    for (ssize_t count; (count = recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
      answer.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }
  close(fd);
  const auto body = answer.find("\r\n\r\n");
  return body == answer.npos ? "" : answer.substr(body + 4);
}

bool Serves(Process& process) {
  return process.Output().find(" serves on ") != std::string::npos;
}

}  // namespace

Platform::Platform(PlatformOptions options) : options_(std::move(options)) {
  journeys::Finished migrated =
      journeys::RunProgram("specom", {"migrate", "--database", PostgresqlServer::Url(postgresql_.port())});
  EXPECT_EQ(migrated.code, 0) << migrated.err;

  Start("portfolio", {});
  Start("finance",
        {"--role", "api", "--portfolio-endpoint", absl::StrCat("127.0.0.1:", finance_to_portfolio_.port())});
  Start("reporting", {});
  for (int i = 1; i <= options_.workers; ++i) {
    const std::string name = i == 1 ? "worker" : absl::StrCat("worker-", i);
    Start(name, {"--role", "worker", "--worker-name", name, "--claim-after-seconds",
                 std::to_string(options_.claim_after_seconds)});
  }
  for (auto& [name, service] : services_) {
    Process& process = *service.process;
    EXPECT_TRUE(Eventually([&] { return Serves(process) || !process.Running(); }) && process.Running())
        << name << " did not start\n"
        << process.Errors();
    std::string output = process.Output();
    while (output.ends_with('\n')) output.pop_back();
    const int port = std::atoi(output.substr(output.rfind(':') + 1).c_str());
    service.clients.SetTarget(port);
    if (name == "portfolio") finance_to_portfolio_.SetTarget(port);
  }
  EXPECT_TRUE(Eventually([&] { return AllReady(); })) << Describe();
}

void Platform::Start(const std::string& name, const std::vector<std::string>& flags) {
  Service& service = services_[name];
  service.postgresql.SetTarget(postgresql_.port());
  service.redis.SetTarget(redis_.port());
  service.admin_port = FreePort();
  std::map<std::string, std::string> environment = {
      {"SPECOM_DATABASE_URL", PostgresqlServer::Url(service.postgresql.port())},
      {"SPECOM_REDIS_URL", absl::StrCat("redis://127.0.0.1:", service.redis.port())},
      {"SPECOM_ADMIN_LISTEN", absl::StrCat("127.0.0.1:", service.admin_port)},
      {"SPECOM_IDENTITY", "development"},
      {"SPECOM_DATABASE_CONNECTIONS", "4"}};
  environment.insert(options_.environment.begin(), options_.environment.end());
  const std::string program = name.starts_with("worker") ? "specom-finance" : "specom-" + name;
  service.process = std::make_unique<Process>(program, flags, environment);
}

std::vector<std::string> Platform::processes() const {
  std::vector<std::string> names;
  for (const auto& [name, service] : services_) names.push_back(name);
  return names;
}

std::vector<TcpGate*> Platform::OfPostgresql() {
  std::vector<TcpGate*> gates;
  for (auto& [name, service] : services_) gates.push_back(&service.postgresql);
  return gates;
}

std::vector<TcpGate*> Platform::OfRedis() {
  std::vector<TcpGate*> gates;
  for (auto& [name, service] : services_) gates.push_back(&service.redis);
  return gates;
}

std::string Platform::Endpoint(const std::string& name) const {
  return absl::StrCat("127.0.0.1:", services_.at(name).clients.port());
}

std::string Platform::Readiness(const std::string& name) const {
  return HttpGet(services_.at(name).admin_port, "/readyz");
}

bool Platform::AllReady() {
  for (auto& [name, service] : services_) {
    if (!service.process->Running() || Readiness(name).find("ready") != 0) return false;
  }
  return true;
}

std::string Platform::Describe() {
  std::string text;
  for (auto& [name, service] : services_) {
    const std::string log = service.process->Errors();
    absl::StrAppend(&text, "--- ", name, service.process->Running() ? ": " : " (ended): ", Readiness(name),
                    "\n", log.size() > 3000 ? log.substr(log.size() - 3000) : log, "\n");
  }
  return text;
}

void ApplyToAll(const std::vector<TcpGate*>& gates, const Conditions& conditions) {
  for (TcpGate* gate : gates) gate->Apply(conditions);
}

}  // namespace specom::chaos
