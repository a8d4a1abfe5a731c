// Proves what finance leaves in the audit record: every change of a run and of an input set, by whom,
// with its state before and after, and nothing for what changed nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/rpc/audited_methods.h"
#include "libs/store/audit_trail.h"
#include "services/finance/migrations/finance_migrations.h"
#include "services/finance/testing/service_fixture.h"

namespace specom::finance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FinanceAuditTest : public ::testing::TestWithParam<store::Engine> {
 protected:
  std::vector<std::string> ActionsOn(const std::string& resource) {
    std::vector<std::string> actions;
    for (const store::AuditRecord& record : store::AuditTrail(platform_.store(), {.resource = resource})) {
      actions.push_back(record.entry.action + " by " + record.user);
    }
    return actions;
  }

  Platform platform_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, FinanceAuditTest,
                         ::testing::Values(store::Engine::kSqlite, store::Engine::kPostgresql), EngineName);

// A call of a method that takes a name and an etag.
template <class Request>
rpc::AuditedCall ChangeOf(Platform& platform, const v1::Run& run,
                          grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, v1::Run*),
                          const std::string& action) {
  Request request;
  request.set_name(run.name());
  request.set_etag(run.etag());
  rpc::AuditedCall call;
  call.change = [=, &platform](const std::string& request_id, bool validate_only) mutable {
    request.set_request_id(request_id);
    request.set_validate_only(validate_only);
    return platform.As(Approver()).Call(method, request).status();
  };
  call.refused = [=, &platform]() mutable {
    request.set_etag("stale");
    return platform.As(Approver()).Call(method, request).status();
  };
  call.records = {action + " " + run.name()};
  return call;
}

TEST_P(FinanceAuditTest, EveryAuditedMethodLeavesItsRecordAndOnlyThen) {
  std::string input_set;
  v1::Run approved;
  const auto import = [&] {
    v1::ImportInputsRequest request;
    *request.mutable_files() = Platform::ExampleMessage(1);
    request.set_validate_only(true);
    const auto planned = platform_.As(Author()).Call(&Stub::ImportInputs, request);
    EXPECT_TRUE(planned.ok()) << planned.status();
    input_set = planned->name();
    rpc::AuditedCall call;
    call.change = [this, request](const std::string& request_id, bool validate_only) mutable {
      request.set_request_id(request_id);
      request.set_validate_only(validate_only);
      return platform_.As(Author()).Call(&Stub::ImportInputs, request).status();
    };
    call.refused = [this, request]() mutable {
      request.mutable_files()->set_baseline_csv("no baseline");
      request.set_validate_only(false);
      return platform_.As(Author()).Call(&Stub::ImportInputs, request).status();
    };
    call.records = {"imported " + input_set};
    return call;
  };
  const auto create = [&] {
    v1::CreateRunRequest request;
    request.set_input_set(platform_.Import(2));
    rpc::AuditedCall call;
    call.change = [this, request](const std::string& request_id, bool validate_only) mutable {
      request.set_request_id(request_id);
      request.set_validate_only(validate_only);
      return platform_.As(Author()).Call(&Stub::CreateRun, request).status();
    };
    call.refused = [this, request]() mutable {
      request.set_input_set("inputSets/" + std::string(64, '0'));
      return platform_.As(Author()).Call(&Stub::CreateRun, request).status();
    };
    call.records = {"requested " +
                    ResourceName(RunIdOf(InputSetId(request.input_set().substr(10)), kMethodVersion))};
    return call;
  };
  const auto approve = [&] {
    return ChangeOf<v1::ApproveRunRequest>(platform_, platform_.Compute(input_set), &Stub::ApproveRun,
                                           "approved");
  };
  const auto publish = [&] {
    return ChangeOf<v1::PublishRunRequest>(platform_, platform_.Get(platform_.Compute(input_set).name()),
                                           &Stub::PublishRun, "published");
  };
  rpc::ExpectChangesAudited(
      *google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
          "specom.finance.v1.FinanceService"),
      platform_.store(),
      {{"ImportInputs", import}, {"CreateRun", create}, {"ApproveRun", approve}, {"PublishRun", publish}});
}

TEST_P(FinanceAuditTest, ARunsRecordsTellItsWholeLifeWithoutAGap) {
  const v1::Run first = platform_.Publish(platform_.Approve(platform_.Compute(platform_.Import(1))));
  platform_.Publish(platform_.Approve(platform_.Compute(platform_.Import(2))));

  const std::vector<store::AuditRecord> trail =
      store::AuditTrail(platform_.store(), {.resource = first.name()});
  std::vector<std::string> actions;
  for (const store::AuditRecord& record : trail) actions.push_back(record.entry.action);
  EXPECT_THAT(actions,
              ElementsAre("requested", "taken up", "computed", "approved", "published", "superseded"));
  ASSERT_THAT(trail, SizeIs(6));
  EXPECT_EQ(trail[0].entry.before_digest, "");
  for (std::size_t i = 1; i < trail.size(); ++i) {
    EXPECT_EQ(trail[i].entry.before_digest, trail[i - 1].entry.after_digest)
        << "the run changed between " << actions[i - 1] << " and " << actions[i]
        << ", and nothing tells of it";
  }
  EXPECT_EQ(trail[0].user, Author().user);
  EXPECT_EQ(trail[2].roles, "service");
  EXPECT_EQ(trail[2].method, "specom.finance.worker/ComputeRun");
  EXPECT_EQ(trail[3].user, Approver().user);
  EXPECT_THAT(trail[5].entry.reason, ::testing::StartsWith("by runs/"));
  EXPECT_THAT(store::AuditFaults(platform_.store()), IsEmpty());
}

