// The second service at its smallest: keeps the statement of every fund from the ledger's events.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/base/embedded_file.h"
#include "libs/events/bus.h"
#include "libs/store/store.h"

namespace specom::crash {

std::span<const EmbeddedFile> StatementMigrations();

inline constexpr std::string_view kStatementsGroup = "statements";

class Statements {
 public:
  // The store holds the statements' own database and outlives the object.
  Statements(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  // Adds a line to the fund's statement and the change to its balance, once for each event.
  absl::Status Handle(const events::Event& event);
  // The highest sequence that this process has handled; 0 before the first.
  std::int64_t last_handled() const { return last_handled_; }

 private:
  store::Store& store_;
  const Clock& clock_;
  std::atomic<std::int64_t> last_handled_ = 0;
};

}  // namespace specom::crash
