// Proves that the entries are bounded by bytes, leave in the order of their last use, and end in time.
#include "libs/cache/near_entries.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "libs/cache/lifetime.h"

namespace specom::cache {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'750'000'000);
const absl::Time kLater = kNow + absl::Seconds(1);

Bytes BytesOf(std::size_t size) {
  return std::make_shared<const std::string>(size, 'x');
}

// Room for `count` entries of one letter's key and 100 bytes.
std::size_t RoomFor(std::size_t count) {
  return count * (std::string("s 1 a").size() + 100 + NearEntries::kOverhead);
}

TEST(NearEntriesTest, TheLeastRecentlyUsedLeaves) {
  NearEntries entries(RoomFor(4));
  for (const char* key : {"a", "b", "c", "d"}) entries.Put("s", 1, key, BytesOf(100), kLater);
  EXPECT_EQ(entries.bytes(), RoomFor(4));
  EXPECT_NE(entries.Find("s", 1, "a", kNow), nullptr);
  entries.Put("s", 1, "e", BytesOf(100), kLater);
  EXPECT_EQ(entries.Find("s", 1, "b", kNow), nullptr);
  for (const char* key : {"a", "c", "d", "e"}) EXPECT_NE(entries.Find("s", 1, key, kNow), nullptr) << key;
}

TEST(NearEntriesTest, WhatIsLargerThanAQuarterIsNotKept) {
  NearEntries entries(RoomFor(4));
  entries.Put("s", 1, "a", BytesOf(101), kLater);
  EXPECT_EQ(entries.size(), 0u);
  NearEntries none(0);
  none.Put("s", 1, "a", BytesOf(0), kLater);
  EXPECT_EQ(none.size(), 0u);
}

TEST(NearEntriesTest, AnEntryEndsInTime) {
  NearEntries entries(RoomFor(4));
  entries.Put("s", 1, "a", BytesOf(100), kLater);
  EXPECT_NE(entries.Find("s", 1, "a", kLater - absl::Nanoseconds(1)), nullptr);
  EXPECT_EQ(entries.Find("s", 1, "a", kLater), nullptr);
  EXPECT_EQ(entries.bytes(), 0u);
}

TEST(NearEntriesTest, ARiseDropsWhatIsOlderInItsSpaceOnly) {
  NearEntries entries(RoomFor(8));
  entries.Put("s", 1, "a", BytesOf(10), kLater);
  entries.Put("s", 2, "a", BytesOf(20), kLater);
  entries.Put("t", 1, "a", BytesOf(30), kLater);
  entries.DropBelow("s", 2);
  EXPECT_EQ(entries.Find("s", 1, "a", kNow), nullptr);
  EXPECT_EQ(entries.Find("s", 2, "a", kNow)->size(), 20u);
  EXPECT_EQ(entries.Find("t", 1, "a", kNow)->size(), 30u);
}

TEST(NearEntriesTest, KeysThatLookLikeVersionsDoNotMeet) {
  NearEntries entries(RoomFor(8));
  entries.Put("s", 1, "2 a", BytesOf(10), kLater);
  EXPECT_EQ(entries.Find("s", 12, "a", kNow), nullptr);
  EXPECT_EQ(entries.Find("s", 2, "a", kNow), nullptr);
}

RC_GTEST_PROP(NearEntriesTest, BytesAreThoseOfWhatIsThereAndStayWithinTheLimit,
              (const std::vector<std::tuple<unsigned char, unsigned char, unsigned char>>& steps)) {
  NearEntries entries(RoomFor(6));
  for (const auto& [key, size, what] : steps) {
    const std::string name(1, static_cast<char>('a' + key % 12));
    switch (what % 4) {
      case 0:
        entries.Find("s", 1 + size % 2, name, kNow);
        break;
      case 1:
        entries.DropBelow("s", size % 3);
        break;
      default:
        entries.Put("s", 1 + key % 2, name, BytesOf(size), what % 5 == 0 ? kNow : kLater);
    }
    RC_ASSERT(entries.bytes() <= RoomFor(6));
    RC_ASSERT((entries.bytes() == 0) == (entries.size() == 0));
    RC_ASSERT(entries.bytes() >= entries.size() * NearEntries::kOverhead);
  }
  entries.Clear();
  RC_ASSERT(entries.bytes() == 0u);
}

RC_GTEST_PROP(LifetimeTest, LifetimesDifferByNoMoreThanTheJitter, ()) {
  absl::BitGen random;
  const absl::Duration lifetime = absl::Minutes(10);
  const absl::Duration jittered = Jittered(lifetime, 0.15, random);
  RC_ASSERT(jittered >= lifetime * 0.85);
  RC_ASSERT(jittered <= lifetime * 1.15);
  RC_ASSERT(Jittered(lifetime, 0, random) == lifetime);
}

TEST(LifetimeTest, LifetimesDoDiffer) {
  absl::BitGen random;
  const absl::Duration first = Jittered(absl::Minutes(10), 0.15, random);
  bool differ = false;
  for (int i = 0; i < 100 && !differ; ++i) differ = Jittered(absl::Minutes(10), 0.15, random) != first;
  EXPECT_TRUE(differ);
}

}  // namespace
}  // namespace specom::cache
