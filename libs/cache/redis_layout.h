// How a cache lies in Redis: one hash of versions, and a string for each value.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "libs/events/redis_connection.h"

namespace specom::cache {

// What the hash of versions holds.
struct Versions {
  // Random; made by whoever finds none, so that it tells when Redis has lost what it held. Empty: none.
  std::string incarnation;
  // By space.
  std::map<std::string, std::int64_t> of;
};

// No space has this name.
inline constexpr char kIncarnationField[] = "#incarnation";

std::string VersionsKey(std::string_view name_space);
// incarnation: empty for answers at a version, which are true in any.
std::string ValueKey(std::string_view name_space, std::string_view incarnation, std::string_view space,
                     std::int64_t version, std::string_view key);
// The reply of HGETALL.
Versions ToVersions(const events::RedisReply& fields);

// Each takes the hash of versions as its first key. Versions pass through Lua's numbers: exact up to 2^53.

// ARGV: space, version. Raises the space's version, never lowers it; the version afterwards. Where
// Redis takes no more (it is full), the hash goes: nobody believes anything then. -1.
extern const char kRaiseScript[];
// ARGV: space, what a value's name has before the incarnation, between it and the version, and behind
// that. The incarnation, the space's version, and the value at that version, as far as there are such.
extern const char kCurrentScript[];
// KEYS[2]: the value. ARGV: incarnation, space, version, bytes, milliseconds. Stores the value unless
// Redis has a higher version, and raises the version to it; the version afterwards. -1: Redis has lost
// what it held since that incarnation.
extern const char kPutScript[];

}  // namespace specom::cache
