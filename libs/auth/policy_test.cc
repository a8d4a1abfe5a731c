// Proves that one of the named roles is needed and enough, and that no rule lets nobody in.
#include "libs/auth/policy.h"

#include <gmock/gmock.h>

#include "libs/testing/status_matchers.h"

namespace specom {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;

constexpr Role kEveryRole[] = {Role::kNational,       Role::kRegion,        Role::kIcb,
                               Role::kJointCommittee, Role::kProvider,      Role::kStakeholder,
                               Role::kAuditor,        Role::kAdministrator, Role::kService};

TEST(Authorize, OneRoleOfTheRuleIsEnough) {
  AccessRule rule{.allow = {Role::kRegion, Role::kIcb}};
  for (Role role : kEveryRole) {
    Principal principal{.user = "ada", .roles = {role}, .organisation = ""};
    if (rule.allow.contains(role)) {
      EXPECT_THAT(Authorize(rule, principal), IsOk()) << ToString(role);
    } else {
      EXPECT_THAT(Authorize(rule, principal), StatusIs(absl::StatusCode::kPermissionDenied, "MISSING_ROLE"))
          << ToString(role);
    }
  }
}

TEST(Authorize, TellsTheRolesThatWouldDoAndNothingElse) {
  absl::Status denied = Authorize({.allow = {Role::kRegion, Role::kNational}}, {"ada", {Role::kIcb}, "QOQ"});
  EXPECT_EQ(denied.message(), "This method needs one of the roles national, region.");
  EXPECT_EQ(ErrorMetadataOf(denied), (ErrorMetadata{{"roles", "national, region"}}));
}

TEST(Authorize, WhoChangesDraftsForAnOrganisationHasOne) {
  AccessRule rule{.allow = {Role::kNational, Role::kRegion, Role::kIcb}, .needs_organisation = true};
  absl::Status denied = Authorize(rule, {"ada", {Role::kIcb, Role::kAuditor}, ""});
  EXPECT_THAT(denied, StatusIs(absl::StatusCode::kPermissionDenied, "MISSING_ORGANISATION"));
  EXPECT_EQ(ErrorMetadataOf(denied), (ErrorMetadata{{"roles", "icb"}}));
  EXPECT_THAT(Authorize(rule, {"ada", {Role::kRegion}, ""}),
              StatusIs(absl::StatusCode::kPermissionDenied, "MISSING_ORGANISATION"));
  EXPECT_THAT(Authorize(rule, {"ada", {Role::kProvider}, ""}),
              StatusIs(absl::StatusCode::kPermissionDenied, "MISSING_ROLE"));
  EXPECT_THAT(Authorize(rule, {"ada", {Role::kIcb}, "QOQ"}), IsOk());
  EXPECT_THAT(Authorize(rule, {"ada", {Role::kNational}, ""}), IsOk());
  EXPECT_THAT(Authorize(rule, {"ada", {Role::kIcb, Role::kNational}, ""}), IsOk());
}

TEST(Authorize, AnEmptyRuleLetsNobodyIn) {
  Principal everything{
      .user = "root", .roles = {std::begin(kEveryRole), std::end(kEveryRole)}, .organisation = ""};
  EXPECT_THAT(Authorize({}, everything), StatusIs(absl::StatusCode::kPermissionDenied, "MISSING_ROLE"));
}

}  // namespace
}  // namespace specom
