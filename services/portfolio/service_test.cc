// Proves portfolio as its callers meet it: over gRPC on SQLite and PostgreSQL, every method with its
// answers, refusals, roles, repeats and pages, and the events that others read.
#include "services/portfolio/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "libs/base/date.h"
#include "libs/base/digest.h"
#include "libs/rpc/client.h"
#include "libs/rpc/service_host.h"
#include "libs/store/test_database.h"
#include "libs/testing/status_matchers.h"
#include "services/portfolio/domain/text.h"
#include "services/portfolio/reference/portfolio_reference.h"
#include "specom/events/v1/events.pb.h"
#include "specom/portfolio/v1/portfolio_service.grpc.pb.h"

namespace specom::portfolio {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;
using testing::StatusIs;
using Stub = v1::PortfolioService::Stub;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
constexpr absl::StatusCode kNotThere = absl::StatusCode::kNotFound;

common::v1::Date Day(int year, int month, int day) {
  common::v1::Date date;
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
  return date;
}

std::string Text(const common::v1::Date& date) {
  return specom::Date::Make(date.year(), date.month(), date.day()).value().ToString();
}

Principal CallerWith(Role role) {
  return {.user = "tester@example.nhs.uk", .roles = {role}, .organisation = ""};
}

// What the events of a topic say, as they come.
class EventLog {
 public:
  void Add(const events::Event& event) {
    absl::MutexLock lock(&mutex_);
    events_.push_back(event);
  }
  // The events, once there are `count`.
  std::vector<events::Event> Await(std::size_t count) {
    absl::MutexLock lock(&mutex_);
    auto enough = [&] { return events_.size() >= count; };
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(30))) << events_.size();
    return events_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<events::Event> events_;
};

// One process of portfolio on a database.
class Process {
 public:
  explicit Process(const store::TestDatabase& database) : store_(database.Open(clock_)) {
    rpc::HostConfig config;
    config.program = "specom-portfolio";
    config.identity = "development";
    config.log_level = observe::LogLevel::kError;
    auto host = rpc::ServiceHost::Create(config);
    EXPECT_THAT(host, IsOk());
    host_ = *std::move(host);
    host_->Add(NewPortfolioModule(*store_, host_->host()));
  }
  ~Process() { Stop(); }

  void Start() {
    ASSERT_THAT(host_->Migrate(), IsOk());
    ASSERT_THAT(host_->Start(), IsOk());
    client_ = ClientOf(CallerWith(Role::kNational));
  }
  void Stop() {
    if (subscription_ != nullptr) subscription_->Stop();
    host_->Stop();
  }
  rpc::ServiceHost& host() { return *host_; }
  rpc::Client& client() { return *client_; }
  std::unique_ptr<rpc::Client> ClientOf(const Principal& principal) {
    return std::make_unique<rpc::Client>(rpc::OpenChannel(host_->address()),
                                         rpc::ClientOptions{.identity = rpc::DevelopmentIdentity(principal)});
  }
  // Every event of portfolio from the beginning.
  EventLog& Events() {
    auto subscription = host_->host().bus.Subscribe("specom.portfolio", "test", {.consumer = "test"},
                                                    [this](const events::Event& event) {
                                                      log_.Add(event);
                                                      return absl::OkStatus();
                                                    });
    EXPECT_THAT(subscription, IsOk());
    subscription_ = *std::move(subscription);
    return log_;
  }

 private:
  SystemClock clock_;
  std::unique_ptr<store::Store> store_;
  EventLog log_;
  std::unique_ptr<rpc::ServiceHost> host_;
  std::unique_ptr<rpc::Client> client_;
  std::unique_ptr<events::Subscription> subscription_;
};

class PortfolioServiceTest : public ::testing::TestWithParam<store::Engine> {
 protected:
  void SetUp() override { process_.Start(); }

  template <class Request, class Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                const Request& request) {
    return process_.client().Call(method, request);
  }

  absl::StatusOr<v1::Delegation> Resolve(const std::string& icb, const std::string& line,
                                         common::v1::Date day,
                                         const google::protobuf::Timestamp* known = nullptr) {
    v1::ResolveDelegationRequest request;
    request.set_icb(icb);
    request.set_service_line(line);
    *request.mutable_as_of() = day;
    if (known != nullptr) *request.mutable_as_known_at() = *known;
    return Call(&Stub::ResolveDelegation, request);
  }

  store::TestDatabase database_{GetParam()};
  Process process_{database_};
};

INSTANTIATE_TEST_SUITE_P(Engines, PortfolioServiceTest,
                         ::testing::Values(store::Engine::kSqlite, store::Engine::kPostgresql),
                         [](const auto& engine) { return std::string(store::ToString(engine.param)); });

// Chemotherapy of one ICB comes back to NHS England.
v1::RecordDecisionRequest TakeBack() {
  v1::RecordDecisionRequest request;
  v1::Decision& decision = *request.mutable_decision();
  decision.set_decision_id("take-back-qoq");
  decision.set_title("NHS England takes chemotherapy back from one ICB");
  decision.set_decided_by("Delegated Commissioning Group");
  *decision.mutable_decided_on() = Day(2025, 6, 2);
  decision.set_form(v1::DELEGATION_FORM_NHS_ENGLAND);
  decision.add_icbs("QOQ");
  decision.add_services("PSS-105");
  *decision.mutable_effective_from() = Day(2025, 7, 1);
  decision.set_source("https://www.england.nhs.uk/");
  return request;
}

// --- reading

TEST_P(PortfolioServiceTest, GetsOneOfEveryKind) {
  v1::GetOrganisationRequest organisation;
  organisation.set_name("organisations/QNQ");
  *organisation.mutable_as_of() = Day(2025, 6, 1);
  auto frimley = Call(&Stub::GetOrganisation, organisation);
  ASSERT_THAT(frimley, IsOk());
  EXPECT_EQ(frimley->display_name(), "NHS Frimley Integrated Care Board");
  EXPECT_EQ(frimley->kind(), v1::ORGANISATION_KIND_ICB);
  EXPECT_EQ(frimley->region(), "Y59");
  EXPECT_EQ(frimley->population(), 850514);
  ASSERT_THAT(frimley->successions(), SizeIs(3));
  EXPECT_TRUE(frimley->successions(0).successor().starts_with("organisations/"));
  EXPECT_EQ(Text(frimley->validity().effective_to()), "2026-03-31");
  EXPECT_FALSE(frimley->validity().provenance().empty());

  v1::GetProgrammeRequest programme;
  programme.set_name("programmes/B");
  auto cancer = Call(&Stub::GetProgramme, programme);
  ASSERT_THAT(cancer, IsOk());
  EXPECT_EQ(cancer->display_name(), "Cancer");

  v1::GetClinicalReferenceGroupRequest group;
  group.set_name("clinicalReferenceGroups/E08");
  auto neonatal = Call(&Stub::GetClinicalReferenceGroup, group);
  ASSERT_THAT(neonatal, IsOk());
  EXPECT_EQ(neonatal->operating_model(), "Transform");

  v1::GetServiceRequest service;
  service.set_name("services/PSS-29");
  *service.mutable_as_of() = Day(2025, 6, 1);
  auto transplantation = Call(&Stub::GetService, service);
  ASSERT_THAT(transplantation, IsOk());
  EXPECT_THAT(transplantation->service_lines(), ElementsAre("NCBPS02Z", "NCBPSECP"));
  EXPECT_EQ(transplantation->suitability(), v1::SUITABILITY_SUITABLE_AND_READY);

  v1::GetServiceLineRequest line;
  line.set_name("serviceLines/NCBPSECP");
  auto photopheresis = Call(&Stub::GetServiceLine, line);
  ASSERT_THAT(photopheresis, IsOk());
  EXPECT_TRUE(photopheresis->service_inferred());
  EXPECT_EQ(photopheresis->statuses(1).financial_year(), "2025/26");
  EXPECT_EQ(photopheresis->statuses(1).colour(), "GREEN");

  v1::GetDecisionRequest decision;
  decision.set_name("decisions/nhse-board-2023-02-joint-committees");
  auto joint = Call(&Stub::GetDecision, decision);
  ASSERT_THAT(joint, IsOk()) << "a decision is found although it no longer holds";
  EXPECT_THAT(joint->icbs(), SizeIs(42));
  EXPECT_THAT(joint->services(), SizeIs(59));
  EXPECT_FALSE(joint->etag().empty());
}

