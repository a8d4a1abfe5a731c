// Proves that the cache of verified tokens forgets what no longer holds, and stays within its bound.
#include "libs/auth/token_cache.h"

#include <gmock/gmock.h>

namespace specom {
namespace {

using ::testing::Eq;
using ::testing::Ne;

const absl::Time kNow = absl::FromUnixSeconds(1'750'000'000);

VerifiedToken TokenOf(const std::string& user, absl::Duration lifetime = absl::Minutes(5)) {
  return {.principal = {.user = user, .roles = {Role::kAuditor}, .organisation = ""},
          .not_before = kNow,
          .not_after = kNow + lifetime};
}

TEST(TokenCache, FindsByTheWholeTextWhileItHolds) {
  TokenCache cache;
  cache.Put("token-a", 1, kNow, TokenOf("ada"));
  auto found = cache.Find("token-a", 1, kNow);
  ASSERT_THAT(found, Ne(std::nullopt));
  EXPECT_EQ(found->user, "ada");
  EXPECT_THAT(cache.Find("token-", 1, kNow), Eq(std::nullopt));
  EXPECT_THAT(cache.Find("token-b", 1, kNow), Eq(std::nullopt));
  EXPECT_THAT(cache.Find("", 1, kNow), Eq(std::nullopt));
  EXPECT_THAT(cache.Find("token-a", 1, kNow + absl::Minutes(5) - absl::Nanoseconds(1)), Ne(std::nullopt));
  EXPECT_THAT(cache.Find("token-a", 1, kNow + absl::Minutes(5)), Eq(std::nullopt));
  EXPECT_EQ(cache.size(), 0u) << "what has expired is forgotten";
}

TEST(TokenCache, ForgetsWhatOtherKeysVerified) {
  TokenCache cache;
  cache.Put("token-a", 1, kNow, TokenOf("ada"));
  EXPECT_THAT(cache.Find("token-a", 2, kNow), Eq(std::nullopt));
  EXPECT_THAT(cache.Find("token-a", 1, kNow), Eq(std::nullopt));
}

TEST(TokenCache, StaysWithinItsBoundAndLetsTheExpiredGoFirst) {
  TokenCache cache;
  const std::size_t many = 2 * TokenCache::kMaxEntries;
  for (std::size_t i = 0; i < many; ++i) {
    cache.Put("token-" + std::to_string(i), 1, kNow, TokenOf("user", absl::Minutes(1)));
    ASSERT_LE(cache.size(), TokenCache::kMaxEntries);
  }
  EXPECT_GT(cache.size(), TokenCache::kMaxEntries / 2) << "the shards fill alike";
  const absl::Time later = kNow + absl::Minutes(1);
  for (std::size_t i = 0; i < 100; ++i) cache.Put("late-" + std::to_string(i), 1, later, TokenOf("late"));
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_THAT(cache.Find("late-" + std::to_string(i), 1, later), Ne(std::nullopt)) << i;
  }
}

}  // namespace
}  // namespace specom
