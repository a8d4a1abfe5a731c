// Proves how a process of specom starts, says that it is ready, answers other people's tools (health,
// reflection) and stops without losing a call.
#include "libs/rpc/process.h"

#include <civetweb.h>
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "absl/synchronization/notification.h"
#include "google/longrunning/operations.pb.h"
#include "libs/base/status.h"
#include "libs/rpc/service_test/served.h"
#include "libs/testing/status_matchers.h"
#include "specom/common/v1/date.pb.h"

namespace specom::rpc {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::IsOkAndHolds;
using ::specom::testing::StatusIs;
using ::testing::Contains;
using ::testing::HasSubstr;

using Reporting = reporting::v1::ReportingService;

constexpr absl::Duration kPatience = absl::Seconds(20);

// Both test services as one module whose readiness and schema the test decides.
class TestModule final : public Module {
 public:
  explicit TestModule(Host& host) : reporting(host.pipeline), portfolio_(host.pipeline) {}

  std::string name() const override { return "reporting"; }
  absl::StatusOr<int> Migrate() override {
    schema = 2;
    return 2;
  }
  absl::Status CheckSchema() override {
    if (schema == 2) return absl::OkStatus();
    if (is_migrated_after_a_check) schema = 2;
    return MakeError(absl::StatusCode::kFailedPrecondition, "SCHEMA_OLD",
                     "The schema is at 0 of 2: run specom-reporting migrate.");
  }
  std::vector<grpc::Service*> services() override { return {&reporting, &portfolio_}; }
  absl::Status Start() override {
    ++starts;
    if (on_start) on_start();
    return start_status;
  }
  absl::Status Ready() override { return ready ? absl::OkStatus() : absl::UnavailableError("redis is away"); }
  void EndWaits() override { end_waits.Notify(); }
  void Stop() override { ++stops; }

  TestReporting reporting;
  std::atomic<int> schema = 2;
  // Another process brings it up to date as soon as this one has looked.
  bool is_migrated_after_a_check = false;
  std::atomic<bool> ready = true;
  absl::Status start_status;
  std::function<void()> on_start;
  absl::Notification end_waits;
  std::atomic<int> starts = 0;
  std::atomic<int> stops = 0;

 private:
  TestPortfolio portfolio_;
};

std::unique_ptr<ServiceHost> NewHost(const std::string& identity = "development") {
  auto host = ServiceHost::Create({.program = "specom-test",
                                   .admin_listen = "127.0.0.1:0",
                                   .identity = identity,
                                   .log_level = observe::LogLevel::kError});
  EXPECT_TRUE(host.ok()) << host.status();
  return *std::move(host);
}

TestModule& AddModule(ServiceHost& host) {
  auto module = std::make_unique<TestModule>(host.host());
  TestModule& added = *module;
  host.Add(std::move(module));
  return added;
}

Client NationalClient(const ServiceHost& host) {
  return Client(OpenChannel(host.address()),
                {.identity = DevelopmentIdentity({"ada", {Role::kNational}, ""}), .max_attempts = 1});
}

// The HTTP status code and body.
std::pair<int, std::string> Get(int port, const std::string& path) {
  char error[256] = "";
  mg_connection* connection =
      mg_download("127.0.0.1", port, 0, error, sizeof(error), "GET %s HTTP/1.0\r\n\r\n", path.c_str());
  if (connection == nullptr) return {0, error};
  std::pair<int, std::string> answer(mg_get_response_info(connection)->status_code, "");
  char buffer[4096];
  for (int n; (n = mg_read(connection, buffer, sizeof(buffer))) > 0;) answer.second.append(buffer, n);
  mg_close_connection(connection);
  return answer;
}

// grpc.health.v1.Health/Check: HealthCheckRequest{string service = 1}, HealthCheckResponse{int status = 1}
// (0 unknown, 1 serving, 2 not). Debian ships no header of it; messages of the same wire form stand in.
absl::StatusOr<int> Health(const ServiceHost& host, const std::string& service) {
  grpc::TemplatedGenericStub<google::longrunning::GetOperationRequest, common::v1::Date> stub(
      OpenChannel(host.address()));
  google::longrunning::GetOperationRequest request;
  request.set_name(service);
  common::v1::Date response;
  grpc::ClientContext context;
  grpc::Status status;
  absl::Notification done;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &request, &response, [&](grpc::Status s) {
    status = std::move(s);
    done.Notify();
  });
  done.WaitForNotification();
  if (!status.ok()) return absl::UnknownError(status.error_message());
  return response.year();
}

