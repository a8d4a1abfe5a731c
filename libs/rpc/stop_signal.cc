#include "libs/rpc/stop_signal.h"

#include <signal.h>

#include <cerrno>

#include "libs/base/check.h"

namespace specom::rpc {
namespace {

sigset_t Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

// Of the calling thread: enough for a signal to end the process.
void LetSignalsThrough() {
  sigset_t signals = Signals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace

StopSignal::StopSignal() {
  sigset_t signals = Signals();
  SPECOM_CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
}

void StopSignal::Wait() {
  sigset_t signals = Signals();
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  LetSignalsThrough();
}

bool StopSignal::WaitFor(absl::Duration duration) {
  sigset_t signals = Signals();
  timespec timeout = absl::ToTimespec(duration);
  bool came = sigtimedwait(&signals, nullptr, &timeout) > 0;
  if (came) LetSignalsThrough();
  return came;
}

}  // namespace specom::rpc
