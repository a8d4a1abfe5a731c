// Waiting for SIGINT or SIGTERM.
#pragma once

#include "absl/time/time.h"

namespace specom::rpc {

// Made by main before any thread: both signals are then held back in every thread until somebody
// waits for them here.
class StopSignal {
 public:
  StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Returns when a signal came; from then on the next one ends the process at once.
  void Wait();
  // As Wait, for at most this long; true when a signal came.
  bool WaitFor(absl::Duration duration);
};

}  // namespace specom::rpc
