// A real server on loopback around a pipeline, for the service tests: two small services whose
// operations a test replaces.
#pragma once

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "libs/auth/authenticator.h"
#include "libs/rpc/client.h"
#include "libs/rpc/executor.h"
#include "libs/rpc/pipeline.h"
#include "libs/rpc/pipeline_dependencies.h"
#include "libs/rpc/server.h"
#include "libs/testing/fake_clock.h"
#include "specom/portfolio/v1/portfolio_service.grpc.pb.h"
#include "specom/reporting/v1/reporting_service.grpc.pb.h"

namespace specom::rpc {

// GetRegionalReport: read-only, blocking, every role. ListRegionalReports says a method to the pipeline
// that no contract has.
class TestReporting final : public reporting::v1::ReportingService::CallbackService {
 public:
  using Request = reporting::v1::GetRegionalReportRequest;
  using Report = reporting::v1::RegionalReport;

  explicit TestReporting(Pipeline& pipeline) : pipeline_(pipeline) {}

  std::function<absl::StatusOr<Report>(RequestContext&, const Request&)> report = [](RequestContext&,
                                                                                     const Request& request) {
    Report made;
    made.set_region(request.region());
    return made;
  };

  grpc::ServerUnaryReactor* GetRegionalReport(grpc::CallbackServerContext* context, const Request* request,
                                              Report* response) override {
    return pipeline_.Unary<Request, Report>(
        context, "specom.reporting.v1.ReportingService/GetRegionalReport", *request, response,
        [this](RequestContext& rc, const Request& q) { return report(rc, q); });
  }

  grpc::ServerUnaryReactor* ListRegionalReports(
      grpc::CallbackServerContext* context, const reporting::v1::ListRegionalReportsRequest* request,
      reporting::v1::ListRegionalReportsResponse* response) override {
    return pipeline_
        .Unary<reporting::v1::ListRegionalReportsRequest, reporting::v1::ListRegionalReportsResponse>(
            context, "specom.reporting.v1.ReportingService/NotInTheContract", *request, response,
            [](RequestContext&, const reporting::v1::ListRegionalReportsRequest&) {
              ADD_FAILURE() << "a method without traits ran";
              return reporting::v1::ListRegionalReportsResponse();
            });
  }

 private:
  Pipeline& pipeline_;
};

// GetService: read-only, inline, every role. ImportRecords: a write with request_id, blocking, national
// only.
class TestPortfolio final : public portfolio::v1::PortfolioService::CallbackService {
 public:
  explicit TestPortfolio(Pipeline& pipeline) : pipeline_(pipeline) {}

  std::function<absl::StatusOr<portfolio::v1::ImportRecordsResponse>(
      RequestContext&, const portfolio::v1::ImportRecordsRequest&)>
      import = [](RequestContext&, const portfolio::v1::ImportRecordsRequest&) {
        return portfolio::v1::ImportRecordsResponse();
      };

  grpc::ServerUnaryReactor* GetService(grpc::CallbackServerContext* context,
                                       const portfolio::v1::GetServiceRequest* request,
                                       portfolio::v1::Service* response) override {
    return pipeline_.Unary<portfolio::v1::GetServiceRequest, portfolio::v1::Service>(
        context, "specom.portfolio.v1.PortfolioService/GetService", *request, response,
        [](RequestContext&, const portfolio::v1::GetServiceRequest& q) {
          portfolio::v1::Service service;
          service.set_name(q.name());
          return service;
        });
  }

  grpc::ServerUnaryReactor* ImportRecords(grpc::CallbackServerContext* context,
                                          const portfolio::v1::ImportRecordsRequest* request,
                                          portfolio::v1::ImportRecordsResponse* response) override {
    return pipeline_.Unary<portfolio::v1::ImportRecordsRequest, portfolio::v1::ImportRecordsResponse>(
        context, "specom.portfolio.v1.PortfolioService/ImportRecords", *request, response,
        [this](RequestContext& rc, const portfolio::v1::ImportRecordsRequest& q) { return import(rc, q); });
  }

 private:
  Pipeline& pipeline_;
};

// Everything between a client and an operation, with a clock and a log that the test holds.
class Served {
 public:
  // authenticator: null for development identity; denials: null for none. Both outlive this.
  explicit Served(Executor::Options options = {.threads = 4, .queue_limit = 16},
                  const Authenticator* authenticator = nullptr, DenialSink* denials = nullptr)
      : authenticator_(authenticator == nullptr ? development_ : *authenticator),
        executor_(options, clock),
        pipeline({authenticator_, executor_, clock, *logger_, metrics, denials}),
        reporting(pipeline),
        portfolio(pipeline) {}

  // Opens the port; `more` is served beside the two services. credentials: null for plain text.
  void Start(std::vector<grpc::Service*> more = {},
             std::shared_ptr<grpc::ServerCredentials> credentials = nullptr) {
    more.insert(more.end(), {&reporting, &portfolio});
    auto started =
        Server::Start({.listen = "127.0.0.1:0", .credentials = credentials}, authenticator_, more, *logger_);
    ASSERT_TRUE(started.ok()) << started.status();
    server = *std::move(started);
    channel = OpenChannel(server->address());
  }

  Client As(Role role, ClientOptions options = {}) {
    options.identity = DevelopmentIdentity({"ada@example.nhs.uk", {role}, "QOQ"});
    return Client(channel, options);
  }

  observe::Logger& logger() { return *logger_; }
  // Lines of the log so far.
  std::vector<std::string> Log() {
    absl::MutexLock lock(&log_mutex_);
    return log_;
  }

 private:
  absl::Mutex log_mutex_;
  std::vector<std::string> log_ ABSL_GUARDED_BY(log_mutex_);

 public:
  testing::FakeClock clock{absl::Now()};
  observe::Metrics metrics;

 private:
  DevelopmentAuthenticator development_;
  const Authenticator& authenticator_;
  std::unique_ptr<observe::Logger> logger_ =
      observe::Logger::ToFunction(observe::LogLevel::kInfo, [this](std::string_view line) {
        absl::MutexLock lock(&log_mutex_);
        log_.emplace_back(line);
      });
  Executor executor_;

 public:
  Pipeline pipeline;
  TestReporting reporting;
  TestPortfolio portfolio;
  std::unique_ptr<Server> server;
  std::shared_ptr<grpc::Channel> channel;
};

inline reporting::v1::GetRegionalReportRequest ReportOfY60() {
  reporting::v1::GetRegionalReportRequest request;
  request.set_region("Y60");
  request.set_financial_year("2025/26");
  return request;
}

inline portfolio::v1::ImportRecordsRequest OneFile(const std::string& content = "service_id,name\n") {
  portfolio::v1::ImportRecordsRequest request;
  request.add_files()->set_file_name("services.csv");
  request.mutable_files(0)->set_content(content);
  return request;
}

}  // namespace specom::rpc
