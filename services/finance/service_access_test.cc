// Proves who may call what and who sees what: every RPC with every role, and drafts that stay with
// those who brought them, alike for what does not exist.
#include <gmock/gmock.h>

#include <functional>

#include "services/finance/testing/service_fixture.h"

namespace specom::finance {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using Code = absl::StatusCode;

class FinanceAccessTest : public ::testing::TestWithParam<store::Engine> {};

INSTANTIATE_TEST_SUITE_P(Engines, FinanceAccessTest,
                         ::testing::Values(store::Engine::kSqlite, store::Engine::kPostgresql), EngineName);

constexpr Role kRoles[] = {Role::kNational,       Role::kRegion,        Role::kIcb,
                           Role::kJointCommittee, Role::kProvider,      Role::kStakeholder,
                           Role::kAuditor,        Role::kAdministrator, Role::kService};

// Every method with a request that gets through to the operation.
std::map<std::string, std::function<absl::Status(rpc::Client&)>> Calls(const v1::Run& run) {
  std::map<std::string, std::function<absl::Status(rpc::Client&)>> calls;
  const std::string name = run.name(), input_set = run.input_set();
  calls["GetPolicy"] = [](rpc::Client& client) {
    v1::GetPolicyRequest request;
    request.set_name("policies/specialised-2025-26");
    return client.Call(&Stub::GetPolicy, request).status();
  };
  calls["ListPolicies"] = [](rpc::Client& client) { return client.Call(&Stub::ListPolicies, {}).status(); };
  calls["CheckInputs"] = [](rpc::Client& client) {
    v1::CheckInputsRequest request;
    *request.mutable_files() = Platform::ExampleMessage(0);
    return client.Call(&Stub::CheckInputs, request).status();
  };
  calls["ImportInputs"] = [](rpc::Client& client) {
    v1::ImportInputsRequest request;
    *request.mutable_files() = Platform::ExampleMessage(0);
    return client.Call(&Stub::ImportInputs, request).status();
  };
  calls["GetInputSet"] = [=](rpc::Client& client) {
    v1::GetInputSetRequest request;
    request.set_name(input_set);
    return client.Call(&Stub::GetInputSet, request).status();
  };
  calls["ListInputSets"] = [](rpc::Client& client) { return client.Call(&Stub::ListInputSets, {}).status(); };
  calls["ListBaselineLines"] = [=](rpc::Client& client) {
    v1::ListBaselineLinesRequest request;
    request.set_parent(input_set);
    return client.Call(&Stub::ListBaselineLines, request).status();
  };
  calls["CreateRun"] = [=](rpc::Client& client) {
    v1::CreateRunRequest request;
    request.set_input_set(input_set);
    return client.Call(&Stub::CreateRun, request).status();
  };
  calls["GetRun"] = [=](rpc::Client& client) {
    v1::GetRunRequest request;
    request.set_name(name);
    return client.Call(&Stub::GetRun, request).status();
  };
  calls["ListRuns"] = [](rpc::Client& client) { return client.Call(&Stub::ListRuns, {}).status(); };
  calls["BatchGetRuns"] = [=](rpc::Client& client) {
    v1::BatchGetRunsRequest request;
    request.add_names(name);
    return client.Call(&Stub::BatchGetRuns, request).status();
  };
  calls["ListAllocations"] = [=](rpc::Client& client) {
    v1::ListAllocationsRequest request;
    request.set_parent(name);
    return client.Call(&Stub::ListAllocations, request).status();
  };
  calls["ExplainAllocation"] = [=](rpc::Client& client) {
    v1::ExplainAllocationRequest request;
    request.set_run(name);
    request.set_icb("QOQ");
    return client.Call(&Stub::ExplainAllocation, request).status();
  };
  calls["CompareRuns"] = [=](rpc::Client& client) {
    v1::CompareRunsRequest request;
    request.set_base_run(name);
    request.set_other_run(name);
    return client.Call(&Stub::CompareRuns, request).status();
  };
  calls["ProjectAllocations"] = [=](rpc::Client& client) {
    v1::ProjectAllocationsRequest request;
    request.set_run(name);
    request.set_years(1);
    return client.Call(&Stub::ProjectAllocations, request).status();
  };
  calls["ApproveRun"] = [=](rpc::Client& client) {
    v1::ApproveRunRequest request;
    request.set_name(name);
    request.set_etag("v0");
    return client.Call(&Stub::ApproveRun, request).status();
  };
  calls["PublishRun"] = [=](rpc::Client& client) {
    v1::PublishRunRequest request;
    request.set_name(name);
    request.set_etag("v0");
    return client.Call(&Stub::PublishRun, request).status();
  };
  return calls;
}

TEST_P(FinanceAccessTest, EveryRpcWithEveryRole) {
  Platform platform(GetParam());
  const v1::Run run = platform.Publish(platform.Approve(platform.Compute(platform.Import(0))));
  const auto calls = Calls(run);
  const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
      "specom.finance.v1.FinanceService");
  ASSERT_NE(service, nullptr);
  ASSERT_EQ(static_cast<int>(calls.size()), service->method_count());
  for (int i = 0; i < service->method_count(); ++i) {
    const std::string method = service->method(i)->name();
    const bool for_national = method == "ApproveRun" || method == "PublishRun";
    const bool changes_drafts = method == "CheckInputs" || method == "ImportInputs" || method == "CreateRun";
    for (Role role : kRoles) {
      SCOPED_TRACE(method + " / " + std::string(ToString(role)));
      bool allowed = role != Role::kAdministrator;
      if (changes_drafts) allowed = role == Role::kNational || role == Role::kRegion || role == Role::kIcb;
      if (for_national) allowed = role == Role::kNational;
      const std::string word(ToString(role));
      const absl::Status status = calls.at(method)(platform.As({word + "@example.nhs.uk", {role}, "QOQ"}));
      if (!allowed) {
        EXPECT_THAT(status, StatusIs(Code::kPermissionDenied, "MISSING_ROLE"));
      } else if (for_national) {
        EXPECT_THAT(status, StatusIs(Code::kAborted, "STALE_ETAG"));
      } else {
        EXPECT_THAT(status, IsOk());
      }
    }
  }
}