TEST_P(PortfolioServiceTest, TellsWhatIsNotThereAndWhatIsNoName) {
  auto get = [&](auto method, auto request, const std::string& name) {
    request.set_name(name);
    return Call(method, request).status();
  };
  EXPECT_THAT(get(&Stub::GetOrganisation, v1::GetOrganisationRequest(), "organisations/QZZ"),
              StatusIs(kNotThere, "ORGANISATION_NOT_FOUND"));
  EXPECT_THAT(get(&Stub::GetProgramme, v1::GetProgrammeRequest(), "programmes/Z"),
              StatusIs(kNotThere, "PROGRAMME_NOT_FOUND"));
  EXPECT_THAT(get(&Stub::GetClinicalReferenceGroup, v1::GetClinicalReferenceGroupRequest(),
                  "clinicalReferenceGroups/Z01"),
              StatusIs(kNotThere, "CLINICAL_REFERENCE_GROUP_NOT_FOUND"));
  EXPECT_THAT(get(&Stub::GetService, v1::GetServiceRequest(), "services/PSS-999"),
              StatusIs(kNotThere, "SERVICE_NOT_FOUND"));
  EXPECT_THAT(get(&Stub::GetServiceLine, v1::GetServiceLineRequest(), "serviceLines/NCBPS00X"),
              StatusIs(kNotThere, "SERVICE_LINE_NOT_FOUND"));
  EXPECT_THAT(get(&Stub::GetSpecification, v1::GetSpecificationRequest(), "specifications/none"),
              StatusIs(kNotThere, "SPECIFICATION_NOT_FOUND"));
  EXPECT_THAT(
      get(&Stub::GetProviderEligibility, v1::GetProviderEligibilityRequest(), "providerEligibilities/none"),
      StatusIs(kNotThere, "PROVIDER_ELIGIBILITY_NOT_FOUND"));
  EXPECT_THAT(get(&Stub::GetServiceAssessment, v1::GetServiceAssessmentRequest(), "serviceAssessments/none"),
              StatusIs(kNotThere, "SERVICE_ASSESSMENT_NOT_FOUND"));
  EXPECT_THAT(get(&Stub::GetDecision, v1::GetDecisionRequest(), "decisions/none"),
              StatusIs(kNotThere, "DECISION_NOT_FOUND"));
  EXPECT_THAT(get(&Stub::GetService, v1::GetServiceRequest(), "organisations/QOQ"),
              StatusIs(kInvalid, "INVALID_FIELDS"));
  EXPECT_THAT(get(&Stub::GetService, v1::GetServiceRequest(), ""), StatusIs(kInvalid, "INVALID_FIELDS"));

  v1::GetOrganisationRequest replaced;
  replaced.set_name("organisations/QHG");
  *replaced.mutable_as_of() = Day(2026, 4, 1);
  absl::Status status = Call(&Stub::GetOrganisation, replaced).status();
  EXPECT_THAT(status, StatusIs(kNotThere, "ORGANISATION_NOT_FOUND"));
  EXPECT_EQ(ErrorMetadataOf(status)["successors"], "ICB-CENTRAL-EAST");

  v1::GetDecisionRequest ended;
  ended.set_name("decisions/nhse-board-2023-02-joint-committees");
  *ended.mutable_as_of() = Day(2024, 4, 1);
  EXPECT_THAT(Call(&Stub::GetDecision, ended), StatusIs(kNotThere, "DECISION_NOT_FOUND"));
}

TEST_P(PortfolioServiceTest, GetsBatchesInTheOrderAskedFor) {
  v1::BatchGetOrganisationsRequest organisations;
  organisations.add_names("organisations/QOQ");
  organisations.add_names("organisations/Y60");
  organisations.add_names("organisations/JC-YH");
  auto found = Call(&Stub::BatchGetOrganisations, organisations);
  ASSERT_THAT(found, IsOk());
  ASSERT_THAT(found->organisations(), SizeIs(3));
  EXPECT_EQ(found->organisations(1).code(), "Y60");
  EXPECT_THAT(found->organisations(2).members(), ElementsAre("QF7", "QOQ", "QWO"));

  auto first_of = [&](auto method, auto request, const std::string& name) {
    request.add_names(name);
    auto response = Call(method, request);
    EXPECT_THAT(response, IsOk()) << name;
    return response.ok() ? response->ShortDebugString() : "";
  };
  EXPECT_THAT(first_of(&Stub::BatchGetProgrammes, v1::BatchGetProgrammesRequest(), "programmes/A"),
              HasSubstr("Internal medicine"));
  EXPECT_THAT(first_of(&Stub::BatchGetClinicalReferenceGroups, v1::BatchGetClinicalReferenceGroupsRequest(),
                       "clinicalReferenceGroups/B02"),
              HasSubstr("Chemotherapy"));
  EXPECT_THAT(first_of(&Stub::BatchGetServices, v1::BatchGetServicesRequest(), "services/PSS-105"),
              HasSubstr("NCBPS01C"));
  EXPECT_THAT(
      first_of(&Stub::BatchGetServiceLines, v1::BatchGetServiceLinesRequest(), "serviceLines/NCBPS01C"),
      HasSubstr("Chemotherapy"));
  EXPECT_THAT(first_of(&Stub::BatchGetDecisions, v1::BatchGetDecisionsRequest(),
                       "decisions/nhse-board-2024-12-delegation"),
              HasSubstr("70 services"));

  organisations.add_names("organisations/QZZ");
  EXPECT_THAT(Call(&Stub::BatchGetOrganisations, organisations),
              StatusIs(kNotThere, "ORGANISATION_NOT_FOUND"));
  for (int i = 0; i < 1000; ++i) organisations.add_names("organisations/QOQ");
  EXPECT_THAT(Call(&Stub::BatchGetOrganisations, organisations), StatusIs(kInvalid, "INVALID_FIELDS"));
}

