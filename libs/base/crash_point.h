// Named points at which a process can be told to die as if its machine had lost power: proof of what
// survives. SPECOM_CRASH_AT="after_commit:3" kills the process at its third visit of that point.
#pragma once

#include <string_view>

namespace specom {

// Every point, in the order in which a change passes them on its way to its consumers.
enum class CrashPoint {
  kBeforeBegin,
  // A statement has run in the transaction.
  kAfterState,
  // An event is in the outbox of the transaction.
  kAfterOutbox,
  kBeforeCommit,
  kAfterCommit,
  // The bus has the events; the outbox does not know it yet.
  kAfterPublish,
  kBeforeMark,
  // A consumer's handler has returned OK; the bus does not know it yet.
  kAfterHandle,
  kBeforeAck,
};

// "before_begin"
std::string_view ToString(CrashPoint point);

namespace internal {
extern const bool crash_is_planned;
void VisitCrashPoint(CrashPoint point);
}  // namespace internal

// Ends the process with SIGKILL when this is the visit that SPECOM_CRASH_AT names; nothing otherwise.
inline void PassCrashPoint(CrashPoint point) {
  if (internal::crash_is_planned) [[unlikely]]
    internal::VisitCrashPoint(point);
}

}  // namespace specom
