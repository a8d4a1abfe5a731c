#include "tests/chaos/tcp_gate.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <random>

namespace specom::chaos {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// What may wait in one direction before the gate stops reading.
constexpr std::size_t kMostHeld = 1 << 20;
// Pieces that cut through headers, lengths and characters.
constexpr std::size_t kSlices[] = {1, 2, 1, 3, 5, 1, 7, 4, 11, 1, 64, 2, 1399, 3, 4097, 1, 8191};

void CloseSocket(int& fd, bool reset) {
  if (fd < 0) return;
  if (reset) {
    linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  close(fd);
  fd = -1;
}

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

void MakeNonBlocking(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// A connection to a port of this machine, which accepts or refuses at once; -1 when it refuses.
int Connect(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(port);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close(fd);
    return -1;
  }
  MakeNonBlocking(fd);
  return fd;
}

// One direction of a connection.
struct Stream {
  struct Piece {
    SteadyTime due;
    std::string bytes;
  };
  std::deque<Piece> held;
  std::size_t held_bytes = 0;
  SteadyTime last_due{};
  SteadyTime next_send{};
  std::size_t slice = 0;
  // The source has ended; the destination has been told.
  bool ended = false, told = false;
};

}  // namespace

struct TcpGate::Connection {
  ~Connection() {
    CloseSocket(client, false);
    CloseSocket(server, false);
  }

  int client = -1, server = -1;
  Conditions conditions;
  // Its bytes were lost: it can only be silent from now on.
  bool deaf = false;
  Stream to_server, to_client;
  std::minstd_rand random{20260401};

  // Nothing more can come of it.
  bool Over() const { return client < 0 || (deaf ? to_server.ended : to_server.told && to_client.told); }

  // When the next held piece may go; the far future while nothing waits.
  SteadyTime NextDue(const Stream& stream) const {
    if (stream.held.empty() || conditions.flow == Flow::kHold) return SteadyTime::max();
    return std::max(stream.held.front().due, stream.next_send);
  }

  // Reads what has come. False when the source has failed.
  bool Read(int from, Stream& stream, std::int64_t& swallowed) {
    std::array<char, 64 * 1024> buffer;
    while (stream.held_bytes < kMostHeld) {
      const ssize_t count = recv(from, buffer.data(), buffer.size(), 0);
      if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
      if (count == 0) {
        stream.ended = true;
        return true;
      }
      if (conditions.flow == Flow::kSwallow || deaf) {
        deaf = true;
        swallowed += count;
        continue;
      }
      auto delay = conditions.delay;
      if (conditions.jitter > absl::ZeroDuration()) {
        delay += conditions.jitter * std::uniform_real_distribution<double>(0, 1)(random);
      }
      const SteadyTime now = std::chrono::steady_clock::now();
      stream.last_due = std::max(stream.last_due, now + absl::ToChronoNanoseconds(delay));
      stream.held.push_back({stream.last_due, std::string(buffer.data(), static_cast<std::size_t>(count))});
      stream.held_bytes += static_cast<std::size_t>(count);
    }
    return true;
  }

  // Sends what is due. False when the destination has failed.
  bool Write(int to, Stream& stream, std::int64_t& delivered, std::int64_t& pieces) {
    while (NextDue(stream) <= std::chrono::steady_clock::now()) {
      std::string& bytes = stream.held.front().bytes;
      std::size_t length = bytes.size();
      if (conditions.sliced) length = std::min(length, kSlices[stream.slice++ % std::size(kSlices)]);
      if (conditions.bytes_per_second > 0) length = std::min<std::size_t>(length, 512);
      const ssize_t sent = send(to, bytes.data(), length, MSG_NOSIGNAL);
      if (sent < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
      delivered += sent;
      ++pieces;
      stream.held_bytes -= static_cast<std::size_t>(sent);
      bytes.erase(0, static_cast<std::size_t>(sent));
      if (bytes.empty()) stream.held.pop_front();
      if (conditions.bytes_per_second > 0) {
        stream.next_send = std::chrono::steady_clock::now() +
                           std::chrono::microseconds(sent * 1'000'000 / conditions.bytes_per_second);
      }
      // So that the other side reads this piece before the next one comes.
      if (conditions.sliced) break;
    }
    if (stream.ended && !stream.told && stream.held.empty()) {
      shutdown(to, SHUT_WR);
      stream.told = true;
    }
    return true;
  }
};

TcpGate::TcpGate(int target_port) : target_(target_port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  int pipe_ends[2] = {-1, -1};
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 128) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    ADD_FAILURE() << "no gate can be made on loopback";
  }
  port_ = ntohs(address.sin_port);
  wake_read_ = pipe_ends[0];
  wake_write_ = pipe_ends[1];
  thread_ = std::thread([this] { Run(); });
}

TcpGate::~TcpGate() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  Wake();
  thread_.join();
  connections_.clear();
  for (int fd : {listener_, wake_read_, wake_write_}) close(fd);
}

void TcpGate::Wake() {
  [[maybe_unused]] ssize_t written = write(wake_write_, "w", 1);
}

void TcpGate::SetTarget(int port) {
  std::lock_guard lock(mutex_);
  target_ = port;
}

