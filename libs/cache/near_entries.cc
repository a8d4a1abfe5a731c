#include "libs/cache/near_entries.h"

#include <utility>

namespace specom::cache {

std::string EntryName(std::string_view space, std::int64_t version, std::string_view key) {
  std::string name(space);
  name += ' ';
  name += std::to_string(version);
  name += ' ';
  name += key;
  return name;
}

std::size_t NearEntries::CostOf(const Entry& entry) {
  return entry.name.size() + entry.bytes->size() + kOverhead;
}

void NearEntries::Remove(Entries::iterator entry) {
  bytes_ -= CostOf(*entry);
  index_.erase(entry->name);
  entries_.erase(entry);
}

Bytes NearEntries::Find(std::string_view space, std::int64_t version, std::string_view key, absl::Time now) {
  const auto found = index_.find(EntryName(space, version, key));
  if (found == index_.end()) return nullptr;
  const Entries::iterator entry = found->second;
  if (now >= entry->until) {
    Remove(entry);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->bytes;
}

void NearEntries::Put(std::string_view space, std::int64_t version, std::string_view key, Bytes bytes,
                      absl::Time until) {
  Entry entry{EntryName(space, version, key), std::string(space), version, std::move(bytes), until};
  const std::size_t cost = CostOf(entry);
  if (cost > limit_ / 4) return;
  if (const auto found = index_.find(entry.name); found != index_.end()) Remove(found->second);
  while (bytes_ + cost > limit_) Remove(std::prev(entries_.end()));
  entries_.push_front(std::move(entry));
  index_.emplace(entries_.front().name, entries_.begin());
  bytes_ += cost;
}

void NearEntries::DropBelow(std::string_view space, std::int64_t version) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->version < version && entry->space == space) Remove(entry);
    entry = next;
  }
}

void NearEntries::Clear() {
  index_.clear();
  entries_.clear();
  bytes_ = 0;
}

}  // namespace specom::cache
