// For tests: finance in this process, over real gRPC, on a database of its own; callers of any role.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "google/longrunning/operations.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/rpc/client.h"
#include "libs/rpc/service_host.h"
#include "libs/store/test_database.h"
#include "libs/testing/status_matchers.h"
#include "services/finance/service.h"
#include "services/finance/testing/example_inputs.h"
#include "specom/finance/v1/finance_service.grpc.pb.h"

namespace specom::finance {

using Stub = v1::FinanceService::Stub;
using OperationsStub = google::longrunning::Operations::Stub;

inline Principal Author() {
  return {"author@example.nhs.uk", {Role::kNational}, ""};
}
inline Principal Approver() {
  return {"approver@example.nhs.uk", {Role::kNational}, ""};
}
inline Principal IcbTeam(const std::string& icb) {
  return {"finance@" + icb + ".example.nhs.uk", {Role::kIcb}, icb};
}

class Platform {
 public:
  // kApi: nothing computes, so that runs stay as they are put.
  // portfolio_endpoint: as FinanceConfig's. host_config: what shall be other than for a test on its own.
  explicit Platform(store::Engine engine, ProcessRole role = ProcessRole::kBoth,
                    std::function<std::string()> portfolio_endpoint = {}, rpc::HostConfig host_config = {})
      : database_(engine) {
    store_ = database_.Open(clock_);
    host_config.program = "specom-finance";
    host_config.identity = "development";
    host_config.log_level = observe::LogLevel::kError;
    auto host = rpc::ServiceHost::Create(host_config);
    EXPECT_TRUE(host.ok()) << host.status();
    if (!host.ok() || store_ == nullptr) return;
    host_ = *std::move(host);
    FinanceConfig config;
    config.role = role;
    config.portfolio_endpoint = std::move(portfolio_endpoint);
    auto module = NewFinanceModule(config, *store_, host_->host());
    EXPECT_TRUE(module.ok()) << module.status();
    if (!module.ok()) return;
    host_->Add(*std::move(module));
    EXPECT_TRUE(host_->Migrate().ok());
    const absl::Status started = host_->Start();
    EXPECT_TRUE(started.ok()) << started;
    channel_ = rpc::OpenChannel(host_->address());
  }

  store::Store& store() { return *store_; }
  rpc::ServiceHost& host() { return *host_; }

  rpc::Client& As(const Principal& principal) {
    std::string key = principal.user + "/" + principal.organisation;
    for (Role role : principal.roles) key += std::string("/") + std::string(ToString(role));
    std::unique_ptr<rpc::Client>& client = clients_[key];
    if (client == nullptr) {
      rpc::ClientOptions options;
      options.identity = rpc::DevelopmentIdentity(principal);
      client = std::make_unique<rpc::Client>(channel_, options);
    }
    return *client;
  }

  // The name of the imported variant of the example.
  std::string Import(int variant, const Principal& by = Author()) {
    v1::ImportInputsRequest request;
    *request.mutable_files() = ExampleMessage(variant);
    auto record = As(by).Call(&Stub::ImportInputs, request);
    EXPECT_TRUE(record.ok()) << record.status();
    return record.ok() ? record->name() : "";
  }

  // The run on the input set as it is once asked for.
  v1::Run Create(const std::string& input_set, const Principal& by = Author()) {
    v1::CreateRunRequest request;
    request.set_input_set(input_set);
    return RunOf(As(by).Call(&Stub::CreateRun, request));
  }

  // The run on the input set once it is computed.
  v1::Run Compute(const std::string& input_set, const Principal& by = Author()) {
    v1::CreateRunRequest request;
    request.set_input_set(input_set);
    return Finish(request, by);
  }

  v1::Run ComputeReference(const Principal& by = Author()) {
    v1::CreateRunRequest request;
    request.set_stream("specialised");
    request.set_financial_year("2025/26");
    return Finish(request, by);
  }