TEST_P(PortfolioServiceTest, ListsByTypedFilters) {
  v1::ListOrganisationsRequest icbs;
  icbs.set_kind(v1::ORGANISATION_KIND_ICB);
  icbs.set_region("Y60");
  EXPECT_THAT(Call(&Stub::ListOrganisations, icbs)->organisations(), SizeIs(11));

  for (const char* programme : {"Cancer", "B", "programmes/B"}) {
    v1::ListClinicalReferenceGroupsRequest groups;
    groups.set_programme(programme);
    EXPECT_THAT(Call(&Stub::ListClinicalReferenceGroups, groups)->clinical_reference_groups(), SizeIs(6));
  }

  v1::ListServicesRequest services;
  services.set_page_size(1000);
  EXPECT_THAT(Call(&Stub::ListServices, services)->services(), SizeIs(194));
  services.set_clinical_reference_group("B02");
  auto chemotherapy = Call(&Stub::ListServices, services);
  ASSERT_THAT(chemotherapy->services(), SizeIs(1));
  EXPECT_EQ(chemotherapy->services(0).service_id(), "PSS-105");
  services.clear_clinical_reference_group();
  services.set_highly_specialised(true);
  EXPECT_THAT(Call(&Stub::ListServices, services)->services(), SizeIs(85));

  v1::ListServiceLinesRequest lines;
  lines.set_page_size(1000);
  lines.set_status("GREEN");
  *lines.mutable_as_of() = Day(2025, 6, 1);
  EXPECT_THAT(Call(&Stub::ListServiceLines, lines)->service_lines(), SizeIs(165));
  *lines.mutable_as_of() = Day(2024, 6, 1);
  EXPECT_THAT(Call(&Stub::ListServiceLines, lines)->service_lines(), SizeIs(138));
  lines.set_kind(v1::SERVICE_LINE_KIND_TOP_UP);
  EXPECT_THAT(Call(&Stub::ListServiceLines, lines)->service_lines(), IsEmpty());
  v1::ListServiceLinesRequest of_service;
  of_service.set_service("PSS-29");
  EXPECT_THAT(Call(&Stub::ListServiceLines, of_service)->service_lines(), SizeIs(2));

  v1::ListDecisionsRequest decisions;
  *decisions.mutable_as_of() = Day(2024, 6, 1);
  EXPECT_THAT(Call(&Stub::ListDecisions, decisions)->decisions(), SizeIs(2));
  decisions.set_icb("QOQ");
  auto joint = Call(&Stub::ListDecisions, decisions);
  ASSERT_THAT(joint->decisions(), SizeIs(1));
  EXPECT_EQ(joint->decisions(0).form(), v1::DELEGATION_FORM_JOINT);
  decisions.set_include_history(true);
  EXPECT_THAT(Call(&Stub::ListDecisions, decisions)->decisions(), SizeIs(3));
  decisions.set_form(v1::DELEGATION_FORM_DELEGATED);
  decisions.set_service("PSS-29");
  EXPECT_THAT(Call(&Stub::ListDecisions, decisions)->decisions(), SizeIs(1));
}

// All items of a list by pages of a size, one after the other.
template <class Request, class Response, class Items>
std::vector<std::string> Paged(rpc::Client& client,
                               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                               Request request, int page_size, Items items_of) {
  std::vector<std::string> items;
  request.set_page_size(page_size);
  while (true) {
    auto page = client.Call(method, request);
    EXPECT_THAT(page, IsOk());
    if (!page.ok()) return items;
    EXPECT_LE(items_of(*page).size(), page_size);
    for (const auto& item : items_of(*page)) items.push_back(item.ShortDebugString());
    if (page->next_page_token().empty()) return items;
    request.set_page_token(page->next_page_token());
  }
}

TEST_P(PortfolioServiceTest, PagesMakeTheWholeList) {
  auto check = [&](auto method, auto request, int small, int large, auto items_of) {
    *request.mutable_as_of() = Day(2025, 6, 1);
    auto whole = Paged(process_.client(), method, request, large, items_of);
    EXPECT_THAT(whole, Not(IsEmpty()));
    EXPECT_EQ(Paged(process_.client(), method, request, small, items_of), whole);
  };
  check(&Stub::ListOrganisations, v1::ListOrganisationsRequest(), 7, 1000,
        [](const auto& r) { return r.organisations(); });
  check(&Stub::ListProgrammes, v1::ListProgrammesRequest(), 2, 1000,
        [](const auto& r) { return r.programmes(); });
  check(&Stub::ListClinicalReferenceGroups, v1::ListClinicalReferenceGroupsRequest(), 7, 1000,
        [](const auto& r) { return r.clinical_reference_groups(); });
  check(&Stub::ListServices, v1::ListServicesRequest(), 13, 1000, [](const auto& r) { return r.services(); });
  check(&Stub::ListServiceLines, v1::ListServiceLinesRequest(), 97, 1000,
        [](const auto& r) { return r.service_lines(); });
  v1::ListDecisionsRequest history;
  history.set_include_history(true);
  check(&Stub::ListDecisions, history, 1, 1000, [](const auto& r) { return r.decisions(); });
  v1::ListDelegationsRequest delegations;
  delegations.set_region("Y62");
  check(&Stub::ListDelegations, delegations, 97, 5000, [](const auto& r) { return r.delegations(); });
  check(&Stub::ListServiceStatuses, v1::ListServiceStatusesRequest(), 13, 1000,
        [](const auto& r) { return r.statuses(); });
}

TEST_P(PortfolioServiceTest, APageGoesOnWithTheKnowledgeOfTheFirst) {
  v1::ListDelegationsRequest request;
  request.set_icb("QOQ");
  request.set_form(v1::DELEGATION_FORM_DELEGATED);
  *request.mutable_as_of() = Day(2025, 8, 1);
  auto items_of = [](const auto& r) { return r.delegations(); };
  auto before = Paged(process_.client(), &Stub::ListDelegations, request, 5000, items_of);
  request.set_page_size(1);
  auto first = Call(&Stub::ListDelegations, request);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(Call(&Stub::RecordDecision, TakeBack()), IsOk());
  request.set_page_token(first->next_page_token());
  auto rest = Paged(process_.client(), &Stub::ListDelegations, request, 5000, items_of);
  EXPECT_EQ(rest.size() + 1, before.size());
  request.clear_page_token();
  EXPECT_LT(Paged(process_.client(), &Stub::ListDelegations, request, 5000, items_of).size(), before.size());
}

TEST_P(PortfolioServiceTest, RefusesTokensOfOtherRequestsAndSizesBelowZero) {
  v1::ListServicesRequest request;
  request.set_page_size(5);
  auto page = Call(&Stub::ListServices, request);
  ASSERT_THAT(page, IsOk());
  request.set_page_token(page->next_page_token());
  request.set_highly_specialised(true);
  EXPECT_THAT(Call(&Stub::ListServices, request), StatusIs(kInvalid, "PAGE_TOKEN_MISMATCH"));
  request.set_page_token("nonsense");
  EXPECT_THAT(Call(&Stub::ListServices, request), StatusIs(kInvalid, "INVALID_PAGE_TOKEN"));
  request.clear_page_token();
  request.set_page_size(-1);
  EXPECT_THAT(Call(&Stub::ListServices, request), StatusIs(kInvalid, "INVALID_FIELDS"));
}

