// Proves that the gate does what the scenarios believe of it: to old connections and to new ones.
#include "tests/chaos/tcp_gate.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "tests/journeys/process.h"

namespace specom::chaos {
namespace {

using journeys::Eventually;

// A socket that ends with the object and waits at most some seconds for anything.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  static Socket To(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return Socket(fd);
  }

  void Send(const std::string& text) {
    EXPECT_EQ(send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  // Up to so many bytes, as soon as some are there: "" at the end, "reset" after a reset.
  std::string Take(std::size_t most = 1 << 16) {
    EXPECT_TRUE(HasNews(absl::Seconds(20)));
    std::string text(most, '\0');
    ssize_t count = recv(fd_, text.data(), most, 0);
    if (count < 0) return errno == ECONNRESET ? "reset" : "error";
    text.resize(static_cast<std::size_t>(count));
    return text;
  }
  std::string TakeExactly(std::size_t count) {
    std::string text;
    while (text.size() < count) {
      std::string more = Take(count - text.size());
      if (more.empty()) break;
      text += more;
    }
    return text;
  }
  bool HasNews(absl::Duration patience) {
    pollfd polled{fd_, POLLIN, 0};
    return poll(&polled, 1, static_cast<int>(absl::ToInt64Milliseconds(patience))) == 1;
  }
  void EndSending() { shutdown(fd_, SHUT_WR); }
  int fd() const { return fd_; }

 private:
  int fd_;
};

class TcpGateTest : public ::testing::Test {
 protected:
  TcpGateTest() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_.fd(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_.fd(), 16), 0);
    EXPECT_EQ(getsockname(listener_.fd(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    gate_.SetTarget(ntohs(address.sin_port));
  }

  Socket Accept() { return Socket(accept(listener_.fd(), nullptr, nullptr)); }

  Socket listener_;
  TcpGate gate_;
};

TEST_F(TcpGateTest, PassesBothWaysCountsAndEndsInOrder) {
  Socket client = Socket::To(gate_.port());
  Socket server = Accept();
  client.Send("four");
  EXPECT_EQ(server.TakeExactly(4), "four");
  server.Send("answer");
  EXPECT_EQ(client.TakeExactly(6), "answer");
  client.EndSending();
  EXPECT_EQ(server.Take(), "");
  server.Send("last");
  EXPECT_EQ(client.TakeExactly(4), "last");
  server.EndSending();
  EXPECT_EQ(client.Take(), "");
  EXPECT_TRUE(Eventually([&] { return gate_.counts().open == 0; }));
  GateCounts counts = gate_.counts();
  EXPECT_EQ(counts.accepted, 1);
  EXPECT_EQ(counts.to_server, 4);
  EXPECT_EQ(counts.to_client, 10);
  EXPECT_EQ(counts.swallowed, 0);
}

TEST_F(TcpGateTest, CarriesMoreThanAnyBufferHolds) {
  Socket client = Socket::To(gate_.port());
  Socket server = Accept();
  std::string sent;
  for (int i = 0; sent.size() < (8u << 20); ++i) sent += std::to_string(i) + ",";
  std::thread sender([&] {
    client.Send(sent);
    client.EndSending();
  });
  // The end is waited for too.
  EXPECT_TRUE(server.TakeExactly(sent.size() + 1) == sent);
  sender.join();
}

TEST_F(TcpGateTest, CutsOldConnectionsAndNewOnes) {
  for (Flow flow : {Flow::kReset, Flow::kClose}) {
    gate_.Open();
    Socket client = Socket::To(gate_.port());
    Socket server = Accept();
    client.Send("x");
    EXPECT_EQ(server.Take(), "x");
    gate_.Apply({.flow = flow});
    const std::string end = flow == Flow::kReset ? "reset" : "";
    EXPECT_EQ(client.Take(), end);
    EXPECT_EQ(server.Take(), end);
    Socket late = Socket::To(gate_.port());
    EXPECT_EQ(late.Take(), end);
    EXPECT_FALSE(listener_.HasNews(absl::ZeroDuration()));
  }
  gate_.Open();
  Socket client = Socket::To(gate_.port());
  Socket server = Accept();
  client.Send("again");
  EXPECT_EQ(server.TakeExactly(5), "again");
}

TEST_F(TcpGateTest, AServerThatIsNotThereResets) {
  int gone = 0;
  {
    TcpGate other;
    gone = other.port();
  }
  gate_.SetTarget(gone);
  EXPECT_EQ(Socket::To(gate_.port()).Take(), "reset");
}

TEST_F(TcpGateTest, HalfOpenTakesEverythingAndAnswersNothing) {
  Socket old = Socket::To(gate_.port());
  Socket server = Accept();
  gate_.Apply({.flow = Flow::kSwallow});
  old.Send("lost");
  server.Send("lost too");
  Socket fresh = Socket::To(gate_.port());
  fresh.Send("hello");
  EXPECT_TRUE(Eventually([&] { return gate_.counts().swallowed == 17; }));
  for (Socket* socket : {&old, &fresh, &server}) EXPECT_FALSE(socket->HasNews(absl::ZeroDuration()));
  EXPECT_FALSE(listener_.HasNews(absl::ZeroDuration()));

  // Opened again: who was not heard stays unheard, their server learns, new ones get through.
  gate_.Open();
  EXPECT_EQ(server.Take(), "reset");
  Socket later = Socket::To(gate_.port());
  Socket accepted = Accept();
  later.Send("through");
  EXPECT_EQ(accepted.TakeExactly(7), "through");
  old.Send("still lost");
  EXPECT_TRUE(Eventually([&] { return gate_.counts().swallowed == 27; }));
  EXPECT_FALSE(old.HasNews(absl::ZeroDuration()));
}

TEST_F(TcpGateTest, HoldsBackWithoutLosing) {
  Socket client = Socket::To(gate_.port());
  Socket server = Accept();
  gate_.Apply({.flow = Flow::kHold});
  client.Send("patience");
  EXPECT_FALSE(server.HasNews(absl::ZeroDuration()));
  EXPECT_EQ(gate_.counts().to_server, 0);
  gate_.Open();
  EXPECT_EQ(server.TakeExactly(8), "patience");
}

TEST_F(TcpGateTest, MayConcernNewConnectionsOnly) {
  Socket old = Socket::To(gate_.port());
  Socket server = Accept();
  old.Send("x");
  EXPECT_EQ(server.Take(), "x");
  gate_.Apply({.flow = Flow::kReset}, Reach::kNewOnly);
  EXPECT_EQ(Socket::To(gate_.port()).Take(), "reset");
  old.Send("y");
  EXPECT_EQ(server.Take(), "y");
}

TEST_F(TcpGateTest, SlicesAtAwkwardBoundariesInOrder) {
  gate_.Apply({.sliced = true});
  Socket client = Socket::To(gate_.port());
  Socket server = Accept();
  std::string sent;
  for (int i = 0; sent.size() < 100'000; ++i) sent += std::to_string(i) + ",";
  client.Send(sent);
  EXPECT_TRUE(server.TakeExactly(sent.size()) == sent);
  EXPECT_GT(gate_.counts().pieces, 100);
}

// A delay and a rate can only be seen in time: they are lower bounds, which no busy machine breaks.
TEST_F(TcpGateTest, DelaysAndThrottlesByAtLeastWhatItWasTold) {
  const auto took = [&](const Conditions& conditions, std::size_t bytes) {
    gate_.Apply(conditions);
    Socket client = Socket::To(gate_.port());
    Socket server = Accept();
    const auto began = std::chrono::steady_clock::now();
    client.Send(std::string(bytes, 'x'));
    EXPECT_EQ(server.TakeExactly(bytes).size(), bytes);
    return absl::FromChrono(std::chrono::steady_clock::now() - began);
  };
  const absl::Duration fixed = absl::Milliseconds(30);
  EXPECT_GE(took({.delay = fixed, .jitter = absl::Milliseconds(20)}, 10), fixed);
  EXPECT_GE(took({.bytes_per_second = 64 * 1024}, 8 * 1024), absl::Milliseconds(100));
}

}  // namespace
}  // namespace specom::chaos