  v1::Run Approve(const v1::Run& run) {
    v1::ApproveRunRequest request;
    request.set_name(run.name());
    request.set_etag(run.etag());
    auto approved = As(Approver()).Call(&Stub::ApproveRun, request);
    EXPECT_TRUE(approved.ok()) << approved.status();
    return approved.ok() ? *approved : v1::Run();
  }

  v1::Run Publish(const v1::Run& run) {
    v1::PublishRunRequest request;
    request.set_name(run.name());
    request.set_etag(run.etag());
    auto published = As(Approver()).Call(&Stub::PublishRun, request);
    EXPECT_TRUE(published.ok()) << published.status();
    return published.ok() ? *published : v1::Run();
  }

  v1::Run Get(const std::string& name) {
    v1::GetRunRequest request;
    request.set_name(name);
    auto run = As(Author()).Call(&Stub::GetRun, request);
    EXPECT_TRUE(run.ok()) << run.status();
    return run.ok() ? *run : v1::Run();
  }

  // Puts the run into a state without the way there.
  void SetState(const std::string& name, RunState state) {
    const absl::Status done = store_->Write(RequestContext(), [&](store::UnitOfWork& work) {
      return work
          .Execute({.name = "test.set_state", .sql = "UPDATE run SET state = :p1 WHERE run_id = :p2"},
                   {std::string(ToString(state)), RunIdFrom(name).value()})
          .status();
    });
    EXPECT_TRUE(done.ok()) << done;
  }

  // The payload types of the events about the resource, in their order.
  std::vector<std::string> EventsOf(const std::string& subject) {
    std::map<std::int64_t, std::string> types;
    auto add = [&](const std::vector<store::OutboxRecord>& records) {
      for (const store::OutboxRecord& record : records) {
        if (record.event.subject == subject) types[record.sequence] = record.event.type;
      }
    };
    add(store_->UnpublishedEvents(10'000).value());
    for (const char* topic : {"specom.finance", "specom.finance.jobs"}) {
      add(store_->PublishedEvents(topic, 0, 10'000).value());
    }
    std::vector<std::string> ordered;
    for (auto& [sequence, type] : types) ordered.push_back(type);
    return ordered;
  }

  static v1::InputFiles ExampleMessage(int variant) {
    const InputFiles files = ExampleFiles(variant);
    v1::InputFiles message;
    message.set_baseline_csv(files.baseline_csv);
    message.set_need_csv(files.need_csv);
    message.set_policy_json(files.policy_json);
    return message;
  }

 private:
  v1::Run RunOf(const absl::StatusOr<google::longrunning::Operation>& operation) {
    EXPECT_TRUE(operation.ok()) << operation.status();
    v1::RunProgress progress;
    if (!operation.ok() || !operation->metadata().UnpackTo(&progress)) return {};
    return Get(progress.run());
  }

  v1::Run Finish(const v1::CreateRunRequest& request, const Principal& by) {
    auto operation = As(by).Call(&Stub::CreateRun, request);
    EXPECT_TRUE(operation.ok()) << operation.status();
    if (!operation.ok()) return {};
    google::longrunning::WaitOperationRequest wait;
    wait.set_name(operation->name());
    wait.mutable_timeout()->set_seconds(60);
    operation = As(by).Call(&OperationsStub::WaitOperation, wait);
    EXPECT_TRUE(operation.ok()) << operation.status();
    v1::Run run;
    EXPECT_TRUE(operation.ok() && operation->done() && operation->response().UnpackTo(&run))
        << (operation.ok() ? operation->ShortDebugString() : "");
    return run;
  }

  SystemClock clock_;
  store::TestDatabase database_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<rpc::ServiceHost> host_;
  std::shared_ptr<grpc::Channel> channel_;
  std::map<std::string, std::unique_ptr<rpc::Client>> clients_;
};

inline std::string EngineName(const ::testing::TestParamInfo<store::Engine>& engine) {
  return std::string(store::ToString(engine.param));
}

}  // namespace specom::finance