TEST_P(PortfolioServiceTest, SaysWhoCommissionsWhatForWhom) {
  auto joint = Resolve("QOQ", "NCBPS01C", Day(2023, 6, 1));
  ASSERT_THAT(joint, IsOk());
  EXPECT_EQ(joint->form(), v1::DELEGATION_FORM_JOINT);
  EXPECT_EQ(joint->commissioner(), "JC-YH");
  EXPECT_EQ(joint->funding_basis(), v1::FUNDING_BASIS_POPULATION_REGION);
  auto delegated = Resolve("QOQ", "NCBPS01C", Day(2025, 6, 1));
  ASSERT_THAT(delegated, IsOk());
  EXPECT_EQ(delegated->form(), v1::DELEGATION_FORM_DELEGATED);
  EXPECT_EQ(delegated->commissioner(), "QOQ");
  EXPECT_EQ(delegated->service(), "PSS-105");
  EXPECT_EQ(delegated->decision(), "decisions/nhse-board-2024-12-delegation");
  EXPECT_EQ(delegated->agreement(), "Delegation Agreement 2025/26");
  EXPECT_EQ(Text(delegated->effective_from()), "2025-04-01");
  EXPECT_THAT(delegated->explanation(), HasSubstr("NHS England Board decided on 2024-12-05"));

  EXPECT_THAT(Resolve("QZZ", "NCBPS01C", Day(2025, 6, 1)), StatusIs(kNotThere, "ICB_NOT_FOUND"));
  EXPECT_THAT(Resolve("QHG", "NCBPS01C", Day(2026, 6, 1)), StatusIs(kNotThere, "ICB_REPLACED"));
  EXPECT_THAT(Resolve("ICB-ESSEX", "NCBPS01C", Day(2025, 6, 1)),
              StatusIs(kNotThere, "ICB_NOT_YET_ESTABLISHED"));
  EXPECT_THAT(Resolve("QOQ", "NCBPS00X", Day(2025, 6, 1)), StatusIs(kNotThere, "SERVICE_LINE_NOT_FOUND"));
  EXPECT_THAT(Resolve("QOQ", "NCBPS01C", Day(2012, 6, 1)), StatusIs(kNotThere, "BEFORE_PRESCRIBED_SERVICES"));
  EXPECT_THAT(Resolve("QOQ", "NCBPS01C", Day(2025, 2, 30)), StatusIs(kInvalid, "INVALID_FIELDS"));
  EXPECT_THAT(Resolve("", "", Day(2025, 6, 1)), StatusIs(kInvalid, "INVALID_FIELDS"));
}

TEST_P(PortfolioServiceTest, CountsWhatWasJointAndDelegated) {
  auto held = [&](common::v1::Date day, v1::DelegationForm form) {
    v1::ListDelegationsRequest request;
    *request.mutable_as_of() = day;
    request.set_form(form);
    std::set<std::string> services;
    std::set<std::string> icbs;
    request.set_page_size(5000);
    while (true) {
      auto page = Call(&Stub::ListDelegations, request);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) break;
      for (const auto& delegation : page->delegations()) {
        services.insert(delegation.service());
        icbs.insert(delegation.icb());
      }
      if (page->next_page_token().empty()) break;
      request.set_page_token(page->next_page_token());
    }
    return std::pair(services.size(), icbs.size());
  };
  EXPECT_EQ(held(Day(2023, 6, 1), v1::DELEGATION_FORM_JOINT), std::pair(std::size_t{59}, std::size_t{42}));
  EXPECT_EQ(held(Day(2024, 6, 1), v1::DELEGATION_FORM_DELEGATED),
            std::pair(std::size_t{59}, std::size_t{20}));
  EXPECT_EQ(held(Day(2024, 6, 1), v1::DELEGATION_FORM_JOINT), std::pair(std::size_t{59}, std::size_t{22}));
  EXPECT_EQ(held(Day(2025, 6, 1), v1::DELEGATION_FORM_DELEGATED),
            std::pair(std::size_t{70}, std::size_t{42}));

  v1::ListServiceStatusesRequest statuses;
  *statuses.mutable_as_of() = Day(2024, 6, 1);
  statuses.set_commissioning(v1::SERVICE_COMMISSIONING_DELEGATED);
  auto delegated = Call(&Stub::ListServiceStatuses, statuses);
  ASSERT_THAT(delegated->statuses(), SizeIs(59));
  EXPECT_EQ(delegated->statuses(0).icbs_delegated(), 20);
  EXPECT_EQ(delegated->statuses(0).icbs_joint(), 22);
}

TEST_P(PortfolioServiceTest, RestatesFiguresOnALaterFootprint) {
  v1::RestateFootprintRequest request;
  request.add_icbs("QNQ");
  *request.mutable_as_of() = Day(2026, 4, 1);
  auto parts = Call(&Stub::RestateFootprint, request);
  ASSERT_THAT(parts, IsOk());
  ASSERT_THAT(parts->parts(), SizeIs(3));
  EXPECT_NEAR(parts->parts(0).share() + parts->parts(1).share() + parts->parts(2).share(), 1, 1e-9);
  EXPECT_EQ(parts->parts(2).to_icb(), "QRL");
  EXPECT_EQ(parts->parts(2).to_region(), "Y59");
  request.set_icbs(0, "QZZ");
  EXPECT_THAT(Call(&Stub::RestateFootprint, request), StatusIs(kNotThere, "ICB_NOT_FOUND"));
  request.set_icbs(0, "ICB-ESSEX");
  *request.mutable_as_of() = Day(2025, 4, 1);
  EXPECT_THAT(Call(&Stub::RestateFootprint, request),
              StatusIs(absl::StatusCode::kFailedPrecondition, "ICB_NOT_YET_ESTABLISHED"));
  request.clear_icbs();
  EXPECT_THAT(Call(&Stub::RestateFootprint, request)->parts(), SizeIs(42));
}

// --- writing

TEST_P(PortfolioServiceTest, RecordsADecisionAndKeepsWhatWasKnown) {
  auto recorded = Call(&Stub::RecordDecision, TakeBack());
  ASSERT_THAT(recorded, IsOk());
  EXPECT_EQ(recorded->name(), "decisions/take-back-qoq");
  EXPECT_EQ(recorded->funding_basis(), v1::FUNDING_BASIS_HOST_PROVIDER);
  EXPECT_EQ(recorded->corrects(), "");
  EXPECT_THAT(recorded->validity().provenance(), HasSubstr("tester@example.nhs.uk"));

  auto now = Resolve("QOQ", "NCBPS01C", Day(2025, 8, 1));
  ASSERT_THAT(now, IsOk());
  EXPECT_EQ(now->form(), v1::DELEGATION_FORM_NHS_ENGLAND);
  EXPECT_EQ(now->decision(), "decisions/take-back-qoq");
  google::protobuf::Timestamp known = recorded->validity().recorded_at();
  EXPECT_EQ(Resolve("QOQ", "NCBPS01C", Day(2025, 8, 1), &known)->form(), v1::DELEGATION_FORM_NHS_ENGLAND);
  known.set_seconds(known.seconds() - 1);
  EXPECT_EQ(Resolve("QOQ", "NCBPS01C", Day(2025, 8, 1), &known)->form(), v1::DELEGATION_FORM_DELEGATED);
  EXPECT_EQ(Text(Resolve("QOQ", "NCBPS01C", Day(2025, 6, 1))->effective_to()), "2025-06-30");
}

TEST_P(PortfolioServiceTest, ADecisionMakesARetainedServiceDelegable) {
  v1::RecordDecisionRequest request = TakeBack();
  v1::Decision& decision = *request.mutable_decision();
  specom::Date today = specom::Date::InLondon(absl::Now());
  decision.set_decision_id("delegate-pss-14");
  decision.set_title("Delegation of pulmonary hypertension services");
  *decision.mutable_decided_on() = Day(today.year(), today.month(), today.day());
  decision.set_form(v1::DELEGATION_FORM_DELEGATED);
  decision.set_services(0, "PSS-14");
  *decision.mutable_effective_from() = Day(2026, 4, 1);
  auto recorded = Call(&Stub::RecordDecision, request);
  ASSERT_THAT(recorded, IsOk());
  auto now = Resolve("QOQ", "NCBPS13G", Day(2026, 4, 30));
  ASSERT_THAT(now, IsOk());
  EXPECT_EQ(now->form(), v1::DELEGATION_FORM_DELEGATED);
  EXPECT_EQ(now->commissioner(), "QOQ");
  EXPECT_EQ(now->decision(), "decisions/delegate-pss-14");
  google::protobuf::Timestamp yesterday = recorded->validity().recorded_at();
  yesterday.set_seconds(yesterday.seconds() - 24 * 60 * 60);
  auto before = Resolve("QOQ", "NCBPS13G", Day(2026, 4, 30), &yesterday);
  ASSERT_THAT(before, IsOk());
  EXPECT_EQ(before->form(), v1::DELEGATION_FORM_NHS_ENGLAND);
  EXPECT_EQ(before->commissioner(), "NHSE");
  EXPECT_EQ(before->decision(), "");
}