void TcpGate::Apply(const Conditions& conditions, Reach reach) {
  {
    std::lock_guard lock(mutex_);
    conditions_ = conditions;
    reach_ = reach;
    changed_ = true;
  }
  Wake();
  // Holds when this returns, so that what a test sends next meets it.
  while (true) {
    {
      std::lock_guard lock(mutex_);
      if (!changed_) return;
    }
    std::this_thread::yield();
  }
}

GateCounts TcpGate::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

void TcpGate::Change() {
  Reach reach;
  {
    std::lock_guard lock(mutex_);
    counts_.open = static_cast<int>(connections_.size());
    if (!changed_) return;
    for_new_ = conditions_;
    reach = reach_;
  }
  if (reach == Reach::kAll) {
    for (auto& connection : connections_) {
      connection->conditions = for_new_;
      const bool cut = for_new_.flow == Flow::kReset || for_new_.flow == Flow::kClose;
      if (connection->deaf && for_new_.flow != Flow::kSwallow) CloseSocket(connection->server, true);
      if (!cut) continue;
      CloseSocket(connection->client, for_new_.flow == Flow::kReset);
      CloseSocket(connection->server, for_new_.flow == Flow::kReset);
    }
    std::erase_if(connections_, [](const auto& connection) { return connection->Over(); });
  }
  std::lock_guard lock(mutex_);
  changed_ = false;
}

void TcpGate::Accept() {
  while (true) {
    int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    int target = 0;
    {
      std::lock_guard lock(mutex_);
      ++counts_.accepted;
      target = target_;
    }
    if (for_new_.flow == Flow::kReset || for_new_.flow == Flow::kClose) {
      CloseSocket(fd, for_new_.flow == Flow::kReset);
      continue;
    }
    auto connection = std::make_unique<Connection>();
    connection->conditions = for_new_;
    if (for_new_.flow == Flow::kSwallow) {
      connection->deaf = true;
    } else if (connection->server = Connect(target); connection->server < 0) {
      CloseSocket(fd, true);
      continue;
    }
    MakeNonBlocking(fd);
    connection->client = fd;
    connections_.push_back(std::move(connection));
  }
}

bool TcpGate::Serve(Connection& connection, int client_events, int server_events) {
  std::int64_t to_server = 0, to_client = 0, swallowed = 0, pieces = 0;
  bool client_sound = true, server_sound = true;
  if (client_events != 0) client_sound = connection.Read(connection.client, connection.to_server, swallowed);
  if (server_events != 0) server_sound = connection.Read(connection.server, connection.to_client, swallowed);
  if (connection.deaf) {
    // Neither end learns of the other's before the gate is opened.
    if (!server_sound) CloseSocket(connection.server, false);
    server_sound = true;
  } else {
    server_sound =
        server_sound && connection.Write(connection.server, connection.to_server, to_server, pieces);
    client_sound =
        client_sound && connection.Write(connection.client, connection.to_client, to_client, pieces);
  }
  std::lock_guard lock(mutex_);
  counts_.to_server += to_server;
  counts_.to_client += to_client;
  counts_.swallowed += swallowed;
  counts_.pieces += pieces;
  return client_sound && server_sound;
}

void TcpGate::Run() {
  std::vector<pollfd> polled;
  while (true) {
    Change();
    polled.assign({{listener_, POLLIN, 0}, {wake_read_, POLLIN, 0}});
    const SteadyTime now = std::chrono::steady_clock::now();
    SteadyTime next = SteadyTime::max();
    for (const auto& connection : connections_) {
      const auto poll_for = [&](int fd, const Stream& in, const Stream& out) {
        const bool reads =
            connection->conditions.flow != Flow::kHold && !in.ended && in.held_bytes < kMostHeld;
        const SteadyTime due = connection->deaf ? SteadyTime::max() : connection->NextDue(out);
        const int events = (reads ? POLLIN : 0) | (due <= now ? POLLOUT : 0);
        if (due > now) next = std::min(next, due);
        // A socket with nothing to do would report its hang-up for ever.
        polled.push_back({events == 0 ? -1 : fd, static_cast<short>(events), 0});
      };
      poll_for(connection->client, connection->to_server, connection->to_client);
      poll_for(connection->server, connection->to_client, connection->to_server);
    }
    timespec wait{};
    if (next != SteadyTime::max()) {
      const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(next - now).count();
      wait = {left / 1'000'000'000, left % 1'000'000'000};
    }
    ppoll(polled.data(), polled.size(), next == SteadyTime::max() ? nullptr : &wait, nullptr);
    if (polled[1].revents != 0) {
      std::array<char, 64> drained;
      while (read(wake_read_, drained.data(), drained.size()) > 0) {
      }
      std::lock_guard lock(mutex_);
      if (stopping_) return;
      continue;
    }
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      Connection& connection = *connections_[i];
      if (connection.conditions.flow == Flow::kHold) continue;
      const auto readable = [&](std::size_t place) {
        return polled[place].revents & (POLLIN | POLLHUP | POLLERR);
      };
      if (!Serve(connection, readable(2 + 2 * i), readable(3 + 2 * i))) {
        CloseSocket(connection.client, true);
        CloseSocket(connection.server, true);
      }
    }
    std::erase_if(connections_, [](const auto& connection) { return connection->Over(); });
    if (polled[0].revents != 0) Accept();
  }
}

}  // namespace specom::chaos
