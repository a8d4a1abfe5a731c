// Preloaded into a process, moves its wall clock by as many seconds as a file says, at any time: also
// for waits under way, as a machine whose clock is set would. The steady clocks stay what they are.
//
// The file (SPECOM_MOVED_CLOCK) holds one int64, mapped into memory.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

namespace {

// A wait looks again after so long whether the clock was moved.
constexpr int64_t kLookNs = 20'000'000;
constexpr int64_t kSecondNs = 1'000'000'000;

const volatile int64_t* MappedOffset() {
  static const int64_t none = 0;
  const char* path = getenv("SPECOM_MOVED_CLOCK");
  const int fd = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return &none;
  void* mapped = mmap(nullptr, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  return mapped == MAP_FAILED ? &none : static_cast<const int64_t*>(mapped);
}

int64_t Offset() {
  static const volatile int64_t* const offset = MappedOffset();
  return *offset;
}

long RealSyscall(long number, long a, long b, long c, long d, long e, long f) {
  using Function = long (*)(long, ...);
  static const Function real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "syscall"));
  return real(number, a, b, c, d, e, f);
}

timespec RealNow() {
  timespec now{};
  RealSyscall(SYS_clock_gettime, CLOCK_REALTIME, reinterpret_cast<long>(&now), 0, 0, 0, 0);
  return now;
}

int64_t Nanoseconds(const timespec& time) {
  return time.tv_sec * kSecondNs + time.tv_nsec;
}

timespec FromNanoseconds(int64_t nanoseconds) {
  return {static_cast<time_t>(nanoseconds / kSecondNs), static_cast<long>(nanoseconds % kSecondNs)};
}

// Until when a wait for the moved clock's `deadline` may sleep in one go, in real time. *last: it is
// over then, unless the clock is moved.
timespec Slice(const timespec& deadline, bool* last) {
  const int64_t now = Nanoseconds(RealNow());
  const int64_t end = Nanoseconds(deadline) - Offset() * kSecondNs;
  *last = end <= now + kLookNs;
  return FromNanoseconds(*last ? (end > 0 ? end : 0) : now + kLookNs);
}

template <class Function>
Function Next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) {
  const long result = RealSyscall(SYS_clock_gettime, clock, reinterpret_cast<long>(time), 0, 0, 0, 0);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += Offset();
  return static_cast<int>(result);
}

int gettimeofday(timeval* __restrict time, void* __restrict) {
  const timespec now = RealNow();
  *time = {now.tv_sec + Offset(), now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* out) {
  const time_t now = RealNow().tv_sec + Offset();
  if (out != nullptr) *out = now;
  return now;
}

// Waking up for no reason is allowed, and makes the caller look at the clock again.
int pthread_cond_timedwait(pthread_cond_t* __restrict condition, pthread_mutex_t* __restrict mutex,
                           const timespec* __restrict deadline) {
  static const auto real =
      Next<int (*)(pthread_cond_t*, pthread_mutex_t*, const timespec*)>("pthread_cond_timedwait");
  // A deadline on the steady clock counts from the start of the machine, not from 1970.
  if (deadline->tv_sec < 1'000'000'000) return real(condition, mutex, deadline);
  bool last = false;
  const timespec slice = Slice(*deadline, &last);
  const int result = real(condition, mutex, &slice);
  return result == ETIMEDOUT && !last ? 0 : result;
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* deadline) {
  static const auto real =
      Next<int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>("pthread_cond_clockwait");
  if (clock != CLOCK_REALTIME) return real(condition, mutex, clock, deadline);
  bool last = false;
  const timespec slice = Slice(*deadline, &last);
  const int result = real(condition, mutex, clock, &slice);
  return result == ETIMEDOUT && !last ? 0 : result;
}

// Abseil's mutexes wait by this call, for a deadline on the wall clock.
long syscall(long number, ...) {
  va_list arguments;
  va_start(arguments, number);
  long words[6];
  for (long& word : words) word = va_arg(arguments, long);
  va_end(arguments);
  const bool waits = number == SYS_futex && words[3] != 0 &&
                     (words[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET &&
                     (words[1] & FUTEX_CLOCK_REALTIME) != 0;
  if (!waits) return RealSyscall(number, words[0], words[1], words[2], words[3], words[4], words[5]);
  bool last = false;
  const timespec slice = Slice(*reinterpret_cast<const timespec*>(words[3]), &last);
  const long result =
      RealSyscall(number, words[0], words[1], words[2], reinterpret_cast<long>(&slice), words[4], words[5]);
  if (result == -1 && errno == ETIMEDOUT && !last) errno = EINTR;
  return result;
}

}  // extern "C"