// The answer's bytes to "which services are there?" of reflection v1alpha.
std::string Reflection(const ServiceHost& host) {
  grpc::GenericStub stub(OpenChannel(host.address()));
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  auto stream =
      stub.PrepareCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  void* tag = nullptr;
  bool ok = false;
  stream->StartCall(nullptr);
  EXPECT_TRUE(queue.Next(&tag, &ok) && ok);
  // ServerReflectionRequest{string list_services = 7: "*"}
  grpc::Slice question("\x3a\x01*");
  stream->Write(grpc::ByteBuffer(&question, 1), nullptr);
  EXPECT_TRUE(queue.Next(&tag, &ok) && ok);
  grpc::ByteBuffer answer;
  stream->Read(&answer, nullptr);
  EXPECT_TRUE(queue.Next(&tag, &ok) && ok);
  std::vector<grpc::Slice> slices;
  std::string bytes;
  EXPECT_TRUE(answer.Dump(&slices).ok());
  for (const grpc::Slice& slice : slices)
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  context.TryCancel();
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  return bytes;
}

TEST(ServiceHost, ServesAndSaysSo) {
  auto host = NewHost();
  AddModule(*host);
  ASSERT_THAT(host->Start(), IsOk());
  EXPECT_THAT(NationalClient(*host).Call(&Reporting::Stub::GetRegionalReport, ReportOfY60()), IsOk());
  EXPECT_THAT(Health(*host, ""), IsOkAndHolds(1));
  EXPECT_THAT(Health(*host, "specom.reporting.v1.ReportingService"), IsOkAndHolds(1));
  EXPECT_EQ(Get(host->admin_port(), "/readyz").first, 200);
  EXPECT_THAT(Get(host->admin_port(), "/metrics").second, HasSubstr("specom_rpc_started_total"));
  std::string services = Reflection(*host);
  EXPECT_THAT(services, HasSubstr("specom.reporting.v1.ReportingService"));
  EXPECT_THAT(services, HasSubstr("specom.portfolio.v1.PortfolioService"));
  EXPECT_THAT(services, HasSubstr("grpc.health.v1.Health"));
}

TEST(ServiceHost, AModuleThatIsNotReadyIsTold) {
  auto host = NewHost();
  TestModule& module = AddModule(*host);
  module.ready = false;
  ASSERT_THAT(host->Start(), IsOk());
  EXPECT_THAT(Health(*host, ""), IsOkAndHolds(2));
  EXPECT_THAT(Health(*host, "specom.reporting.v1.ReportingService"), IsOkAndHolds(2));
  EXPECT_EQ(Get(host->admin_port(), "/readyz"),
            std::make_pair(503, std::string("reporting: redis is away\n")));
  module.ready = true;
  absl::Time limit = absl::Now() + kPatience;
  while (Health(*host, "").value_or(0) != 1 && absl::Now() < limit) std::this_thread::yield();
  EXPECT_THAT(Health(*host, ""), IsOkAndHolds(1));
}

TEST(ServiceHost, DoesNotServeOnAnOldSchemaAndSaysWhatToRun) {
  auto host = NewHost();
  TestModule& module = AddModule(*host);
  module.schema = 0;
  EXPECT_THAT(host->Start(), StatusIs(absl::StatusCode::kFailedPrecondition, kSchemaBehindReason));
  EXPECT_EQ(module.starts, 0);
  EXPECT_EQ(host->port(), 0);
  EXPECT_EQ(Get(host->admin_port(), "/readyz"),
            std::make_pair(503, std::string("The schema is at 0 of 2: run specom-reporting migrate.\n")));
  EXPECT_EQ(Get(host->admin_port(), "/healthz").first, 200);
  EXPECT_THAT(host->Migrate(), IsOkAndHolds(2));
  EXPECT_THAT(host->Start(), IsOk());
  EXPECT_EQ(Get(host->admin_port(), "/readyz").first, 200);
}

