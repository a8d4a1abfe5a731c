// Which event taught the read model something.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "absl/time/time.h"

namespace specom::reporting {

struct EventStamp {
  std::string id;
  // When it happened at its source, to the microsecond.
  absl::Time time;
  // Its position in its source's outbox: of two events of one source on one subject, the higher one
  // is the later state.
  std::int64_t sequence = 0;

  friend bool operator==(const EventStamp&, const EventStamp&) = default;
};

// A total order over the events of all sources that does not depend on when they arrived.
inline bool IsLater(const EventStamp& a, const EventStamp& b) {
  return std::tie(a.time, a.id) > std::tie(b.time, b.id);
}

}  // namespace specom::reporting
