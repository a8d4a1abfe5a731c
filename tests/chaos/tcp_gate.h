// A gate on loopback between two parties: what a network does to a connection when it does not
// behave, switched at any time.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"

namespace specom::chaos {

// What the gate does to the bytes that reach it.
enum class Flow {
  // Passes them on.
  kPass,
  // Ends connections with a reset, as a firewall or a dead machine's successor does.
  kReset,
  // Ends connections in good order, as a process that is stopped does.
  kClose,
  // Half-open: takes connections and bytes, answers nothing, tells nobody.
  kSwallow,
  // Holds everything back; what was held passes on when the gate is opened again.
  kHold,
};

struct Conditions {
  Flow flow = Flow::kPass;
  // Each piece arrives this much later, in order, and by up to the jitter later than that.
  absl::Duration delay = absl::ZeroDuration();
  absl::Duration jitter = absl::ZeroDuration();
  // Delivers in pieces of 1 to some thousand bytes that respect no boundary.
  bool sliced = false;
  // Bytes a second in each direction of a connection; 0: as fast as it goes.
  std::int64_t bytes_per_second = 0;
};

// Which connections a change is for.
enum class Reach { kAll, kNewOnly };

struct GateCounts {
  int accepted = 0;
  // Connections that are open now.
  int open = 0;
  // Delivered to the server and to its clients, and swallowed.
  std::int64_t to_server = 0;
  std::int64_t to_client = 0;
  std::int64_t swallowed = 0;
  // In how many pieces it was delivered.
  std::int64_t pieces = 0;
};

// Listens on 127.0.0.1 and connects to 127.0.0.1. One thread. For any thread.
class TcpGate {
 public:
  // target_port: where the server is; may be told later, connections until then are reset.
  explicit TcpGate(int target_port = 0);
  ~TcpGate();
  TcpGate(const TcpGate&) = delete;
  TcpGate& operator=(const TcpGate&) = delete;

  // Where clients connect.
  int port() const { return port_; }
  void SetTarget(int port);
  // Holds for what arrives from now on. A connection whose bytes were swallowed never speaks again:
  // when the gate is opened, its server learns (as from TCP's keepalive) and its client does not.
  void Apply(const Conditions& conditions, Reach reach = Reach::kAll);
  void Open() { Apply({}); }
  GateCounts counts() const;

 private:
  struct Connection;

  void Run();
  void Accept();
  void Change();
  // False when the connection has ended.
  bool Serve(Connection& connection, int client_events, int server_events);
  void Wake();

  int listener_ = -1;
  int wake_read_ = -1, wake_write_ = -1;
  int port_ = 0;

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  Conditions conditions_;
  Reach reach_ = Reach::kAll;
  bool changed_ = false, stopping_ = false;
  int target_ = 0;
  GateCounts counts_;

  // The thread's own.
  Conditions for_new_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::thread thread_;
};

}  // namespace specom::chaos
