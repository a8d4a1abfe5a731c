// Linked into the thread sanitizer's builds only. Debian's Abseil is not instrumented, so the sanitizer
// does not see that its mutexes order anything and reports races where there are none. These
// definitions stand before the library's own, for every library of the process (gRPC's too), call them,
// and tell the sanitizer.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

// The library's own function of that mangled name.
#define SPECOM_NEXT(name, type) (reinterpret_cast<type>(Next(name)))

namespace {

void* Next(const char* name) {
  return dlsym(RTLD_NEXT, name);
}

// A condition is evaluated with the mutex held, by whichever thread is about to give it up.
struct Watched {
  absl::Mutex* mutex;
  const absl::Condition& condition;

  bool Holds() const {
    __tsan_acquire(mutex);
    const bool holds = condition.Eval();
    __tsan_release(mutex);
    return holds;
  }
};

// Where Notification keeps the word that HasBeenNotified reads.
void* NotifiedWord(const absl::Notification* notification) {
  return const_cast<char*>(reinterpret_cast<const char*>(notification)) + sizeof(absl::Mutex);
}

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static auto* const next = SPECOM_NEXT("_ZN4absl7debian35Mutex4LockEv", void (*)(Mutex*));
  next(this);
  __tsan_acquire(this);
}

void Mutex::Unlock() {
  static auto* const next = SPECOM_NEXT("_ZN4absl7debian35Mutex6UnlockEv", void (*)(Mutex*));
  __tsan_release(this);
  next(this);
}

bool Mutex::TryLock() {
  static auto* const next = SPECOM_NEXT("_ZN4absl7debian35Mutex7TryLockEv", bool (*)(Mutex*));
  const bool locked = next(this);
  if (locked) __tsan_acquire(this);
  return locked;
}

void Mutex::ReaderLock() {
  static auto* const next = SPECOM_NEXT("_ZN4absl7debian35Mutex10ReaderLockEv", void (*)(Mutex*));
  next(this);
  __tsan_acquire(this);
}

void Mutex::ReaderUnlock() {
  static auto* const next = SPECOM_NEXT("_ZN4absl7debian35Mutex12ReaderUnlockEv", void (*)(Mutex*));
  __tsan_release(this);
  next(this);
}

void Mutex::Await(const Condition& condition) {
  const Watched watched{this, condition};
  static auto* const next =
      SPECOM_NEXT("_ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE", void (*)(Mutex*, const Condition&));
  __tsan_release(this);
  next(this, Condition(&watched, &Watched::Holds));
  __tsan_acquire(this);
}

bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  const Watched watched{this, condition};
  static auto* const next =
      SPECOM_NEXT("_ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE",
                  bool (*)(Mutex*, const Condition&, Duration));
  __tsan_release(this);
  const bool holds = next(this, Condition(&watched, &Watched::Holds), timeout);
  __tsan_acquire(this);
  return holds;
}

bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  const Watched watched{this, condition};
  static auto* const next =
      SPECOM_NEXT("_ZN4absl7debian35Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE",
                  bool (*)(Mutex*, const Condition&, Time));
  __tsan_release(this);
  const bool holds = next(this, Condition(&watched, &Watched::Holds), deadline);
  __tsan_acquire(this);
  return holds;
}

void Mutex::LockWhen(const Condition& condition) {
  const Watched watched{this, condition};
  static auto* const next =
      SPECOM_NEXT("_ZN4absl7debian35Mutex8LockWhenERKNS0_9ConditionE", void (*)(Mutex*, const Condition&));
  next(this, Condition(&watched, &Watched::Holds));
  __tsan_acquire(this);
}

bool Mutex::LockWhenWithTimeout(const Condition& condition, Duration timeout) {
  const Watched watched{this, condition};
  static auto* const next =
      SPECOM_NEXT("_ZN4absl7debian35Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE",
                  bool (*)(Mutex*, const Condition&, Duration));
  const bool holds = next(this, Condition(&watched, &Watched::Holds), timeout);
  __tsan_acquire(this);
  return holds;
}

bool Mutex::LockWhenWithDeadline(const Condition& condition, Time deadline) {
  const Watched watched{this, condition};
  static auto* const next =
      SPECOM_NEXT("_ZN4absl7debian35Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE",
                  bool (*)(Mutex*, const Condition&, Time));
  const bool holds = next(this, Condition(&watched, &Watched::Holds), deadline);
  __tsan_acquire(this);
  return holds;
}

void CondVar::Wait(Mutex* mutex) {
  static auto* const next =
      SPECOM_NEXT("_ZN4absl7debian37CondVar4WaitEPNS0_5MutexE", void (*)(CondVar*, Mutex*));
  __tsan_release(mutex);
  next(this, mutex);
  __tsan_acquire(mutex);
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  static auto* const next =
      SPECOM_NEXT("_ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE",
                  bool (*)(CondVar*, Mutex*, Duration));
  __tsan_release(mutex);
  const bool timed_out = next(this, mutex, timeout);
  __tsan_acquire(mutex);
  return timed_out;
}

bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  static auto* const next = SPECOM_NEXT("_ZN4absl7debian37CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE",
                                        bool (*)(CondVar*, Mutex*, Time));
  __tsan_release(mutex);
  const bool timed_out = next(this, mutex, deadline);
  __tsan_acquire(mutex);
  return timed_out;
}

void Notification::Notify() {
  static auto* const next = SPECOM_NEXT("_ZN4absl7debian312Notification6NotifyEv", void (*)(Notification*));
  __tsan_release(NotifiedWord(this));
  next(this);
}

void Notification::WaitForNotification() const {
  static auto* const next =
      SPECOM_NEXT("_ZNK4absl7debian312Notification19WaitForNotificationEv", void (*)(const Notification*));
  next(this);
  __tsan_acquire(NotifiedWord(this));
}

bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  static auto* const next =
      SPECOM_NEXT("_ZNK4absl7debian312Notification30WaitForNotificationWithTimeoutENS0_8DurationE",
                  bool (*)(const Notification*, Duration));
  const bool notified = next(this, timeout);
  __tsan_acquire(NotifiedWord(this));
  return notified;
}

bool Notification::WaitForNotificationWithDeadline(Time deadline) const {
  static auto* const next =
      SPECOM_NEXT("_ZNK4absl7debian312Notification31WaitForNotificationWithDeadlineENS0_4TimeE",
                  bool (*)(const Notification*, Time));
  const bool notified = next(this, deadline);
  __tsan_acquire(NotifiedWord(this));
  return notified;
}

ABSL_NAMESPACE_END
}  // namespace absl