TEST_P(FinanceAuditTest, TheReasonOfAnApprovalIsKept) {
  const v1::Run computed = platform_.Compute(platform_.Import(1));
  v1::ApproveRunRequest request;
  request.set_name(computed.name());
  request.set_etag(computed.etag());
  request.set_note("agreed by the finance committee on 12 March");
  ASSERT_THAT(platform_.As(Approver()).Call(&Stub::ApproveRun, request), specom::testing::IsOk());
  EXPECT_EQ(store::AuditTrail(platform_.store(), {.resource = computed.name()}).back().entry.reason,
            request.note());
}

TEST_P(FinanceAuditTest, AnotherOrganisationThatBringsTheSameJoins) {
  const std::string input_set = platform_.Import(1, IcbTeam("QOQ"));
  EXPECT_EQ(platform_.Import(1, IcbTeam("QOQ")), input_set);
  EXPECT_EQ(platform_.Import(1, IcbTeam("QWO")), input_set);
  EXPECT_EQ(platform_.Import(1), input_set);
  EXPECT_THAT(ActionsOn(input_set),
              ElementsAre("imported by " + IcbTeam("QOQ").user, "joined by " + IcbTeam("QWO").user));
  const v1::Run run = platform_.Create(input_set, IcbTeam("QOQ"));
  platform_.Compute(input_set, IcbTeam("QOQ"));
  platform_.Create(input_set, IcbTeam("QWO"));
  platform_.Create(input_set, IcbTeam("QWO"));
  EXPECT_EQ(ActionsOn(run.name()).back(), "joined by " + IcbTeam("QWO").user);
  EXPECT_THAT(ActionsOn(run.name()), SizeIs(4));
}

TEST_P(FinanceAuditTest, WhatShipsIsRecordedOnce) {
  const std::vector<std::string> at_start = store::AuditedActions(platform_.store());
  EXPECT_FALSE(at_start.empty());
  rpc::HostConfig config;
  config.identity = "development";
  config.log_level = observe::LogLevel::kError;
  auto host = rpc::ServiceHost::Create(config);
  ASSERT_THAT(host, specom::testing::IsOk());
  auto module = NewFinanceModule({}, platform_.store(), (*host)->host());
  ASSERT_THAT(module, specom::testing::IsOk());
  (*host)->Add(*std::move(module));
  ASSERT_THAT((*host)->Start(), specom::testing::IsOk());
  EXPECT_EQ(store::AuditedActions(platform_.store()), at_start);
  for (const store::AuditRecord& record : store::AuditTrail(platform_.store())) {
    EXPECT_EQ(record.user, "specom/finance");
    EXPECT_EQ(record.roles, "service");
  }
}

TEST_P(FinanceAuditTest, TheRecordOfChangesBeforeTheAuditRecordStaysReadableAndIsClosed) {
  SystemClock clock;
  const store::TestDatabase database(GetParam());
  const std::unique_ptr<store::Store> store = database.Open(clock);
  std::vector<EmbeddedFile> earlier;
  for (const EmbeddedFile& file : finance_migrations()) {
    if (file.path.find("/0003_") == file.path.npos) earlier.push_back(file);
  }
  ASSERT_THAT(store->Migrate(earlier), specom::testing::IsOk());
  const store::Statement insert{.name = "test.insert_change",
                                .sql =
                                    "INSERT INTO change_record (time_us, changed_by, organisation, method, "
                                    "resource, note, traceparent) "
                                    "VALUES (1, 'ada', '', 'm', 'runs/1', 'approved: agreed', '')"};
  const auto run = [&](const store::Statement& statement) {
    return store->Write({}, [&](store::UnitOfWork& work) { return work.Execute(statement).status(); });
  };
  ASSERT_THAT(run(insert), specom::testing::IsOk());
  ASSERT_THAT(store->Migrate(finance_migrations()), specom::testing::IsOk());
  const auto closed = specom::testing::StatusIs(absl::StatusCode::kFailedPrecondition, "CONSTRAINT_BROKEN");
  EXPECT_THAT(run(insert), closed);
  EXPECT_THAT(run({.name = "test.update", .sql = "UPDATE change_record SET note = ''"}), closed);
  EXPECT_THAT(run({.name = "test.delete", .sql = "DELETE FROM change_record"}), closed);
  const store::Statement notes{
      .name = "test.notes", .sql = "SELECT note FROM change_record", .columns = {store::ColumnType::kText}};
  EXPECT_THAT(store->Read({},
                          [&](store::UnitOfWork& work) -> absl::Status {
                            ASSIGN_OR_RETURN(const std::vector<store::Row> rows, work.Query(notes));
                            EXPECT_THAT(rows, SizeIs(1));
                            EXPECT_EQ(rows.at(0).Text(0), "approved: agreed");
                            return absl::OkStatus();
                          }),
              specom::testing::IsOk());
}

}  // namespace
}  // namespace specom::finance
