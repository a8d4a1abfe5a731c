// The answers that this process holds: bounded by bytes, the least recently used goes first. Not for
// two threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "libs/cache/cache.h"

namespace specom::cache {

class NearEntries {
 public:
  // What an entry costs beside its key and its bytes.
  static constexpr std::size_t kOverhead = 160;

  // limit: bytes.
  explicit NearEntries(std::size_t limit) : limit_(limit) {}

  // Null when there is none, or when its time is over.
  Bytes Find(std::string_view space, std::int64_t version, std::string_view key, absl::Time now);
  // Nothing larger than a quarter of the limit is kept: one answer shall not push out all the others.
  void Put(std::string_view space, std::int64_t version, std::string_view key, Bytes bytes, absl::Time until);
  // Removes what is of an older version of the space.
  void DropBelow(std::string_view space, std::int64_t version);
  void Clear();

  std::size_t bytes() const { return bytes_; }
  std::size_t size() const { return index_.size(); }

 private:
  struct Entry {
    std::string name;
    std::string space;
    std::int64_t version = 0;
    Bytes bytes;
    absl::Time until;
  };
  // Most recently used first.
  using Entries = std::list<Entry>;

  static std::size_t CostOf(const Entry& entry);
  void Remove(Entries::iterator entry);

  const std::size_t limit_;
  std::size_t bytes_ = 0;
  Entries entries_;
  // By name, which the entries own.
  absl::flat_hash_map<std::string_view, Entries::iterator, std::hash<std::string_view>> index_;
};

// A name for the three that no other three have: a space holds no space.
std::string EntryName(std::string_view space, std::int64_t version, std::string_view key);

}  // namespace specom::cache
