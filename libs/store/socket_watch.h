// Bounds the wait for a database that does not answer: a driver that blocks on a socket returns once
// the socket is shut down.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/time/time.h"

namespace specom::store {

class SocketLimit;

// One thread for any number of sockets. Measures on the steady clock: moving the clock moves nothing.
class SocketWatch {
 public:
  SocketWatch();
  // After the last limit.
  ~SocketWatch();
  SocketWatch(const SocketWatch&) = delete;
  SocketWatch& operator=(const SocketWatch&) = delete;

 private:
  friend class SocketLimit;
  using Time = std::chrono::steady_clock::time_point;

  void Run();

  std::mutex mutex_;
  std::condition_variable earlier_;
  std::multimap<Time, SocketLimit*> limits_;
  bool stopping_ = false;
  std::thread thread_;
};

// How long whoever uses one socket may go on with it.
class SocketLimit {
 public:
  // The socket is open for as long as the limit lives.
  SocketLimit(std::shared_ptr<SocketWatch> watch, int socket);
  ~SocketLimit();
  SocketLimit(const SocketLimit&) = delete;
  SocketLimit& operator=(const SocketLimit&) = delete;

  // Shuts the socket down that long from now, unless it is set anew or cleared before. Infinite: never.
  void Set(absl::Duration after);
  void Clear() { Set(absl::InfiniteDuration()); }
  // True when the socket was shut down.
  bool Passed() const;

 private:
  friend class SocketWatch;

  const std::shared_ptr<SocketWatch> watch_;
  const int socket_;
  // Guarded by the watch's mutex.
  std::multimap<SocketWatch::Time, SocketLimit*>::iterator place_;
  bool passed_ = false;
};

}  // namespace specom::store
