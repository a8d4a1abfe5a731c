// A store that fails where a test says: proof of what survives a failure or a crash at that point.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "libs/store/store.h"

namespace specom::store {

// The points of a write, in order.
enum class FaultPoint {
  kBeforeBegin,
  // After a statement, a remembered outcome or an audit record.
  kAfterState,
  // After an event was appended to the outbox.
  kAfterOutbox,
  kBeforeCommit,
  // Committed, but the caller is told that it failed: a lost reply.
  kAfterCommit,
};
std::string_view ToString(FaultPoint point);

// Asked at every point of every write; what it returns happens there. It may end the process. It is
// called by several threads at once.
using FaultScript = std::function<absl::Status(FaultPoint)>;

// Fails with UNAVAILABLE/INJECTED_FAULT at this share of the points, from 0 to 1. The same seed
// fails at the same calls.
FaultScript SeededFaults(std::uint64_t seed, double probability);
// Fails so at the `occurrence`-th visit of the point, from 1, and only then.
FaultScript FaultOnce(FaultPoint point, int occurrence = 1);

// The store with faults in Write; reads, the relay's functions and migrations are left alone.
std::unique_ptr<Store> Faulty(std::unique_ptr<Store> store, FaultScript script);

}  // namespace specom::store