TEST_P(PortfolioServiceTest, NamesADecisionThatHasNoName) {
  auto request = TakeBack();
  request.mutable_decision()->clear_decision_id();
  auto recorded = Call(&Stub::RecordDecision, request);
  ASSERT_THAT(recorded, IsOk());
  EXPECT_TRUE(recorded->decision_id().starts_with("2025-06-02-")) << recorded->decision_id();
  v1::GetDecisionRequest get;
  get.set_name(recorded->name());
  EXPECT_EQ(Call(&Stub::GetDecision, get)->etag(), recorded->etag());
}

TEST_P(PortfolioServiceTest, RefusesADecisionWithEveryRuleThatItBreaks) {
  auto request = TakeBack();
  v1::Decision& decision = *request.mutable_decision();
  decision.set_decision_id("No");
  decision.add_icbs("QZZ");
  decision.add_services("PSS-1");
  decision.add_service_lines("NCBPS01B");
  *decision.mutable_effective_to() = Day(2025, 6, 30);
  absl::Status status = Call(&Stub::RecordDecision, request).status();
  EXPECT_THAT(status, StatusIs(kInvalid, "INVALID_FIELDS"));
  std::vector<std::string> fields;
  for (const auto& violation : FieldViolationsOf(status)) fields.push_back(violation.field);
  EXPECT_THAT(fields, ElementsAre("decision.decision_id", "decision.effective_to", "decision.icbs[1]",
                                  "decision.services[1]", "decision.service_lines[0]"));
  request = TakeBack();
  request.mutable_decision()->clear_title();
  request.mutable_decision()->clear_form();
  EXPECT_THAT(Call(&Stub::RecordDecision, request), StatusIs(kInvalid, "INVALID_FIELDS"));
}

TEST_P(PortfolioServiceTest, ValidatesADecisionWithoutRecordingIt) {
  auto request = TakeBack();
  request.set_validate_only(true);
  auto planned = Call(&Stub::RecordDecision, request);
  ASSERT_THAT(planned, IsOk());
  EXPECT_EQ(planned->name(), "decisions/take-back-qoq");
  EXPECT_EQ(Resolve("QOQ", "NCBPS01C", Day(2025, 8, 1))->form(), v1::DELEGATION_FORM_DELEGATED);
  request.mutable_decision()->add_icbs("QZZ");
  EXPECT_THAT(Call(&Stub::RecordDecision, request), StatusIs(kInvalid, "INVALID_FIELDS"));
}

TEST_P(PortfolioServiceTest, ARepeatedRequestReturnsTheFirstOutcome) {
  auto request = TakeBack();
  request.mutable_decision()->clear_decision_id();
  request.set_request_id(NewUuid());
  auto first = Call(&Stub::RecordDecision, request);
  auto second = Call(&Stub::RecordDecision, request);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(first->ShortDebugString(), second->ShortDebugString());
  request.mutable_decision()->set_title("Something else");
  EXPECT_THAT(Call(&Stub::RecordDecision, request), StatusIs(kInvalid, "IDEMPOTENCY_KEY_MISMATCH"));
  v1::ListDecisionsRequest list;
  list.set_include_history(true);
  EXPECT_THAT(Call(&Stub::ListDecisions, list)->decisions(), SizeIs(5));
}

TEST_P(PortfolioServiceTest, TakesAnIdOnce) {
  ASSERT_THAT(Call(&Stub::RecordDecision, TakeBack()), IsOk());
  EXPECT_THAT(Call(&Stub::RecordDecision, TakeBack()),
              StatusIs(absl::StatusCode::kAlreadyExists, "DECISION_EXISTS"));
}

TEST_P(PortfolioServiceTest, CorrectsADecisionByAddingAVersion) {
  auto recorded = Call(&Stub::RecordDecision, TakeBack());
  ASSERT_THAT(recorded, IsOk());
  v1::CorrectDecisionRequest request;
  *request.mutable_decision() = *recorded;
  request.mutable_decision()->set_icbs(0, "QF7");
  request.set_etag(recorded->etag());
  request.set_reason("The paper names South Yorkshire");
  request.set_request_id(NewUuid());

  v1::CorrectDecisionRequest dry = request;
  dry.set_validate_only(true);
  dry.clear_request_id();
  ASSERT_THAT(Call(&Stub::CorrectDecision, dry), IsOk());
  EXPECT_EQ(Resolve("QOQ", "NCBPS01C", Day(2025, 8, 1))->form(), v1::DELEGATION_FORM_NHS_ENGLAND);

  auto corrected = Call(&Stub::CorrectDecision, request);
  ASSERT_THAT(corrected, IsOk());
  EXPECT_EQ(corrected->corrects(), "decisions/take-back-qoq");
  EXPECT_EQ(corrected->correction_reason(), "The paper names South Yorkshire");
  EXPECT_NE(corrected->etag(), recorded->etag());
  EXPECT_EQ(Resolve("QOQ", "NCBPS01C", Day(2025, 8, 1))->form(), v1::DELEGATION_FORM_DELEGATED);
  EXPECT_EQ(Resolve("QF7", "NCBPS01C", Day(2025, 8, 1))->form(), v1::DELEGATION_FORM_NHS_ENGLAND);
  google::protobuf::Timestamp before = recorded->validity().recorded_at();
  EXPECT_EQ(Resolve("QOQ", "NCBPS01C", Day(2025, 8, 1), &before)->form(), v1::DELEGATION_FORM_NHS_ENGLAND);
  EXPECT_EQ(Call(&Stub::CorrectDecision, request)->ShortDebugString(), corrected->ShortDebugString())
      << "a repeat returns the first outcome";

  v1::ListDecisionsRequest history;
  history.set_include_history(true);
  history.set_icb("QOQ");
  auto versions = Call(&Stub::ListDecisions, history);
  auto superseded = std::find_if(versions->decisions().begin(), versions->decisions().end(),
                                 [](const auto& d) { return d.decision_id() == "take-back-qoq"; });
  ASSERT_NE(superseded, versions->decisions().end());
  EXPECT_TRUE(superseded->validity().has_superseded_at());

  request.clear_request_id();
  EXPECT_THAT(Call(&Stub::CorrectDecision, request), StatusIs(absl::StatusCode::kAborted, "ETAG_MISMATCH"));
  request.set_etag(corrected->etag());
  EXPECT_THAT(Call(&Stub::CorrectDecision, request),
              StatusIs(absl::StatusCode::kFailedPrecondition, "DECISION_UNCHANGED"));
  request.mutable_decision()->add_services("PSS-1");
  EXPECT_THAT(Call(&Stub::CorrectDecision, request), StatusIs(kInvalid, "INVALID_FIELDS"));
  request.mutable_decision()->set_decision_id("none");
  EXPECT_THAT(Call(&Stub::CorrectDecision, request), StatusIs(kNotThere, "DECISION_NOT_FOUND"));
  request.clear_reason();
  EXPECT_THAT(Call(&Stub::CorrectDecision, request), StatusIs(kInvalid, "INVALID_FIELDS"));
}

v1::ImportRecordsRequest ImportOf(const std::string& file, const std::string& content) {
  v1::ImportRecordsRequest request;
  auto* added = request.add_files();
  added->set_file_name(file);
  added->set_content(content);
  return request;
}

