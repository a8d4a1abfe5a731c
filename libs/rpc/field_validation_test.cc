// Proves that a request is refused for everything that its descriptors forbid, at once and with paths.
#include "libs/rpc/field_validation.h"

#include <gmock/gmock.h>

#include "libs/base/status.h"
#include "libs/testing/status_matchers.h"
#include "specom/finance/v1/finance_service.pb.h"
#include "specom/portfolio/v1/portfolio_service.pb.h"
#include "specom/reporting/v1/reporting_service.pb.h"

namespace specom::rpc {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using ::testing::UnorderedElementsAre;

std::vector<std::string> FieldsOf(const absl::Status& status) {
  std::vector<std::string> fields;
  for (const FieldViolation& violation : FieldViolationsOf(status)) fields.push_back(violation.field);
  return fields;
}

portfolio::v1::RecordDecisionRequest SoundDecision() {
  portfolio::v1::RecordDecisionRequest request;
  auto& decision = *request.mutable_decision();
  decision.set_title("Delegation of 59 services");
  decision.set_decided_by("NHS England Board");
  decision.mutable_decided_on()->set_year(2024);
  decision.mutable_decided_on()->set_month(2);
  decision.mutable_decided_on()->set_day(29);
  decision.set_form(portfolio::v1::DelegationForm(1));
  decision.add_icbs("QOQ");
  *decision.mutable_effective_from() = decision.decided_on();
  return request;
}

TEST(FieldValidation, AcceptsASoundRequest) {
  EXPECT_THAT(ValidateFields(SoundDecision()), IsOk());
}

TEST(FieldValidation, NamesEveryRequiredFieldThatIsMissing) {
  reporting::v1::GetRegionalReportRequest request;
  absl::Status status = ValidateFields(request);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_THAT(FieldsOf(status), UnorderedElementsAre("region", "financial_year"));
  EXPECT_THAT(FieldsOf(ValidateFields(portfolio::v1::RecordDecisionRequest())),
              UnorderedElementsAre("decision"));
}

TEST(FieldValidation, GoesIntoMessages) {
  portfolio::v1::RecordDecisionRequest request = SoundDecision();
  request.mutable_decision()->clear_title();
  request.mutable_decision()->clear_icbs();
  request.mutable_decision()->mutable_effective_from()->set_day(30);
  request.mutable_decision()->set_form(portfolio::v1::DelegationForm(97));
  absl::Status status = ValidateFields(request);
  EXPECT_THAT(FieldsOf(status), UnorderedElementsAre("decision.title", "decision.icbs",
                                                     "decision.effective_from", "decision.form"));
}

TEST(FieldValidation, GoesIntoRepeatedMessages) {
  portfolio::v1::ImportRecordsRequest request;
  for (int i = 0; i < 3; ++i) request.add_files()->set_file_name("organisations.csv");
  request.mutable_files(1)->set_content("code,name\n");
  EXPECT_THAT(FieldsOf(ValidateFields(request)),
              UnorderedElementsAre("files[0].content", "files[2].content"));
}

TEST(FieldValidation, CountsWhatItDoesNotKeep) {
  portfolio::v1::ImportRecordsRequest request;
  for (int i = 0; i < 500; ++i) request.add_files();
  absl::Status status = ValidateFields(request);
  EXPECT_EQ(ErrorMetadataOf(status)["violations"], "1000");
  EXPECT_EQ(FieldViolationsOf(status).size(), 100u);
}

TEST(FieldValidation, ChecksPageSizeAndRequestId) {
  finance::v1::ListRunsRequest list;
  list.set_page_size(-1);
  list.set_state(finance::v1::RunState(77));
  EXPECT_THAT(FieldsOf(ValidateFields(list)), UnorderedElementsAre("page_size", "state"));
  finance::v1::CreateRunRequest create;
  create.set_request_id("again");
  EXPECT_THAT(FieldsOf(ValidateFields(create)), UnorderedElementsAre("request_id"));
  create.set_request_id("7b4f0c3e-2f8e-4d55-9c06-2f1de6a5a0d1");
  EXPECT_THAT(ValidateFields(create), IsOk());
}

TEST(FieldValidation, KnowsTheCalendar) {
  reporting::v1::GetRegionalReportRequest request;
  request.set_region("Y60");
  request.set_financial_year("2025/26");
  struct {
    int year, month, day;
    bool valid;
  } const cases[] = {{2024, 2, 29, true},  {2023, 2, 29, false}, {2025, 4, 31, false}, {0, 1, 1, false},
                     {9999, 12, 31, true}, {2025, 13, 1, false}, {2025, 0, 1, false},  {0, 0, 0, false}};
  for (const auto& c : cases) {
    request.mutable_as_of()->set_year(c.year);
    request.mutable_as_of()->set_month(c.month);
    request.mutable_as_of()->set_day(c.day);
    EXPECT_EQ(ValidateFields(request).ok(), c.valid) << c.year << "-" << c.month << "-" << c.day;
  }
}

TEST(FieldValidation, ChecksTimestamps) {
  portfolio::v1::RecordDecisionRequest request = SoundDecision();
  request.mutable_decision()->mutable_validity()->mutable_recorded_at()->set_nanos(-1);
  EXPECT_THAT(FieldsOf(ValidateFields(request)), UnorderedElementsAre("decision.validity.recorded_at"));
}

}  // namespace
}  // namespace specom::rpc