TEST(ServiceHost, StopsWhatStartedWhenAnotherModuleCannot) {
  auto host = NewHost();
  TestModule& sound = AddModule(*host);
  TestModule& broken = AddModule(*host);
  broken.start_status = absl::UnavailableError("no");
  EXPECT_THAT(host->Start(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(sound.stops, 1);
  EXPECT_EQ(broken.stops, 0);
}

TEST(ServiceHost, LetsCallsInHandFinishWhenItStops) {
  auto host = NewHost();
  TestModule& module = AddModule(*host);
  absl::Notification running;
  absl::Notification release;
  module.reporting.report = [&](RequestContext&, const auto& request) {
    running.Notify();
    release.WaitForNotification();
    TestReporting::Report report;
    report.set_region(request.region());
    return report;
  };
  ASSERT_THAT(host->Start(), IsOk());
  Client client = NationalClient(*host);
  absl::StatusOr<TestReporting::Report> report;
  std::thread caller([&] { report = client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60()); });
  ASSERT_TRUE(running.WaitForNotificationWithTimeout(kPatience));
  std::thread stopper([&] { host->Stop(); });
  ASSERT_TRUE(module.end_waits.WaitForNotificationWithTimeout(kPatience));
  EXPECT_EQ(module.stops, 0) << "modules stop when their calls have ended";
  release.Notify();
  caller.join();
  stopper.join();
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->region(), "Y60");
  EXPECT_EQ(module.stops, 1);
  EXPECT_THAT(client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60()),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST(ServiceHost, ServesNobodyUnlessTold) {
  auto host = NewHost("deny");
  AddModule(*host);
  ASSERT_THAT(host->Start(), IsOk());
  EXPECT_THAT(NationalClient(*host).Call(&Reporting::Stub::GetRegionalReport, ReportOfY60()),
              StatusIs(absl::StatusCode::kUnauthenticated, "NO_IDENTITY_PROVIDER"));
}

TEST(ServiceHost, TellsEveryProblemOfItsConfig) {
  auto host = ServiceHost::Create({.listen = "nowhere", .identity = "open", .executor_threads = 0});
  EXPECT_THAT(host, StatusIs(absl::StatusCode::kInvalidArgument, "CONFIGURATION"));
  for (const char* name : {"listen", "identity", "executor_threads"}) {
    EXPECT_THAT(host.status().message(), HasSubstr(name));
  }
}

TEST(Server, KeepsDevelopmentIdentityOnThisMachine) {
  auto logger = observe::Logger::ToFunction(observe::LogLevel::kError, [](std::string_view) {});
  for (const char* listen :
       {"0.0.0.0:0", "[::]:0", "10.0.0.1:0", "127.example.nhs.uk:0", "127.0.0.1:1,10.0.0.1:0"}) {
    auto refused = Server::Start({.listen = listen}, DevelopmentAuthenticator(), {}, *logger);
    EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition, "NOT_LOOPBACK")) << listen;
  }
  auto plain = Server::Start({.listen = "0.0.0.0:0"}, DenyAllAuthenticator(), {}, *logger);
  EXPECT_THAT(plain, StatusIs(absl::StatusCode::kFailedPrecondition, "NOT_LOOPBACK"));
  EXPECT_THAT(plain.status().message(), HasSubstr("tls_certificate"));
}

TEST(Server, WarnsLoudlyOfDevelopmentIdentity) {
  std::vector<std::string> lines;
  auto logger = observe::Logger::ToFunction(observe::LogLevel::kInfo,
                                            [&](std::string_view line) { lines.emplace_back(line); });
  ASSERT_THAT(Server::Start({}, DevelopmentAuthenticator(), {}, *logger), IsOk());
  EXPECT_THAT(lines, Contains(HasSubstr("DEVELOPMENT IDENTITY")));
}