constexpr char kProgrammes[] = "letter,name,note,effective_from,effective_to,provenance,inferred\n";

TEST_P(PortfolioServiceTest, ImportsFilesOnce) {
  auto request = ImportOf("programmes.csv", std::string(kProgrammes) +
                                                "H,Digital health,,2025-04-01,,test,N\n"
                                                "B,Cancers,,2013-04-01,,test,N\n");
  request.set_validate_only(true);
  auto planned = Call(&Stub::ImportRecords, request);
  ASSERT_THAT(planned, IsOk());
  EXPECT_EQ(planned->added(), 1);
  EXPECT_EQ(planned->superseded(), 1);
  v1::GetProgrammeRequest get;
  get.set_name("programmes/H");
  EXPECT_THAT(Call(&Stub::GetProgramme, get), StatusIs(kNotThere, "PROGRAMME_NOT_FOUND"));

  request.set_validate_only(false);
  request.set_request_id(NewUuid());
  auto imported = Call(&Stub::ImportRecords, request);
  ASSERT_THAT(imported, IsOk());
  EXPECT_EQ(imported->added(), 1);
  EXPECT_THAT(Call(&Stub::GetProgramme, get), IsOk());
  EXPECT_EQ(Call(&Stub::ImportRecords, request)->added(), 1) << "the repeat returns the first outcome";
  request.set_request_id(NewUuid());
  auto again = Call(&Stub::ImportRecords, request);
  EXPECT_EQ(again->added() + again->superseded(), 0);
  EXPECT_EQ(again->unchanged(), 2);
  get.set_name("programmes/B");
  *get.mutable_as_known_at() = Call(&Stub::GetProgramme, get)->validity().recorded_at();
  EXPECT_EQ(Call(&Stub::GetProgramme, get)->display_name(), "Cancers");
  get.mutable_as_known_at()->set_seconds(get.as_known_at().seconds() - 1);
  EXPECT_EQ(Call(&Stub::GetProgramme, get)->display_name(), "Cancer");
}

TEST_P(PortfolioServiceTest, ImportsAllOrNothingAndTellsEveryError) {
  auto request = ImportOf("programmes.csv", std::string(kProgrammes) +
                                                "H,Digital health,,2025-04-01,,test,N\n"
                                                "I,,,2025-04-31,,test,N\n");
  auto* lines = request.add_files();
  lines->set_file_name("stuff.csv");
  lines->set_content("x\n");
  absl::Status status = Call(&Stub::ImportRecords, request).status();
  EXPECT_THAT(status, StatusIs(kInvalid, "INVALID_FIELDS"));
  std::vector<std::string> told;
  for (const auto& violation : FieldViolationsOf(status))
    told.push_back(violation.field + " " + violation.description);
  EXPECT_THAT(
      told,
      ElementsAre(HasSubstr("files[0] programmes.csv row 3, column effective_from, value \"2025-04-31\""),
                  HasSubstr("files[0] programmes.csv row 3, column name: a value is needed"),
                  HasSubstr("files[1] stuff.csv: no such file is known")));
  v1::GetProgrammeRequest get;
  get.set_name("programmes/H");
  EXPECT_THAT(Call(&Stub::GetProgramme, get), StatusIs(kNotThere, "PROGRAMME_NOT_FOUND"));
}

void AddFile(v1::ImportRecordsRequest& request, const std::string& file, const std::string& content) {
  *request.add_files() = ImportOf(file, content).files(0);
}

// What no public list holds: specifications, providers and assessments of a few services.
v1::ImportRecordsRequest Unpublished() {
  v1::ImportRecordsRequest request;
  AddFile(request, "specifications.csv",
          "specification,service,kind,title,version,clinical_reference_group,published_on,review_on,"
          "effective_from,effective_to,provenance,inferred\n"
          "chemotherapy,PSS-105,specification,Chemotherapy,1,B02,2013-10-01,,2013-10-01,,test,N\n"
          "chemotherapy,PSS-105,specification,Chemotherapy,2,B02,2024-10-01,,2024-10-01,,test,N\n"
          "dpyd,PSS-105,policy,DPYD testing,1.0,B02,2022-04-01,2025-04-01,2022-04-01,,test,N\n"
          "hypertension,PSS-14,policy,Pulmonary hypertension,3,A01,2019-05-01,,2019-05-01,,test,N\n");
  AddFile(request, "provider_eligibilities.csv",
          "eligibility,provider,service_line,effective_from,effective_to,provenance,inferred\n"
          "rj1-01c,RJ1,NCBPS01C,2024-04-01,2026-03-31,test,N\n"
          "rj1-13g,RJ1,NCBPS13G,2024-04-01,,test,N\n"
          "rrk-01c,RRK,NCBPS01C,2024-04-01,,test,N\n");
  AddFile(request, "service_assessments.csv",
          "assessment,service,scores,evidence,comments,reviewer,outcome,assessed_on,effective_from,"
          "effective_to,provenance,inferred\n"
          "a-14,PSS-14,provider-count=2;governance=4,provider-count=7 trusts,governance=Sound,Programme team,"
          "suitable_not_yet_ready,2025-10-01,2025-10-01,,test,N\n"
          "a-105,PSS-105,governance=5,,,Programme team,suitable_and_ready,2022-10-01,2022-10-01,,test,N\n");
  AddFile(request, "services.csv",
          "service,manual_number,name,programme,clinical_reference_groups,highly_specialised,suitability,"
          "planning_tier,effective_from,effective_to,provenance,inferred\n"
          "PSS-14,14,Adult specialist pulmonary hypertension services,Internal medicine,A01,N,retained,"
          "over_10m,2025-04-01,,test,N\n");
  return request;
}

TEST_P(PortfolioServiceTest, KeepsSpecificationsAndSaysWhichAreDue) {
  ASSERT_THAT(Call(&Stub::ImportRecords, Unpublished()), IsOk());
  v1::GetSpecificationRequest get;
  get.set_name("specifications/chemotherapy");
  *get.mutable_as_of() = Day(2024, 9, 30);
  auto first = Call(&Stub::GetSpecification, get);
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->version(), "1");
  EXPECT_EQ(first->kind(), v1::SPECIFICATION_KIND_SPECIFICATION);
  EXPECT_EQ(first->service(), "PSS-105");
  EXPECT_EQ(first->clinical_reference_group(), "B02");
  EXPECT_TRUE(first->due()) << "eleven years old";
  EXPECT_EQ(Text(first->validity().effective_to()), "2024-09-30") << "superseded by its second version";
  *get.mutable_as_of() = Day(2024, 10, 1);
  auto second = Call(&Stub::GetSpecification, get);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->version(), "2");
  EXPECT_FALSE(second->due());

  v1::ListSpecificationsRequest request;
  *request.mutable_as_of() = Day(2025, 4, 1);
  auto ids = [&] {
    std::vector<std::string> list;
    auto found = Call(&Stub::ListSpecifications, request);
    EXPECT_THAT(found, IsOk());
    if (!found.ok()) return list;
    for (const auto& specification : found->specifications()) {
      list.push_back(specification.specification_id() + (specification.due() ? " due" : ""));
    }
    return list;
  };
  EXPECT_THAT(ids(), ElementsAre("chemotherapy", "dpyd", "hypertension"));
  *request.mutable_due_on() = Day(2025, 4, 1);
  EXPECT_THAT(ids(), IsEmpty());
  *request.mutable_due_on() = Day(2025, 4, 2);
  EXPECT_THAT(ids(), ElementsAre("dpyd due")) << "past its review";
  *request.mutable_due_on() = Day(2025, 5, 2);
  EXPECT_THAT(ids(), ElementsAre("dpyd due", "hypertension due")) << "and six years old";
  request.set_service("PSS-14");
  EXPECT_THAT(ids(), ElementsAre("hypertension due"));
  request.clear_service();
  request.clear_due_on();
  request.set_clinical_reference_group("B02");
  EXPECT_THAT(ids(), ElementsAre("chemotherapy", "dpyd"));
  request.set_kind(v1::SPECIFICATION_KIND_POLICY);
  EXPECT_THAT(ids(), ElementsAre("dpyd"));
  v1::ListSpecificationsRequest all;
  auto items_of = [](const auto& r) { return r.specifications(); };
  EXPECT_THAT(Paged(process_.client(), &Stub::ListSpecifications, all, 1, items_of), SizeIs(3));
  *request.mutable_due_on() = Day(2025, 2, 30);
  EXPECT_THAT(Call(&Stub::ListSpecifications, request), StatusIs(kInvalid, "INVALID_FIELDS"));

  v1::BatchGetSpecificationsRequest batch;
  batch.add_names("specifications/hypertension");
  batch.add_names("specifications/dpyd");
  auto found = Call(&Stub::BatchGetSpecifications, batch);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->specifications(0).title(), "Pulmonary hypertension");
  EXPECT_EQ(Text(found->specifications(1).review_on()), "2025-04-01");
}

