// How a topic lies in Redis: its keys, and an event as the fields of a stream entry.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/events/bus.h"
#include "libs/events/redis_connection.h"

namespace specom::events {

// A topic is a stream under its own name; an event's entry has the id "<sequence>-0".
struct TopicKeys {
  explicit TopicKeys(std::string_view topic);

  std::string stream;
  // The high-water mark, kept beside the stream.
  std::string mark;
  // The stream of what groups gave up.
  std::string dead;
};

std::string EntryId(std::int64_t sequence);
// The sequence of "<sequence>-0"; 0 when the text is no entry's id.
std::int64_t SequenceOf(std::string_view entry_id);

// Names and values by turns. The first value is the event's id: the publishing script relies on it.
std::vector<std::string> ToFields(const Event& event);
// The inverse, from the two parts of an entry; deliveries is 1. Nothing when the entry has no
// fields: it was deleted while it was pending.
std::optional<Event> FromEntry(const RedisReply& entry);

}  // namespace specom::events
