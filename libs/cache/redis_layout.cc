#include "libs/cache/redis_layout.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/cache/near_entries.h"

namespace specom::cache {

const char kRaiseScript[] = R"lua(
local held = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or 0)
if held >= tonumber(ARGV[2]) then return held end
local set = redis.pcall('HSET', KEYS[1], ARGV[1], ARGV[2])
if type(set) == 'table' and set.err then
  redis.call('DEL', KEYS[1])
  return -1
end
return tonumber(ARGV[2])
)lua";

const char kCurrentScript[] = R"lua(
local incarnation = redis.call('HGET', KEYS[1], '#incarnation')
if not incarnation then return {} end
local version = redis.call('HGET', KEYS[1], ARGV[1])
if not version then return {incarnation} end
return {incarnation, version, redis.call('GET', ARGV[2] .. incarnation .. ARGV[3] .. version .. ARGV[4])}
)lua";

const char kPutScript[] = R"lua(
if redis.call('HGET', KEYS[1], '#incarnation') ~= ARGV[1] then return -1 end
local held, version = tonumber(redis.call('HGET', KEYS[1], ARGV[2]) or 0), tonumber(ARGV[3])
if held > version then return held end
if held < version then redis.call('HSET', KEYS[1], ARGV[2], ARGV[3]) end
redis.call('SET', KEYS[2], ARGV[4], 'PX', ARGV[5])
return version
)lua";

std::string VersionsKey(std::string_view name_space) {
  return absl::StrCat(std::string(name_space), ":cache:versions");
}

std::string ValueKey(std::string_view name_space, std::string_view incarnation, std::string_view space,
                     std::int64_t version, std::string_view key) {
  return absl::StrCat(std::string(name_space), ":cache:value:", std::string(incarnation), ":",
                      EntryName(space, version, key));
}

Versions ToVersions(const events::RedisReply& fields) {
  Versions versions;
  const auto list = fields.List();
  for (std::size_t i = 0; i + 1 < list.size(); i += 2) {
    std::int64_t version = 0;
    if (list[i].Text() == kIncarnationField) {
      versions.incarnation = list[i + 1].Text();
    } else if (absl::SimpleAtoi(list[i + 1].Text(), &version)) {
      versions.of[list[i].Text()] = version;
    }
  }
  return versions;
}

}  // namespace specom::cache