TEST_P(PortfolioServiceTest, KeepsWhichProvidersAreEligibleAndSince) {
  v1::ListProviderEligibilitiesRequest request;
  *request.mutable_as_of() = Day(2026, 3, 31);
  EXPECT_THAT(Call(&Stub::ListProviderEligibilities, request)->provider_eligibilities(), IsEmpty())
      << "the pack ships none";
  ASSERT_THAT(Call(&Stub::ImportRecords, Unpublished()), IsOk());
  auto count = [&] {
    auto found = Call(&Stub::ListProviderEligibilities, request);
    EXPECT_THAT(found, IsOk());
    return found.ok() ? found->provider_eligibilities_size() : -1;
  };
  EXPECT_EQ(count(), 3);
  request.set_provider("RJ1");
  EXPECT_EQ(count(), 2);
  request.set_service_line("NCBPS01C");
  EXPECT_EQ(count(), 1);
  request.clear_provider();
  EXPECT_EQ(count(), 2);
  *request.mutable_as_of() = Day(2026, 4, 1);
  EXPECT_EQ(count(), 1) << "one ended the day before";
  v1::ListProviderEligibilitiesRequest all;
  *all.mutable_as_of() = Day(2026, 3, 31);
  auto items_of = [](const auto& r) { return r.provider_eligibilities(); };
  EXPECT_THAT(Paged(process_.client(), &Stub::ListProviderEligibilities, all, 2, items_of), SizeIs(3));

  v1::GetProviderEligibilityRequest get;
  get.set_name("providerEligibilities/rj1-01c");
  *get.mutable_as_of() = Day(2026, 3, 31);
  auto eligible = Call(&Stub::GetProviderEligibility, get);
  ASSERT_THAT(eligible, IsOk());
  EXPECT_EQ(eligible->provider(), "RJ1");
  EXPECT_EQ(eligible->service_line(), "NCBPS01C");
  EXPECT_EQ(Text(eligible->validity().effective_to()), "2026-03-31");
  EXPECT_EQ(eligible->validity().provenance(), "test");
  *get.mutable_as_known_at() = eligible->validity().recorded_at();
  get.mutable_as_known_at()->set_seconds(get.as_known_at().seconds() - 1);
  EXPECT_THAT(Call(&Stub::GetProviderEligibility, get),
              StatusIs(kNotThere, "PROVIDER_ELIGIBILITY_NOT_FOUND"));
  v1::BatchGetProviderEligibilitiesRequest batch;
  batch.add_names("providerEligibilities/rrk-01c");
  EXPECT_EQ(Call(&Stub::BatchGetProviderEligibilities, batch)->provider_eligibilities(0).provider(), "RRK");
}

TEST_P(PortfolioServiceTest, KeepsAssessmentsByCriterionAndTheirVersions) {
  ASSERT_THAT(Call(&Stub::ImportRecords, Unpublished()), IsOk());
  v1::GetServiceAssessmentRequest get;
  get.set_name("serviceAssessments/a-14");
  auto assessment = Call(&Stub::GetServiceAssessment, get);
  ASSERT_THAT(assessment, IsOk());
  EXPECT_EQ(assessment->service(), "PSS-14");
  EXPECT_EQ(assessment->outcome(), v1::SUITABILITY_SUITABLE_NOT_YET_READY);
  EXPECT_EQ(assessment->reviewer(), "Programme team");
  EXPECT_EQ(Text(assessment->assessed_on()), "2025-10-01");
  EXPECT_EQ(assessment->version(), 1);
  ASSERT_THAT(assessment->findings(), SizeIs(2));
  EXPECT_EQ(assessment->findings(0).criterion(), "governance");
  EXPECT_EQ(assessment->findings(0).score(), 4);
  EXPECT_EQ(assessment->findings(0).comment(), "Sound");
  EXPECT_EQ(assessment->findings(1).evidence(), "7 trusts");

  v1::ListServiceAssessmentsRequest list;
  EXPECT_THAT(Call(&Stub::ListServiceAssessments, list)->service_assessments(), SizeIs(2));
  list.set_service("PSS-105");
  EXPECT_THAT(Call(&Stub::ListServiceAssessments, list)->service_assessments(), SizeIs(1));
  list.set_outcome(v1::SUITABILITY_RETAINED);
  EXPECT_THAT(Call(&Stub::ListServiceAssessments, list)->service_assessments(), IsEmpty());
  auto items_of = [](const auto& r) { return r.service_assessments(); };
  EXPECT_THAT(Paged(process_.client(), &Stub::ListServiceAssessments, v1::ListServiceAssessmentsRequest(), 1,
                    items_of),
              SizeIs(2));
  v1::BatchGetServiceAssessmentsRequest batch;
  batch.add_names("serviceAssessments/a-105");
  EXPECT_EQ(Call(&Stub::BatchGetServiceAssessments, batch)->service_assessments(0).findings(0).score(), 5);

  const std::string header =
      "assessment,service,scores,evidence,comments,reviewer,outcome,assessed_on,effective_from,"
      "effective_to,provenance,inferred\n";
  auto unknown = ImportOf("service_assessments.csv",
                          header + "a-15,PSS-15,charm=5,,,Team,retained,2025-10-01,2025-10-01,,test,N\n");
  absl::Status status = Call(&Stub::ImportRecords, unknown).status();
  EXPECT_THAT(status, StatusIs(kInvalid, "INVALID_FIELDS"));
  EXPECT_THAT(FieldViolationsOf(status).front().description,
              HasSubstr("value \"charm\": no criterion with this code is known; the criteria are activity"));
  auto again = ImportOf("service_assessments.csv",
                        header +
                            "a-14,PSS-14,governance=5,,,Team,suitable_and_ready,2026-02-01,2026-02-01,,"
                            "test,N\n");
  ASSERT_THAT(Call(&Stub::ImportRecords, again), IsOk());
  auto reassessed = Call(&Stub::GetServiceAssessment, get);
  ASSERT_THAT(reassessed, IsOk());
  EXPECT_EQ(reassessed->version(), 2);
  EXPECT_EQ(reassessed->outcome(), v1::SUITABILITY_SUITABLE_AND_READY);
  *get.mutable_as_of() = Day(2026, 1, 31);
  EXPECT_EQ(Call(&Stub::GetServiceAssessment, get)->version(), 1);
}

