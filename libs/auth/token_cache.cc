#include "libs/auth/token_cache.h"

#include <utility>

namespace specom {
namespace {

absl::string_view Abseil(std::string_view text) {
  return {text.data(), text.size()};
}

bool Holds(const VerifiedToken& verified, absl::Time now) {
  return verified.not_before <= now && now < verified.not_after;
}

}  // namespace

TokenCache::Shard& TokenCache::ShardOf(std::string_view token) {
  // The token's end is a part of its signature: as good as random.
  std::size_t mixed = token.size();
  for (char c : token.substr(token.size() > 8 ? token.size() - 8 : 0)) {
    mixed = mixed * 31 + static_cast<unsigned char>(c);
  }
  return shards_[mixed % kShards];
}

std::optional<Principal> TokenCache::Find(std::string_view token, std::uint64_t generation, absl::Time now) {
  Shard& shard = ShardOf(token);
  absl::MutexLock lock(&shard.mutex);
  auto found = shard.entries.find(Abseil(token));
  if (found == shard.entries.end()) return std::nullopt;
  if (found->second.generation == generation && Holds(found->second.verified, now)) {
    return found->second.verified.principal;
  }
  shard.entries.erase(found);
  return std::nullopt;
}

void TokenCache::Put(std::string_view token, std::uint64_t generation, absl::Time now,
                     VerifiedToken verified) {
  Shard& shard = ShardOf(token);
  absl::MutexLock lock(&shard.mutex);
  if (shard.entries.size() >= kMaxEntries / kShards) MakeRoom(shard, generation, now);
  shard.entries.insert_or_assign(std::string(token), Entry{std::move(verified), generation});
}

void TokenCache::MakeRoom(Shard& shard, std::uint64_t generation, absl::Time now) {
  absl::erase_if(shard.entries, [&](const auto& entry) {
    return entry.second.generation != generation || !Holds(entry.second.verified, now);
  });
  if (shard.entries.size() >= kMaxEntries / kShards) shard.entries.erase(shard.entries.begin());
}

std::size_t TokenCache::size() const {
  std::size_t sum = 0;
  for (const Shard& shard : shards_) {
    absl::MutexLock lock(&shard.mutex);
    sum += shard.entries.size();
  }
  return sum;
}

}  // namespace specom
