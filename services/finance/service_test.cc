// Proves finance as its callers see it, over real gRPC on both engines: every RPC with its happy way
// and its reasons, from inputs to publication.
#include "services/finance/service.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/finance/testing/service_fixture.h"
#include "specom/events/v1/events.pb.h"

namespace specom::finance {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Code = absl::StatusCode;

class FinanceServiceTest : public ::testing::TestWithParam<store::Engine> {};

INSTANTIATE_TEST_SUITE_P(Engines, FinanceServiceTest,
                         ::testing::Values(store::Engine::kSqlite, store::Engine::kPostgresql), EngineName);

// Whole thousands of pounds, as published; the amount is positive.
std::int64_t InThousands(std::int64_t pence) {
  return (pence + 50'000) / 100'000;
}

constexpr char kUnknownRun[] = "runs/00000000000000000000";

TEST_P(FinanceServiceTest, TheMainJobFromReferenceInputsToPublication) {
  Platform platform(GetParam());
  rpc::Client& author = platform.As(Author());

  v1::Run run = platform.ComputeReference();
  EXPECT_EQ(run.state(), v1::RUN_STATE_COMPUTED);
  EXPECT_EQ(run.created_by(), "author@example.nhs.uk");
  EXPECT_EQ(run.published_comparison().icbs_equal(), 42);
  EXPECT_EQ(run.published_comparison().icbs_compared(), 42);
  EXPECT_EQ(run.published_comparison().icbs_different_size(), 0);
  EXPECT_EQ(run.allocation_pence(), 20'724'410'000'00);

  v1::ListAllocationsRequest list;
  list.set_parent(run.name());
  auto icbs = author.Call(&Stub::ListAllocations, list);
  ASSERT_THAT(icbs, IsOk());
  EXPECT_EQ(icbs->allocations_size(), 42);
  EXPECT_EQ(icbs->next_page_token(), "");
  list.set_level(v1::ALLOCATION_LEVEL_REGION);
  EXPECT_EQ(author.Call(&Stub::ListAllocations, list)->allocations_size(), 7);
  list.set_level(v1::ALLOCATION_LEVEL_ENGLAND);
  auto england = author.Call(&Stub::ListAllocations, list);
  ASSERT_THAT(england, IsOk());
  ASSERT_EQ(england->allocations_size(), 1);
  EXPECT_EQ(InThousands(england->allocations(0).resource_allocation_pence()), 15'872'440);
  EXPECT_EQ(InThousands(england->allocations(0).taken_out_pence()), 6'929'206);

  v1::ExplainAllocationRequest explain;
  explain.set_run(run.name());
  explain.set_icb("QOQ");
  auto explanation = author.Call(&Stub::ExplainAllocation, explain);
  ASSERT_THAT(explanation, IsOk());
  EXPECT_GT(explanation->baseline_lines_size(), 5);
  EXPECT_GT(explanation->steps_size(), 5);
  for (const v1::Step& step : explanation->steps()) {
    EXPECT_FALSE(step.formula().empty()) << step.step();
    EXPECT_FALSE(step.sentence().empty()) << step.step();
  }

  v1::ProjectAllocationsRequest project;
  project.set_run(run.name());
  project.set_years(3);
  auto projection = author.Call(&Stub::ProjectAllocations, project);
  ASSERT_THAT(projection, IsOk());
  EXPECT_EQ(projection->rows_size(), 42);
  EXPECT_EQ(projection->rows(0).years_size(), 3);
  EXPECT_EQ(projection->england().years_size(), 3);
  EXPECT_EQ(projection->tolerance(), 0.01);

  run = platform.Approve(run);
  EXPECT_EQ(run.state(), v1::RUN_STATE_APPROVED);
  EXPECT_EQ(run.approved_by(), "approver@example.nhs.uk");
  run = platform.Publish(run);
  EXPECT_EQ(run.state(), v1::RUN_STATE_PUBLISHED);
  EXPECT_TRUE(run.has_publish_time());

  EXPECT_THAT(platform.EventsOf(run.name()),
              ElementsAre("specom.events.v1.RunRequested", "specom.events.v1.RunCompleted",
                          "specom.events.v1.RunApproved", "specom.events.v1.AllocationPublished"));
}

TEST_P(FinanceServiceTest, ThePublicationEventHoldsEveryAllocation) {
  Platform platform(GetParam(), ProcessRole::kBoth);
  v1::Run run = platform.Publish(platform.Approve(platform.Compute(platform.Import(0))));
  std::vector<store::OutboxRecord> records = platform.store().UnpublishedEvents(1000).value();
  for (auto& record : platform.store().PublishedEvents("specom.finance", 0, 1000).value())
    records.push_back(record);
  int found = 0;
  for (const store::OutboxRecord& record : records) {
    if (record.event.type != "specom.events.v1.AllocationPublished") continue;
    events::v1::AllocationPublished payload;
    ASSERT_TRUE(payload.ParseFromString(record.event.data));
    EXPECT_EQ(payload.run().name(), run.name());
    EXPECT_EQ(payload.run().state(), v1::RUN_STATE_PUBLISHED);
    // Three ICBs, two regions and England.
    EXPECT_EQ(payload.allocations_size(), 6);
    EXPECT_EQ(payload.year_start().year(), 2026);
    EXPECT_EQ(payload.year_start().month(), 4);
    EXPECT_EQ(payload.year_start().day(), 1);
    ++found;
  }
  EXPECT_EQ(found, 1);
}

TEST_P(FinanceServiceTest, PoliciesAreListedAndGot) {
  Platform platform(GetParam(), ProcessRole::kApi);
  rpc::Client& author = platform.As(Author());
  auto all = author.Call(&Stub::ListPolicies, {});
  ASSERT_THAT(all, IsOk());
  EXPECT_GE(all->policies_size(), 10);
  v1::ListPoliciesRequest core;
  core.set_stream("core");
  auto of_core = author.Call(&Stub::ListPolicies, core);
  ASSERT_THAT(of_core, IsOk());
  EXPECT_EQ(of_core->policies_size(), 3);
  v1::GetPolicyRequest get;
  get.set_name("policies/specialised-2025-26");
  auto policy = author.Call(&Stub::GetPolicy, get);
  ASSERT_THAT(policy, IsOk());
  EXPECT_EQ(policy->name(), get.name());
  EXPECT_EQ(policy->base_growth().rate(), 0.0528);
  get.set_name("policies/specialised-2035-36");
  EXPECT_THAT(author.Call(&Stub::GetPolicy, get), StatusIs(Code::kNotFound, "POLICY_NOT_FOUND"));
  get.set_name("specialised");
  EXPECT_THAT(author.Call(&Stub::GetPolicy, get), StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
}

TEST_P(FinanceServiceTest, BadFilesGetEveryProblemAndNothingIsStored) {
  Platform platform(GetParam(), ProcessRole::kApi);
  rpc::Client& author = platform.As(Author());
  v1::CheckInputsRequest check;
  *check.mutable_files() = Platform::ExampleMessage(0);
  auto sound = author.Call(&Stub::CheckInputs, check);
  ASSERT_THAT(sound, IsOk());
  EXPECT_EQ(sound->problems_size(), 0);

  check.mutable_files()->set_baseline_csv(
      "icb,component,reason,amount_gbp\nQOQ,physical_health,Opening,12x\nZZZ,chocolate,Opening,1.00\n");
  auto problems = author.Call(&Stub::CheckInputs, check);
  ASSERT_THAT(problems, IsOk());
  ASSERT_GE(problems->problems_size(), 3);
  const v1::InputProblem& first = problems->problems(0);
  EXPECT_EQ(first.file(), "baseline.csv");
  EXPECT_EQ(first.row(), 2);
  EXPECT_EQ(first.column(), "amount_gbp");
  EXPECT_EQ(first.value(), "12x");

  auto count = [&] {
    auto listed = author.Call(&Stub::ListInputSets, {});
    EXPECT_THAT(listed, IsOk());
    return listed.ok() ? listed->input_sets_size() : -1;
  };
  const int before = count();
  v1::ImportInputsRequest import;
  *import.mutable_files() = check.files();
  auto refused = author.Call(&Stub::ImportInputs, import);
  EXPECT_THAT(refused, StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  std::vector<FieldViolation> violations = FieldViolationsOf(refused.status());
  EXPECT_GE(violations.size(), 3u);
  EXPECT_EQ(violations[0].field, "files.baseline_csv");
  EXPECT_THAT(violations[0].description, HasSubstr("row 2"));
  EXPECT_EQ(count(), before);
}

TEST_P(FinanceServiceTest, ReferenceInputsAreThereFromTheStart) {
  Platform platform(GetParam(), ProcessRole::kApi);
  rpc::Client& caller = platform.As({"provider@example.nhs.uk", {Role::kProvider}, "RJ1"});
  v1::ListInputSetsRequest list;
  list.set_stream("specialised");
  list.set_financial_year("2025/26");
  auto sets = caller.Call(&Stub::ListInputSets, list);
  ASSERT_THAT(sets, IsOk());
  ASSERT_EQ(sets->input_sets_size(), 1);
  EXPECT_TRUE(sets->input_sets(0).reference());
  EXPECT_EQ(sets->input_sets(0).icb_count(), 42);
  EXPECT_EQ(InThousands(sets->input_sets(0).baseline_pence()), 19'695'264);
  v1::GetInputSetRequest get;
  get.set_name(sets->input_sets(0).name());
  auto got = caller.Call(&Stub::GetInputSet, get);
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->SerializeAsString(), sets->input_sets(0).SerializeAsString());
  v1::ListBaselineLinesRequest lines;
  lines.set_parent(get.name());
  lines.set_icb("QOQ");
  auto of_icb = caller.Call(&Stub::ListBaselineLines, lines);
  ASSERT_THAT(of_icb, IsOk());
  EXPECT_GT(of_icb->lines_size(), 5);
  for (const v1::BaselineLine& line : of_icb->lines()) EXPECT_EQ(line.icb(), "QOQ");
}

TEST_P(FinanceServiceTest, TheSameContentIsTheSameInputSetAndTheSameInputsAreTheSameRun) {
  Platform platform(GetParam());
  const std::string first = platform.Import(0);
  EXPECT_EQ(platform.Import(0), first);
  EXPECT_NE(platform.Import(1), first);
  const v1::Run run = platform.Compute(first);
  const v1::Run again = platform.Compute(first, Approver());
  EXPECT_EQ(again.SerializeAsString(), run.SerializeAsString());
  EXPECT_NE(platform.Compute(platform.Import(1)).name(), run.name());
}

TEST(FinanceDeterminism, TheSameInputsGiveTheSameBytesOnBothEngines) {
  std::set<std::string> digests, allocations, names;
  for (store::Engine engine : {store::Engine::kSqlite, store::Engine::kPostgresql}) {
    Platform platform(engine);
    const v1::Run run = platform.ComputeReference();
    names.insert(run.name());
    digests.insert(run.result_digest());
    v1::ListAllocationsRequest list;
    list.set_parent(run.name());
    auto icbs = platform.As(Author()).Call(&Stub::ListAllocations, list);
    ASSERT_THAT(icbs, IsOk());
    allocations.insert(icbs->SerializeAsString());
  }
  EXPECT_EQ(names.size(), 1u);
  EXPECT_EQ(digests.size(), 1u);
  EXPECT_EQ(allocations.size(), 1u);
}

TEST_P(FinanceServiceTest, NamesThatAreNoneAndThingsThatAreNotThere) {
  Platform platform(GetParam(), ProcessRole::kApi);
  rpc::Client& author = platform.As(Author());
  v1::GetRunRequest get;
  EXPECT_THAT(author.Call(&Stub::GetRun, get), StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  get.set_name("runs/x");
  EXPECT_THAT(author.Call(&Stub::GetRun, get), StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  get.set_name(kUnknownRun);
  EXPECT_THAT(author.Call(&Stub::GetRun, get), StatusIs(Code::kNotFound, "RUN_NOT_FOUND"));
  v1::GetInputSetRequest input_set;
  input_set.set_name(absl::StrCat("inputSets/", std::string(64, '0')));
  EXPECT_THAT(author.Call(&Stub::GetInputSet, input_set), StatusIs(Code::kNotFound, "INPUT_SET_NOT_FOUND"));
  v1::CreateRunRequest create;
  EXPECT_THAT(author.Call(&Stub::CreateRun, create), StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  create.set_stream("specialised");
  EXPECT_THAT(author.Call(&Stub::CreateRun, create), StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  create.set_financial_year("2035/36");
  auto none = author.Call(&Stub::CreateRun, create);
  EXPECT_THAT(none, StatusIs(Code::kNotFound, "NO_REFERENCE_INPUTS"));
  EXPECT_THAT(ErrorMetadataOf(none.status())["known"], HasSubstr("specialised 2025/26"));
  create.set_input_set(input_set.name());
  EXPECT_THAT(author.Call(&Stub::CreateRun, create), StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  v1::BatchGetRunsRequest batch;
  for (int i = 0; i < 101; ++i) batch.add_names(kUnknownRun);
  EXPECT_THAT(author.Call(&Stub::BatchGetRuns, batch), StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
}

TEST_P(FinanceServiceTest, RunsAreGotInTheOrderAskedForAndOneThatIsMissingFailsAll) {
  Platform platform(GetParam(), ProcessRole::kApi);
  rpc::Client& author = platform.As(Author());
  const v1::Run a = platform.Create(platform.Import(1)), b = platform.Create(platform.Import(2));
  v1::BatchGetRunsRequest batch;
  batch.add_names(b.name());
  batch.add_names(a.name());
  auto runs = author.Call(&Stub::BatchGetRuns, batch);
  ASSERT_THAT(runs, IsOk());
  ASSERT_EQ(runs->runs_size(), 2);
  EXPECT_EQ(runs->runs(0).name(), b.name());
  EXPECT_EQ(runs->runs(1).name(), a.name());
  batch.add_names(kUnknownRun);
  EXPECT_THAT(author.Call(&Stub::BatchGetRuns, batch), StatusIs(Code::kNotFound, "RUN_NOT_FOUND"));
}

TEST_P(FinanceServiceTest, ExplainCompareAndProjectSayWhyTheyCannot) {
  Platform platform(GetParam());
  rpc::Client& author = platform.As(Author());
  const v1::Run run = platform.Compute(platform.Import(0));
  v1::ExplainAllocationRequest explain;
  explain.set_run(run.name());
  explain.set_icb("QZZ");
  EXPECT_THAT(author.Call(&Stub::ExplainAllocation, explain), StatusIs(Code::kNotFound, "ICB_NOT_FOUND"));

  v1::ProjectAllocationsRequest project;
  project.set_run(run.name());
  project.set_years(51);
  EXPECT_THAT(author.Call(&Stub::ProjectAllocations, project),
              StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));

  const v1::Run other = platform.Compute(platform.Import(1));
  v1::CompareRunsRequest compare;
  compare.set_base_run(run.name());
  compare.set_other_run(other.name());
  auto comparison = author.Call(&Stub::CompareRuns, compare);
  ASSERT_THAT(comparison, IsOk());
  EXPECT_EQ(comparison->rows_size(), 3);
  EXPECT_NE(comparison->england().difference_pence(), 0);
  EXPECT_GT(comparison->input_differences_size(), 0);

  v1::CreateRunRequest core;
  core.set_stream("core");
  core.set_financial_year("2025/26");
  auto operation = author.Call(&Stub::CreateRun, core);
  ASSERT_THAT(operation, IsOk());
  google::longrunning::WaitOperationRequest wait;
  wait.set_name(operation->name());
  operation = author.Call(&OperationsStub::WaitOperation, wait);
  ASSERT_THAT(operation, IsOk());
  v1::Run core_run;
  ASSERT_TRUE(operation->response().UnpackTo(&core_run));
  EXPECT_EQ(core_run.published_comparison().icbs_equal(), 42);
  compare.set_other_run(core_run.name());
  EXPECT_THAT(author.Call(&Stub::CompareRuns, compare),
              StatusIs(Code::kFailedPrecondition, "STREAMS_DIFFER"));
}

TEST_P(FinanceServiceTest, ARunOfAnotherMethodIsShownButNotWorkedThroughAgain) {
  Platform platform(GetParam());
  rpc::Client& author = platform.As(Author());
  const v1::Run run = platform.Compute(platform.Import(0));
  ASSERT_THAT(platform.store().Write(RequestContext(),
                                     [](store::UnitOfWork& work) {
                                       return work
                                           .Execute({.name = "test.set_method",
                                                     .sql = "UPDATE run SET method_version = '0'"})
                                           .status();
                                     }),
              IsOk());
  v1::ExplainAllocationRequest explain;
  explain.set_run(run.name());
  explain.set_icb("QOQ");
  EXPECT_THAT(author.Call(&Stub::ExplainAllocation, explain),
              StatusIs(Code::kFailedPrecondition, "METHOD_CHANGED"));
  v1::ListAllocationsRequest list;
  list.set_parent(run.name());
  EXPECT_THAT(author.Call(&Stub::ListAllocations, list), IsOk());
}

// What each state allows, as callers see it: every state with every RPC that looks at it.
TEST_P(FinanceServiceTest, EveryStateWithEveryAction) {
  Platform platform(GetParam(), ProcessRole::kApi);
  rpc::Client& approver = platform.As(Approver());
  const v1::Run created = platform.Create(platform.Import(0));
  const std::string& name = created.name();
  for (RunState state : kRunStates) {
    SCOPED_TRACE(ToString(state));
    const bool has_figures =
        state != RunState::kQueued && state != RunState::kComputing && state != RunState::kFailed;
    auto put = [&] {
      platform.SetState(name, state);
      return platform.Get(name);
    };

    v1::ListAllocationsRequest list;
    list.set_parent(put().name());
    auto listed = approver.Call(&Stub::ListAllocations, list);
    EXPECT_EQ(listed.ok(), has_figures) << listed.status();
    if (!has_figures) {
      EXPECT_THAT(listed, StatusIs(Code::kFailedPrecondition, "RUN_STATE"));
      EXPECT_EQ(ErrorMetadataOf(listed.status())["state"], ToString(state));
    }
    v1::ExplainAllocationRequest explain;
    explain.set_run(name);
    explain.set_icb("QOQ");
    EXPECT_EQ(approver.Call(&Stub::ExplainAllocation, explain).ok(), has_figures);
    v1::ProjectAllocationsRequest project;
    project.set_run(name);
    project.set_years(1);
    EXPECT_EQ(approver.Call(&Stub::ProjectAllocations, project).ok(), has_figures);

    google::longrunning::GetOperationRequest get_operation;
    get_operation.set_name("operations/" + RunIdFrom(name).value());
    auto operation = approver.Call(&OperationsStub::GetOperation, get_operation);
    ASSERT_THAT(operation, IsOk());
    EXPECT_EQ(operation->done(), IsFinished(state));
    EXPECT_EQ(operation->has_error(), state == RunState::kFailed);
    EXPECT_EQ(operation->has_response(), has_figures);

    v1::ApproveRunRequest approve;
    approve.set_name(name);
    approve.set_etag(put().etag());
    auto approved = approver.Call(&Stub::ApproveRun, approve);
    if (state == RunState::kComputed) {
      ASSERT_THAT(approved, IsOk());
      EXPECT_EQ(approved->state(), v1::RUN_STATE_APPROVED);
    } else {
      EXPECT_THAT(approved, StatusIs(Code::kFailedPrecondition, "RUN_STATE"));
    }

    v1::PublishRunRequest publish;
    publish.set_name(name);
    publish.set_etag(put().etag());
    auto published = approver.Call(&Stub::PublishRun, publish);
    if (state == RunState::kApproved) {
      ASSERT_THAT(published, IsOk());
      EXPECT_EQ(published->state(), v1::RUN_STATE_PUBLISHED);
    } else {
      EXPECT_THAT(published, StatusIs(Code::kFailedPrecondition, "RUN_STATE"));
    }

    put();
    const v1::Run again = platform.Create(created.input_set());
    EXPECT_EQ(again.name(), name);
    const v1::RunState expected =
        state == RunState::kFailed ? v1::RUN_STATE_QUEUED : platform.Get(name).state();
    EXPECT_EQ(again.state(), expected);
    if (state == RunState::kFailed) {
      EXPECT_EQ(platform.EventsOf(name).back(), "specom.events.v1.RunRequested");
    }
  }
}

TEST_P(FinanceServiceTest, TheApproverIsNeverTheAuthorAndSeesTheLatest) {
  Platform platform(GetParam());
  const v1::Run run = platform.Compute(platform.Import(0));
  v1::ApproveRunRequest approve;
  approve.set_name(run.name());
  approve.set_etag("v0");
  EXPECT_THAT(platform.As(Author()).Call(&Stub::ApproveRun, approve), StatusIs(Code::kAborted, "STALE_ETAG"));
  approve.set_etag(run.etag());
  auto refused = platform.As(Author()).Call(&Stub::ApproveRun, approve);
  EXPECT_THAT(refused, StatusIs(Code::kFailedPrecondition, "APPROVER_IS_AUTHOR"));
  EXPECT_EQ(platform.Get(run.name()).state(), v1::RUN_STATE_COMPUTED);
  const v1::Run approved = platform.Approve(run);
  EXPECT_NE(approved.etag(), run.etag());
  v1::PublishRunRequest publish;
  publish.set_name(run.name());
  publish.set_etag(run.etag());
  EXPECT_THAT(platform.As(Author()).Call(&Stub::PublishRun, publish), StatusIs(Code::kAborted, "STALE_ETAG"));
}

TEST_P(FinanceServiceTest, PublishingSupersedesTheEarlierRunOfTheSameStreamAndYear) {
  Platform platform(GetParam());
  const v1::Run first = platform.Publish(platform.Approve(platform.Compute(platform.Import(0))));
  const v1::Run reference = platform.Publish(platform.Approve(platform.ComputeReference()));
  const v1::Run second = platform.Publish(platform.Approve(platform.Compute(platform.Import(1))));
  const v1::Run superseded = platform.Get(first.name());
  EXPECT_EQ(superseded.state(), v1::RUN_STATE_SUPERSEDED);
  EXPECT_EQ(superseded.superseded_by(), second.name());
  EXPECT_EQ(platform.EventsOf(first.name()).back(), "specom.events.v1.RunSuperseded");
  EXPECT_EQ(platform.EventsOf(second.name()).back(), "specom.events.v1.AllocationPublished");
  EXPECT_EQ(platform.Get(second.name()).state(), v1::RUN_STATE_PUBLISHED);
  EXPECT_EQ(platform.Get(reference.name()).state(), v1::RUN_STATE_PUBLISHED) << "another year";
}

TEST_P(FinanceServiceTest, ManyWhoAskForTheSameRunAtOnceGetOne) {
  Platform platform(GetParam());
  constexpr int kCallers = 6;
  const v1::InputFiles files = Platform::ExampleMessage(0);
  std::vector<rpc::Client*> clients;
  for (int i = 0; i < kCallers; ++i)
    clients.push_back(&platform.As({absl::StrCat("user-", i), {Role::kIcb}, "QOQ"}));
  std::vector<std::string> operations(kCallers);
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&, i] {
      v1::ImportInputsRequest import;
      *import.mutable_files() = files;
      auto record = clients[i]->Call(&Stub::ImportInputs, import);
      ASSERT_THAT(record, IsOk());
      v1::CreateRunRequest create;
      create.set_input_set(record->name());
      auto operation = clients[i]->Call(&Stub::CreateRun, create);
      ASSERT_THAT(operation, IsOk());
      operations[i] = operation->name();
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_THAT(operations, ::testing::Each(operations[0]));
  const v1::Run run = platform.Compute(platform.Import(0));
  const std::vector<std::string> events = platform.EventsOf(run.name());
  EXPECT_EQ(std::count(events.begin(), events.end(), "specom.events.v1.RunRequested"), 1);
}

TEST_P(FinanceServiceTest, OfRunsThatArePublishedAtOnceOneIsInForce) {
  Platform platform(GetParam());
  constexpr int kRuns = 4;
  std::vector<v1::Run> runs;
  for (int variant = 0; variant < kRuns; ++variant) {
    runs.push_back(platform.Approve(platform.Compute(platform.Import(variant))));
  }
  rpc::Client& publisher = platform.As(Approver());
  std::vector<std::thread> callers;
  for (const v1::Run& run : runs) {
    callers.emplace_back([&publisher, &run] {
      v1::PublishRunRequest publish;
      publish.set_name(run.name());
      publish.set_etag(run.etag());
      publish.set_request_id(NewUuid());
      EXPECT_THAT(publisher.Call(&Stub::PublishRun, publish), IsOk());
    });
  }
  for (std::thread& caller : callers) caller.join();
  int published = 0, superseded = 0;
  for (const v1::Run& run : runs) {
    const v1::RunState state = platform.Get(run.name()).state();
    published += state == v1::RUN_STATE_PUBLISHED;
    superseded += state == v1::RUN_STATE_SUPERSEDED;
  }
  EXPECT_EQ(published, 1);
  EXPECT_EQ(superseded, kRuns - 1);
}

TEST_P(FinanceServiceTest, ValidateOnlyMakesEveryCheckAndStoresNothing) {
  Platform platform(GetParam());
  rpc::Client& approver = platform.As(Approver());
  v1::ImportInputsRequest import;
  *import.mutable_files() = Platform::ExampleMessage(0);
  import.set_validate_only(true);
  auto preview = approver.Call(&Stub::ImportInputs, import);
  ASSERT_THAT(preview, IsOk());
  v1::GetInputSetRequest get;
  get.set_name(preview->name());
  EXPECT_THAT(approver.Call(&Stub::GetInputSet, get), StatusIs(Code::kNotFound, "INPUT_SET_NOT_FOUND"));

  v1::CreateRunRequest create;
  create.set_validate_only(true);
  create.set_input_set(preview->name());
  EXPECT_THAT(approver.Call(&Stub::CreateRun, create), StatusIs(Code::kNotFound, "INPUT_SET_NOT_FOUND"));
  EXPECT_EQ(platform.Import(0), preview->name());
  auto operation = approver.Call(&Stub::CreateRun, create);
  ASSERT_THAT(operation, IsOk());
  v1::RunProgress progress;
  ASSERT_TRUE(operation->metadata().UnpackTo(&progress));
  v1::GetRunRequest get_run;
  get_run.set_name(progress.run());
  EXPECT_THAT(approver.Call(&Stub::GetRun, get_run), StatusIs(Code::kNotFound, "RUN_NOT_FOUND"));

  const v1::Run run = platform.Compute(preview->name());
  EXPECT_EQ(run.name(), progress.run());
  v1::ApproveRunRequest approve;
  approve.set_name(run.name());
  approve.set_etag(run.etag());
  approve.set_validate_only(true);
  auto approved = approver.Call(&Stub::ApproveRun, approve);
  ASSERT_THAT(approved, IsOk());
  EXPECT_EQ(approved->state(), v1::RUN_STATE_APPROVED);
  EXPECT_EQ(platform.Get(run.name()).SerializeAsString(), run.SerializeAsString());
  EXPECT_THAT(platform.As(Author()).Call(&Stub::ApproveRun, approve),
              StatusIs(Code::kFailedPrecondition, "APPROVER_IS_AUTHOR"));

  const v1::Run really_approved = platform.Approve(run);
  v1::PublishRunRequest publish;
  publish.set_name(run.name());
  publish.set_etag(really_approved.etag());
  publish.set_validate_only(true);
  auto published = approver.Call(&Stub::PublishRun, publish);
  ASSERT_THAT(published, IsOk());
  EXPECT_EQ(published->state(), v1::RUN_STATE_PUBLISHED);
  EXPECT_EQ(platform.Get(run.name()).SerializeAsString(), really_approved.SerializeAsString());
}

TEST_P(FinanceServiceTest, ARepeatWithTheSameRequestIdIsTheFirstOutcome) {
  Platform platform(GetParam());
  rpc::Client& approver = platform.As(Approver());
  const std::string id = NewUuid();

  v1::ImportInputsRequest import;
  *import.mutable_files() = Platform::ExampleMessage(0);
  import.set_request_id(id);
  auto first = approver.Call(&Stub::ImportInputs, import);
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(approver.Call(&Stub::ImportInputs, import)->name(), first->name());
  *import.mutable_files() = Platform::ExampleMessage(1);
  EXPECT_THAT(approver.Call(&Stub::ImportInputs, import),
              StatusIs(Code::kInvalidArgument, "IDEMPOTENCY_KEY_MISMATCH"));

  v1::CreateRunRequest create;
  create.set_input_set(first->name());
  create.set_request_id(NewUuid());
  auto created = platform.As(Author()).Call(&Stub::CreateRun, create);
  ASSERT_THAT(created, IsOk());
  EXPECT_EQ(platform.As(Author()).Call(&Stub::CreateRun, create)->name(), created->name());

  const v1::Run run = platform.Compute(first->name());
  v1::ApproveRunRequest approve;
  approve.set_name(run.name());
  approve.set_etag(run.etag());
  approve.set_request_id(NewUuid());
  auto refused = platform.As(Author()).Call(&Stub::ApproveRun, approve);
  EXPECT_THAT(refused, StatusIs(Code::kFailedPrecondition, "APPROVER_IS_AUTHOR"));
  ASSERT_THAT(approver.Call(&Stub::ApproveRun, approve), IsOk()) << "another caller, another request";
  EXPECT_THAT(approver.Call(&Stub::ApproveRun, approve), IsOk()) << "not STALE_ETAG";
  EXPECT_THAT(platform.As(Author()).Call(&Stub::ApproveRun, approve),
              StatusIs(Code::kFailedPrecondition, "APPROVER_IS_AUTHOR"))
      << "a refusal stays one";

  v1::PublishRunRequest publish;
  publish.set_name(run.name());
  publish.set_etag(platform.Get(run.name()).etag());
  publish.set_request_id(NewUuid());
  auto published = approver.Call(&Stub::PublishRun, publish);
  ASSERT_THAT(published, IsOk());
  auto repeated = approver.Call(&Stub::PublishRun, publish);
  ASSERT_THAT(repeated, IsOk());
  EXPECT_EQ(repeated->SerializeAsString(), published->SerializeAsString());
  const std::vector<std::string> events = platform.EventsOf(run.name());
  EXPECT_EQ(std::count(events.begin(), events.end(), "specom.events.v1.AllocationPublished"), 1);
}

TEST_P(FinanceServiceTest, OperationsAreRuns) {
  Platform platform(GetParam(), ProcessRole::kApi);
  rpc::Client& author = platform.As(Author());
  const v1::Run run = platform.Create(platform.Import(0));
  const std::string name = "operations/" + RunIdFrom(run.name()).value();
  google::longrunning::WaitOperationRequest wait;
  wait.set_name(name);
  wait.mutable_timeout()->set_nanos(50'000'000);
  auto waited = author.Call(&OperationsStub::WaitOperation, wait);
  ASSERT_THAT(waited, IsOk());
  EXPECT_FALSE(waited->done());
  v1::RunProgress progress;
  ASSERT_TRUE(waited->metadata().UnpackTo(&progress));
  EXPECT_EQ(progress.state(), v1::RUN_STATE_QUEUED);
  EXPECT_EQ(progress.percent(), 0);

  google::longrunning::GetOperationRequest get;
  get.set_name("operations/00000000000000000000");
  EXPECT_THAT(author.Call(&OperationsStub::GetOperation, get), StatusIs(Code::kNotFound, "RUN_NOT_FOUND"));
  google::longrunning::ListOperationsRequest list;
  list.set_filter("done = true");
  EXPECT_THAT(author.Call(&OperationsStub::ListOperations, list),
              StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  google::longrunning::CancelOperationRequest cancel;
  cancel.set_name(name);
  EXPECT_THAT(author.Call(&OperationsStub::CancelOperation, cancel), StatusIs(Code::kUnimplemented));
}

TEST_P(FinanceServiceTest, ASchemaThatIsBehindIsSaidWithTheCommandToRun) {
  store::TestDatabase database(GetParam());
  SystemClock clock;
  std::unique_ptr<store::Store> store = database.Open(clock);
  ASSERT_NE(store, nullptr);
  rpc::HostConfig config;
  config.program = "specom-finance";
  config.identity = "development";
  config.log_level = observe::LogLevel::kError;
  auto host = rpc::ServiceHost::Create(config);
  ASSERT_THAT(host, IsOk());
  auto module = NewFinanceModule({}, *store, (*host)->host());
  ASSERT_THAT(module, IsOk());
  EXPECT_THAT((*module)->CheckSchema(), StatusIs(Code::kFailedPrecondition, "SCHEMA_BEHIND"));
  EXPECT_THAT((*module)->CheckSchema().message(), HasSubstr("specom-finance migrate"));
  ASSERT_THAT((*module)->Migrate(), IsOk());
  EXPECT_THAT((*module)->CheckSchema(), IsOk());
  EXPECT_THAT((*module)->Migrate(), specom::testing::IsOkAndHolds(0));
}

TEST(FinanceConfigTest, SaysEverythingThatIsWrong) {
  FinanceConfig config;
  EXPECT_THAT(config.Verify(), ::testing::IsEmpty());
  config.workers = 0;
  config.claim_after = absl::ZeroDuration();
  EXPECT_EQ(config.Verify().size(), 2u);
}

}  // namespace
}  // namespace specom::finance
