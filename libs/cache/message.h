// Messages in a cache: any type with SerializeAsString and ParseFromString.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "libs/base/status.h"
#include "libs/cache/cache.h"

namespace specom::cache {

// A message and the version that it is of; as Loaded.
template <class Message>
struct Versioned {
  std::int64_t version = 0;
  Message message;
};

// Cache::Get for messages. load: () -> absl::StatusOr<Versioned<Message>>. Bytes that are no such message
// are as good as none.
template <class Message, class Load>
absl::StatusOr<Message> GetMessage(Cache& cache, const Query& query, Load load) {
  std::optional<Message> own;
  absl::StatusOr<Found> found = cache.Get(query, [&]() -> absl::StatusOr<Loaded> {
    ASSIGN_OR_RETURN(Versioned<Message> loaded, load());
    own = std::move(loaded.message);
    return Loaded{loaded.version, own->SerializeAsString()};
  });
  if (!found.ok()) return std::move(found).status();
  if (own) return *std::move(own);
  Message message;
  if (message.ParseFromString(*found->bytes)) return message;
  ASSIGN_OR_RETURN(Versioned<Message> loaded, load());
  return std::move(loaded.message);
}

}  // namespace specom::cache