TEST_P(PortfolioServiceTest, SaysAtWhichPopulationAServiceIsPlanned) {
  v1::GetServiceRequest get;
  get.set_name("services/PSS-14");
  EXPECT_EQ(Call(&Stub::GetService, get)->planning_tier(), v1::PLANNING_TIER_UNSPECIFIED)
      << "it is not published";
  ASSERT_THAT(Call(&Stub::ImportRecords, Unpublished()), IsOk());
  EXPECT_EQ(Call(&Stub::GetService, get)->planning_tier(), v1::PLANNING_TIER_OVER_TEN_MILLION);
  *get.mutable_as_of() = Day(2025, 3, 31);
  EXPECT_EQ(Call(&Stub::GetService, get)->planning_tier(), v1::PLANNING_TIER_UNSPECIFIED);
}

TEST_P(PortfolioServiceTest, TheShippedFilesImportAsKnownAlready) {
  v1::ImportRecordsRequest request;
  for (const auto& file : portfolio_reference()) {
    auto* added = request.add_files();
    added->set_file_name(std::string(file.path));
    added->set_content(std::string(file.content));
  }
  auto imported = Call(&Stub::ImportRecords, request);
  ASSERT_THAT(imported, IsOk());
  EXPECT_EQ(imported->added(), 0);
  EXPECT_EQ(imported->superseded(), 0);
  EXPECT_GT(imported->unchanged(), 1000);
}

TEST_P(PortfolioServiceTest, EveryRoleReadsAndFewWrite) {
  const std::set<Role> readers = {Role::kNational,       Role::kRegion,        Role::kIcb,
                                  Role::kJointCommittee, Role::kProvider,      Role::kStakeholder,
                                  Role::kAuditor,        Role::kAdministrator, Role::kService};
  for (Role role : readers) {
    auto client = process_.ClientOf(CallerWith(role));
    v1::ListProgrammesRequest list;
    EXPECT_THAT(client->Call(&Stub::ListProgrammes, list), IsOk()) << ToString(role);
    auto record = TakeBack();
    record.set_validate_only(true);
    auto import = ImportOf("programmes.csv", kProgrammes);
    import.set_validate_only(true);
    v1::CorrectDecisionRequest correct;
    *correct.mutable_decision() = record.decision();
    correct.set_etag("x");
    correct.set_reason("x");
    auto denied = [](const auto& outcome) { return absl::IsPermissionDenied(outcome.status()); };
    EXPECT_EQ(denied(client->Call(&Stub::RecordDecision, record)), role != Role::kNational) << ToString(role);
    EXPECT_EQ(denied(client->Call(&Stub::CorrectDecision, correct)), role != Role::kNational)
        << ToString(role);
    EXPECT_EQ(denied(client->Call(&Stub::ImportRecords, import)), role != Role::kNational) << ToString(role);
  }
}

// --- around the calls

TEST_P(PortfolioServiceTest, TellsOthersOfOrganisationsAndDecisions) {
  EventLog& log = process_.Events();
  std::set<std::string> icbs;
  std::map<std::string, events::v1::DecisionRecorded> decisions;
  // Three events of organisations and four of decisions make the reference pack.
  for (const auto& event : log.Await(7)) {
    if (event.type == "specom.events.v1.OrganisationsChanged") {
      events::v1::OrganisationsChanged changed;
      ASSERT_TRUE(changed.ParseFromString(event.data));
      for (const auto& organisation : changed.organisations()) {
        if (organisation.kind() == v1::ORGANISATION_KIND_ICB) icbs.insert(organisation.code());
      }
    } else {
      ASSERT_EQ(event.type, "specom.events.v1.DecisionRecorded");
      ASSERT_TRUE(decisions[event.subject].ParseFromString(event.data));
    }
    EXPECT_EQ(event.source, "specom/portfolio");
  }
  EXPECT_THAT(icbs, SizeIs(48));
  ASSERT_THAT(decisions, SizeIs(4));
  EXPECT_THAT(decisions["decisions/nhse-board-2024-12-delegation"].decision().services(), SizeIs(70));

  auto request = TakeBack();
  request.mutable_decision()->add_service_lines("NCBPS22SB");
  auto recorded = Call(&Stub::RecordDecision, request);
  ASSERT_THAT(recorded, IsOk());
  events::Event last = log.Await(8).back();
  events::v1::DecisionRecorded payload;
  ASSERT_TRUE(payload.ParseFromString(last.data));
  EXPECT_EQ(last.subject, "decisions/take-back-qoq");
  EXPECT_THAT(payload.decision().services(), ElementsAre("PSS-105", "PSS-6"))
      << "the single line's service too";
  EXPECT_EQ(payload.corrects(), "");

  v1::CorrectDecisionRequest correct;
  *correct.mutable_decision() = *recorded;
  correct.mutable_decision()->clear_service_lines();
  correct.set_etag(recorded->etag());
  correct.set_reason("No single line");
  ASSERT_THAT(Call(&Stub::CorrectDecision, correct), IsOk());
  last = log.Await(9).back();
  ASSERT_TRUE(payload.ParseFromString(last.data));
  EXPECT_EQ(payload.corrects(), "decisions/take-back-qoq");
  EXPECT_EQ(last.aggregate_seq, 2);
}

TEST_P(PortfolioServiceTest, AnotherProcessOnTheSameDatabaseTakesItUp) {
  Process other(database_);
  other.Start();
  ASSERT_THAT(Call(&Stub::RecordDecision, TakeBack()), IsOk());
  v1::GetDecisionRequest get;
  get.set_name("decisions/take-back-qoq");
  absl::Time give_up = absl::Now() + absl::Seconds(30);
  absl::StatusOr<v1::Decision> seen = absl::UnknownError("not asked yet");
  while (!seen.ok() && absl::Now() < give_up) seen = other.client().Call(&Stub::GetDecision, get);
  EXPECT_THAT(seen, IsOk());
  // And its own writes go on from there.
  auto next = TakeBack();
  next.mutable_decision()->set_decision_id("take-back-qf7");
  next.mutable_decision()->set_icbs(0, "QF7");
  EXPECT_THAT(other.client().Call(&Stub::RecordDecision, next), IsOk());
  EXPECT_THAT(other.client().Call(&Stub::RecordDecision, TakeBack()),
              StatusIs(absl::StatusCode::kAlreadyExists, "DECISION_EXISTS"));
}

TEST_P(PortfolioServiceTest, ARestartKnowsWhatWasRecordedAndLoadsNothingTwice) {
  auto recorded = Call(&Stub::RecordDecision, TakeBack());
  ASSERT_THAT(recorded, IsOk());
  process_.Stop();
  Process restarted(database_);
  restarted.Start();
  v1::GetDecisionRequest get;
  get.set_name("decisions/take-back-qoq");
  auto kept = restarted.client().Call(&Stub::GetDecision, get);
  ASSERT_THAT(kept, IsOk());
  EXPECT_EQ(kept->ShortDebugString(), recorded->ShortDebugString());
  EXPECT_THAT(restarted.Events().Await(8), SizeIs(8));
}

TEST(PortfolioModuleTest, SaysWhichCommandBringsTheSchemaUpToDate) {
  store::TestDatabase database(store::Engine::kSqlite);
  Process process(database);
  absl::Status status = process.host().Start();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, "SCHEMA_BEHIND"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("specom-portfolio migrate"));
}

}  // namespace
}  // namespace specom::portfolio