TEST(Server, DoesNotShareAPort) {
  auto logger = observe::Logger::ToFunction(observe::LogLevel::kError, [](std::string_view) {});
  auto first = Server::Start({}, DenyAllAuthenticator(), {}, *logger);
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(Server::Start({.listen = (*first)->address()}, DenyAllAuthenticator(), {}, *logger),
              StatusIs(absl::StatusCode::kUnavailable, "PORT_TAKEN"));
}

// Runs the program as main would; each in a process of its own.
int RunProgram(std::vector<std::string> arguments, std::function<void(TestModule&)> prepare = {}) {
  arguments.insert(arguments.begin(), "specom-reporting");
  arguments.insert(arguments.end(),
                   {"--database-url", "sqlite:" + ::testing::TempDir() + "/specom_process_test_" +
                                          std::to_string(getpid()) + ".db"});
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  return RunServiceProcess(
      static_cast<int>(argv.size()), argv.data(),
      {.name = "reporting",
       .description = "Regional reports",
       .settings = {{.name = "role",
                     .standard = "both",
                     .problem =
                         [](const std::string& v) {
                           return NotOneOf(v, {"api", "both"});
                         }}},
       .make = [&](const ServiceContext& context) -> absl::StatusOr<std::unique_ptr<Module>> {
         auto module = std::make_unique<TestModule>(context.host);
         if (prepare) prepare(*module);
         return module;
       }});
}

class Program : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(Program, RefusesASettingThatItDoesNotKnow) {
  EXPECT_EXIT(std::exit(RunProgram({"--lisen", "x"})), ::testing::ExitedWithCode(2), "lisen");
}

TEST_F(Program, RefusesValuesThatAreNotSoundAllAtOnce) {
  EXPECT_EXIT(std::exit(RunProgram({"--listen", "x", "--role", "worker"})), ::testing::ExitedWithCode(2),
              "listen.*\n.*role.*must be one of api, both");
}

TEST_F(Program, RefusesToLeaveTheMachineInPlainTextAndSaysWhatToSet) {
  EXPECT_EXIT(std::exit(RunProgram({"--listen", "0.0.0.0:0", "--identity", "development"})),
              ::testing::ExitedWithCode(2),
              "tls_certificate: must be set.*or listen on 127.0.0.1(.|\n)*identity: must be tokens");
}

TEST_F(Program, PrintsItsSettings) {
  EXPECT_EXIT(
      {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        std::exit(RunProgram({"--print-config", "--role", "api"}));
      },
      ::testing::ExitedWithCode(0), "database_url = .hidden.(.|\n)*role = api");
}

TEST_F(Program, Migrates) {
  EXPECT_EXIT(
      {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        std::exit(RunProgram({"migrate"}));
      },
      ::testing::ExitedWithCode(0), "up to date .2 migrations ran");
}

TEST_F(Program, ServesUntilASignalAndStopsInOrder) {
  EXPECT_EXIT(
      std::exit(RunProgram({"--identity", "development"},
                           [](TestModule& module) { module.on_start = [] { kill(getpid(), SIGTERM); }; })),
      ::testing::ExitedWithCode(0),
      "DEVELOPMENT IDENTITY(.|\n)*announce(.|\n)*drain(.|\n)*executor(.|\n)*modules(.|\n)*audit(.|\n)*admin");
}

TEST_F(Program, WaitsForItsSchemaAndThenServes) {
  EXPECT_EXIT(std::exit(RunProgram({},
                                   [](TestModule& module) {
                                     module.schema = 0;
                                     module.is_migrated_after_a_check = true;
                                     module.on_start = [] { kill(getpid(), SIGTERM); };
                                   })),
              ::testing::ExitedWithCode(0), "schema is behind.*run specom-reporting migrate(.|\n)*announce");
}

}  // namespace
}  // namespace specom::rpc