TEST_P(FinanceAccessTest, DraftsAreSeenByThoseWhoBroughtThemAndPublishedRunsByEverybody) {
  Platform platform(GetParam());
  const Principal mine = IcbTeam("QOQ"), other = IcbTeam("QWO");
  const Principal auditor = {"auditor@example.nhs.uk", {Role::kAuditor}, ""};
  const std::string input_set = platform.Import(0, mine);
  v1::Run run = platform.Compute(input_set, mine);

  auto input_sets_of = [&](const Principal& who) {
    v1::ListInputSetsRequest request;
    request.set_financial_year("2026/27");
    return platform.As(who).Call(&Stub::ListInputSets, request)->input_sets_size();
  };
  auto runs_of = [&](const Principal& who) {
    return platform.As(who).Call(&Stub::ListRuns, {})->runs_size();
  };
  EXPECT_EQ(runs_of(mine), 1);
  EXPECT_EQ(runs_of(Approver()), 1);
  EXPECT_EQ(runs_of(auditor), 1);
  EXPECT_EQ(runs_of(other), 0);
  EXPECT_EQ(input_sets_of(mine), 1);
  EXPECT_EQ(input_sets_of(auditor), 1);
  EXPECT_EQ(input_sets_of(other), 0);

  // What the reads of a hidden thing say, and those of a thing that does not exist.
  const auto hidden = Calls(run);
  v1::Run nowhere;
  nowhere.set_name("runs/00000000000000000000");
  nowhere.set_input_set("inputSets/" + std::string(64, '0'));
  const auto missing = Calls(nowhere);
  for (const char* method : {"GetInputSet", "ListBaselineLines", "CreateRun", "GetRun", "BatchGetRuns",
                             "ListAllocations", "ExplainAllocation", "CompareRuns", "ProjectAllocations"}) {
    SCOPED_TRACE(method);
    EXPECT_THAT(hidden.at(method)(platform.As(other)), StatusIs(Code::kPermissionDenied, "NOT_VISIBLE"));
    EXPECT_THAT(missing.at(method)(platform.As(other)), StatusIs(Code::kPermissionDenied, "NOT_VISIBLE"));
    EXPECT_THAT(hidden.at(method)(platform.As(mine)), IsOk());
    EXPECT_THAT(missing.at(method)(platform.As(Approver())), StatusIs(Code::kNotFound));
  }

  run = platform.Publish(platform.Approve(run));
  EXPECT_EQ(runs_of(other), 1);
  EXPECT_EQ(input_sets_of(other), 1);
  EXPECT_THAT(hidden.at("ExplainAllocation")(platform.As(other)), IsOk());
  EXPECT_THAT(hidden.at("ListBaselineLines")(platform.As(other)), IsOk());

  const v1::Run next = platform.Publish(platform.Approve(platform.Compute(platform.Import(1))));
  EXPECT_EQ(platform.Get(run.name()).state(), v1::RUN_STATE_SUPERSEDED);
  EXPECT_THAT(hidden.at("ListAllocations")(platform.As(other)), IsOk()) << "superseded runs stay public";
}

TEST_P(FinanceAccessTest, WhoeverBringsTheSameInputsSeesWhatComesOfThem) {
  Platform platform(GetParam());
  const v1::Run run = platform.Compute(platform.Import(0, IcbTeam("QOQ")), IcbTeam("QOQ"));
  const auto calls = Calls(run);
  EXPECT_THAT(calls.at("GetRun")(platform.As(IcbTeam("QWO"))),
              StatusIs(Code::kPermissionDenied, "NOT_VISIBLE"));
  EXPECT_EQ(platform.Import(0, IcbTeam("QWO")), run.input_set());
  EXPECT_EQ(platform.Compute(run.input_set(), IcbTeam("QWO")).name(), run.name());
  EXPECT_THAT(calls.at("GetRun")(platform.As(IcbTeam("QWO"))), IsOk());
  EXPECT_EQ(platform.Get(run.name()).created_by(), IcbTeam("QOQ").user);
}

}  // namespace
}  // namespace specom::finance
