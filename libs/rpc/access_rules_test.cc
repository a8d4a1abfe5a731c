// Proves that an explanation names what a call would be refused for, in the order of the pipeline, and
// whose drafts a caller reaches.
#include "libs/rpc/access_rules.h"

#include <gmock/gmock.h>

#include "libs/base/status.h"
#include "specom/finance/v1/finance_service.pb.h"

namespace specom::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

MethodTraits Method(const std::string& name) {
  finance::v1::GetRunRequest::descriptor();
  return TraitsOf("specom.finance.v1.FinanceService/" + name).value();
}

// "role ok", "organisation missing", …
std::vector<std::string> Outcome(const std::vector<AccessCheck>& checks) {
  std::vector<std::string> words;
  for (const AccessCheck& check : checks) words.push_back(check.check + (check.passed ? " ok" : " missing"));
  return words;
}

std::optional<absl::Status> NobodyAsks() {
  ADD_FAILURE() << "no resource was named, or the role is missing";
  return std::nullopt;
}

TEST(CheckAccess, AMissingRoleIsAllThatIsSaid) {
  auto checks = CheckAccess(Method("PublishRun"), {"ada", {Role::kIcb}, "QOQ"}, "runs/1", NobodyAsks);
  ASSERT_THAT(Outcome(checks), ElementsAre("role missing"));
  EXPECT_EQ(checks[0].finding, "This method needs one of the roles national.");
}

TEST(CheckAccess, TheOrganisationIsLookedAtWhereDraftsAreChanged) {
  auto missing = CheckAccess(Method("CreateRun"), {"ada", {Role::kRegion}, ""}, "", NobodyAsks);
  EXPECT_THAT(Outcome(missing), ElementsAre("role ok", "organisation missing", "scope ok"));
  auto there = CheckAccess(Method("CreateRun"), {"ada", {Role::kRegion}, "Y60"}, "", NobodyAsks);
  EXPECT_THAT(Outcome(there), ElementsAre("role ok", "organisation ok", "scope ok"));
  auto read = CheckAccess(Method("GetRun"), {"ada", {Role::kRegion}, ""}, "", NobodyAsks);
  EXPECT_THAT(Outcome(read), ElementsAre("role ok", "scope ok"));
}

TEST(CheckAccess, TheScopeSaysWhoseDraftsAreReached) {
  auto scope = [](const Principal& caller, const std::string& method = "GetRun") {
    return CheckAccess(Method(method), caller, "", NobodyAsks).back().finding;
  };
  EXPECT_THAT(scope({"ada", {Role::kAuditor}, ""}), HasSubstr("every draft"));
  EXPECT_THAT(scope({"ada", {Role::kIcb, Role::kNational}, "QOQ"}), HasSubstr("every draft"));
  EXPECT_THAT(scope({"ada", {Role::kIcb}, "QOQ"}), HasSubstr("the drafts that QOQ holds"));
  EXPECT_THAT(scope({"ada", {Role::kIcb, Role::kRegion}, "Y60"}),
              HasSubstr("Y60 or an organisation of that region"));
  EXPECT_THAT(scope({"ada", {Role::kIcb}, ""}),
              HasSubstr("no drafts, for the caller acts for no organisation"));
  EXPECT_THAT(scope({"ada", {Role::kStakeholder}, "QOQ"}), HasSubstr("no drafts."));
  EXPECT_THAT(scope({"ada", {Role::kStakeholder}, ""}, "GetPolicy"), HasSubstr("the same for all"));
  EXPECT_THAT(scope({"ada", {Role::kNational}, ""}, "PublishRun"), HasSubstr("platform as a whole"));
}

TEST(CheckAccess, TheOwnerOfAResourceDecidesLast) {
  const Principal caller = {"ada", {Role::kIcb}, "QOQ"};
  auto ask = [&](std::optional<absl::Status> answer) {
    return CheckAccess(Method("GetRun"), caller, "runs/1", [=] { return answer; });
  };
  EXPECT_THAT(Outcome(ask(absl::OkStatus())), ElementsAre("role ok", "scope ok", "resource ok"));
  auto refused = ask(absl::PermissionDeniedError("not yours"));
  EXPECT_THAT(Outcome(refused), ElementsAre("role ok", "scope ok", "resource missing"));
  EXPECT_EQ(refused.back().finding, "not yours");
  EXPECT_THAT(ask(std::nullopt).back().finding, HasSubstr("no rule of its own"));
}

TEST(EveryMethod, IsWalkedByServiceInTheOrderOfTheContract) {
  std::vector<std::string> finance;
  for (const MethodTraits& method : EveryMethod()) {
    if (method.full_method.starts_with("specom.finance.")) finance.push_back(method.full_method);
  }
  const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
      "specom.finance.v1.FinanceService");
  ASSERT_EQ(static_cast<int>(finance.size()), service->method_count());
  for (int i = 0; i < service->method_count(); ++i)
    EXPECT_EQ(finance[i], FullMethodName(*service->method(i)));
}

}  // namespace
}  // namespace specom::rpc
