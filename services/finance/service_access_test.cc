// Proves who may call what and who sees what: every RPC with every role, and drafts that stay with
// those who brought them, alike for what does not exist.
#include <gmock/gmock.h>

#include <functional>

#include "services/finance/testing/service_fixture.h"
#include "specom/common/v1/access_service.grpc.pb.h"

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

// Methods that take the name of a draft.
constexpr const char* kOfDrafts[] = {"GetInputSet", "ListBaselineLines", "CreateRun",
                                     "GetRun",      "BatchGetRuns",      "ListAllocations",
                                     "CompareRuns", "ExplainAllocation", "ProjectAllocations"};

TEST_P(FinanceAccessTest, EachRoleReachesTheDraftsOfItsOrganisationAndARegionThoseOfItsRegion) {
  Platform platform(GetParam());
  // QOQ and QWO are of the region Y63, QHL is of Y60.
  const v1::Run run = platform.Compute(platform.Import(0, IcbTeam("QOQ")), IcbTeam("QOQ"));
  const auto calls = Calls(run);
  const auto runs_and_input_sets_of = [&](rpc::Client& client) {
    v1::ListInputSetsRequest drafts;
    drafts.set_financial_year("2026/27");
    return std::pair(client.Call(&Stub::ListRuns, {})->runs_size(),
                     client.Call(&Stub::ListInputSets, drafts)->input_sets_size());
  };
  for (Role role : kRoles) {
    if (role == Role::kAdministrator) continue;
    for (const std::string organisation : {"QOQ", "QWO", "QHL", "Y63", "Y60", ""}) {
      SCOPED_TRACE(std::string(ToString(role)) + " of " + organisation);
      const bool everything = role == Role::kNational || role == Role::kAuditor;
      const bool own = ActsForOrganisation(role) && organisation == "QOQ";
      const bool region = role == Role::kRegion && organisation == "Y63";
      const bool reached = everything || own || region;
      rpc::Client& client = platform.As({"someone@example.nhs.uk", {role}, organisation});
      EXPECT_EQ(runs_and_input_sets_of(client), (reached ? std::pair(1, 1) : std::pair(0, 0)));
      for (const std::string method : kOfDrafts) {
        const bool creates = method == "CreateRun";
        if (creates && role != Role::kRegion && role != Role::kIcb && role != Role::kNational) continue;
        // Asking for the run of a draft that one reaches makes one its holder.
        if (creates && reached && organisation != "QOQ") continue;
        const absl::Status status = calls.at(method)(client);
        if (creates && organisation.empty() && role != Role::kNational) {
          EXPECT_THAT(status, StatusIs(Code::kPermissionDenied, "MISSING_ORGANISATION")) << method;
        } else if (reached) {
          EXPECT_THAT(status, IsOk()) << method;
        } else {
          EXPECT_THAT(status, StatusIs(Code::kPermissionDenied, "NOT_VISIBLE")) << method;
        }
      }
    }
  }
}

TEST_P(FinanceAccessTest, ARegionsListsHaveItsOrganisationsDraftsOnEveryPage) {
  Platform platform(GetParam(), ProcessRole::kApi);
  const Principal region = {"finance@y63.example.nhs.uk", {Role::kRegion}, "Y63"};
  std::vector<std::string> own;
  for (int variant = 0; variant < 5; ++variant) {
    const Principal holder = variant % 2 == 0 ? IcbTeam("QWO") : IcbTeam("QHL");
    const v1::Run run = platform.Create(platform.Import(variant, holder), holder);
    if (variant % 2 == 0) own.insert(own.begin(), run.name());
  }
  own.insert(own.begin(), platform.Create(platform.Import(5, region), region).name());
  std::vector<std::string> listed;
  v1::ListRunsRequest request;
  request.set_page_size(1);
  do {
    auto page = platform.As(region).Call(&Stub::ListRuns, request);
    ASSERT_THAT(page, IsOk());
    for (const v1::Run& run : page->runs()) listed.push_back(run.name());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, own);
  // What the region brought is not its ICBs'.
  v1::GetRunRequest get;
  get.set_name(own.front());
  EXPECT_THAT(platform.As(IcbTeam("QWO")).Call(&Stub::GetRun, get),
              StatusIs(Code::kPermissionDenied, "NOT_VISIBLE"));
}

TEST_P(FinanceAccessTest, WhoNamesNoOrganisationChangesNothingAndIsToldWhatIsMissing) {
  Platform platform(GetParam());
  const std::string input_set = platform.Import(0);
  v1::Run run;
  run.set_input_set(input_set);
  const auto calls = Calls(run);
  for (Role role : {Role::kRegion, Role::kIcb}) {
    rpc::Client& client = platform.As({"someone@example.nhs.uk", {role}, ""});
    EXPECT_THAT(calls.at("CheckInputs")(client), IsOk());
    for (const char* method : {"ImportInputs", "CreateRun"}) {
      const absl::Status denied = calls.at(method)(client);
      EXPECT_THAT(denied, StatusIs(Code::kPermissionDenied, "MISSING_ORGANISATION"));
      EXPECT_THAT(std::string(denied.message()),
                  ::testing::HasSubstr("organisation that the caller acts for"));
    }
  }
}

TEST_P(FinanceAccessTest, AnAdministratorIsToldWhatAnotherReaches) {
  Platform platform(GetParam());
  const v1::Run run = platform.Compute(platform.Import(0, IcbTeam("QOQ")), IcbTeam("QOQ"));
  const Principal administrator = {"admin@example.nhs.uk", {Role::kAdministrator}, ""};
  auto explain = [&](common::v1::Role role, const std::string& organisation, const std::string& resource,
                     const std::string& method = "GetRun") {
    common::v1::ExplainAccessRequest request;
    request.set_method("specom.finance.v1.FinanceService/" + method);
    request.add_roles(role);
    request.set_organisation(organisation);
    request.set_resource(resource);
    return platform.As(administrator).Call(&common::v1::AccessService::Stub::ExplainAccess, request);
  };
  auto own = explain(common::v1::ROLE_ICB, "QOQ", run.name());
  ASSERT_THAT(own, IsOk());
  EXPECT_TRUE(own->allowed()) << own->ShortDebugString();
  EXPECT_THAT(explain(common::v1::ROLE_REGION, "Y63", run.input_set())->allowed(), true);
  auto other = explain(common::v1::ROLE_ICB, "QWO", run.name());
  EXPECT_FALSE(other->allowed());
  EXPECT_EQ(other->checks(other->checks_size() - 1).check(), "resource");
  EXPECT_THAT(other->checks(other->checks_size() - 1).finding(), ::testing::HasSubstr("you may not see"));
  // What is published and what has no rule of its own.
  EXPECT_TRUE(
      explain(common::v1::ROLE_STAKEHOLDER, "", "policies/specialised-2025-26", "GetPolicy")->allowed());
  auto publish = explain(common::v1::ROLE_REGION, "Y63", run.name(), "PublishRun");
  EXPECT_FALSE(publish->allowed());
  EXPECT_EQ(publish->checks(0).check(), "role");
  EXPECT_THAT(publish->checks(0).finding(), ::testing::HasSubstr("one of the roles national"));
  EXPECT_THAT(explain(common::v1::ROLE_ICB, "QOQ", "runs/not-a-run")->allowed(), false);
  EXPECT_THAT(explain(common::v1::ROLE_ICB, "QOQ", "", "NoSuchMethod"),
              StatusIs(Code::kNotFound, "UNKNOWN_METHOD"));
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
