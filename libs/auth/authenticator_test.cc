// Proves who is believed: local callers that name themselves once, and nobody else.
#include "libs/auth/authenticator.h"

#include <gmock/gmock.h>

#include <map>

#include "libs/testing/status_matchers.h"

namespace specom {
namespace {

using ::specom::testing::StatusIs;
using ::testing::HasSubstr;

class FixedMetadata final : public CallMetadata {
 public:
  FixedMetadata(std::initializer_list<std::pair<const std::string, std::string>> entries)
      : entries_(entries) {}
  std::vector<std::string_view> Values(std::string_view key) const override {
    std::vector<std::string_view> values;
    auto [begin, end] = entries_.equal_range(std::string(key));
    for (auto it = begin; it != end; ++it) values.push_back(it->second);
    return values;
  }

 private:
  std::multimap<std::string, std::string> entries_;
};

const Peer kLocal = {.address = "ipv4:127.0.0.1:4711", .workload = ""};

TEST(DevelopmentAuthenticator, BelievesALocalCaller) {
  FixedMetadata metadata = {{"x-specom-user", "ada@example.nhs.uk"},
                            {"x-specom-roles", "national, joint-committee"},
                            {"x-specom-organisation", "QOQ"}};
  auto principal = DevelopmentAuthenticator().Authenticate(metadata, kLocal);
  ASSERT_TRUE(principal.ok()) << principal.status();
  EXPECT_EQ(principal->user, "ada@example.nhs.uk");
  EXPECT_EQ(principal->roles, (std::set<Role>{Role::kNational, Role::kJointCommittee}));
  EXPECT_EQ(principal->organisation, "QOQ");
}

TEST(DevelopmentAuthenticator, NamesTheHeadersThatAreMissing) {
  auto neither = DevelopmentAuthenticator().Authenticate(FixedMetadata{}, kLocal);
  EXPECT_THAT(neither, StatusIs(absl::StatusCode::kUnauthenticated, "MISSING_IDENTITY"));
  EXPECT_EQ(ErrorMetadataOf(neither.status())["missing"], "x-specom-user and x-specom-roles");
  auto roles = DevelopmentAuthenticator().Authenticate(FixedMetadata{{"x-specom-user", "ada"}}, kLocal);
  EXPECT_EQ(ErrorMetadataOf(roles.status())["missing"], "x-specom-roles");
}

TEST(DevelopmentAuthenticator, RefusesOtherMachines) {
  FixedMetadata metadata = {{"x-specom-user", "ada"}, {"x-specom-roles", "national"}};
  for (const char* address :
       {"ipv4:10.0.0.7:4711", "ipv6:%5B2001:db8::1%5D:4711", "ipv4:128.127.0.1:1", ""}) {
    EXPECT_THAT(DevelopmentAuthenticator().Authenticate(metadata, {address, ""}),
                StatusIs(absl::StatusCode::kUnauthenticated, "NOT_LOCAL"))
        << address;
  }
  for (const char* address : {"ipv4:127.0.0.1:1", "ipv6:%5B::1%5D:1", "unix:/run/specom.sock"}) {
    EXPECT_TRUE(DevelopmentAuthenticator().Authenticate(metadata, {address, ""}).ok()) << address;
  }
}

TEST(DevelopmentAuthenticator, RefusesWhatItDoesNotUnderstand) {
  EXPECT_THAT(DevelopmentAuthenticator().Authenticate(
                  FixedMetadata{{"x-specom-user", "ada"}, {"x-specom-roles", "national,queen"}}, kLocal),
              StatusIs(absl::StatusCode::kUnauthenticated, "UNKNOWN_ROLE"));
  EXPECT_THAT(
      DevelopmentAuthenticator().Authenticate(
          FixedMetadata{{"x-specom-user", "ada"}, {"x-specom-user", "bob"}, {"x-specom-roles", "icb"}},
          kLocal),
      StatusIs(absl::StatusCode::kUnauthenticated, "AMBIGUOUS_IDENTITY"));
  EXPECT_THAT(DevelopmentAuthenticator().Authenticate(
                  FixedMetadata{{"x-specom-user", "a\nb"}, {"x-specom-roles", "icb"}}, kLocal),
              StatusIs(absl::StatusCode::kUnauthenticated, "MALFORMED_IDENTITY"));
}

TEST(DenyAllAuthenticator, DeniesEverybody) {
  FixedMetadata metadata = {{"x-specom-user", "ada"}, {"x-specom-roles", "national"}};
  EXPECT_THAT(DenyAllAuthenticator().Authenticate(metadata, kLocal),
              StatusIs(absl::StatusCode::kUnauthenticated, "NO_IDENTITY_PROVIDER"));
}

}  // namespace
}  // namespace specom
