// Proves that who waits on a silent socket is let go when its time has passed, and nobody else.
#include "libs/store/socket_watch.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace specom::store {
namespace {

class SocketWatchTest : public ::testing::Test {
 protected:
  SocketWatchTest() {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, silent_.data()), 0);
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, other_.data()), 0);
  }
  ~SocketWatchTest() override {
    for (int fd : {silent_[0], silent_[1], other_[0], other_[1]}) close(fd);
  }

  // Waits for ever unless somebody shuts the socket down.
  static ssize_t WaitOn(int socket) {
    char byte = 0;
    return recv(socket, &byte, 1, 0);
  }
  static bool IsOpen(int socket) {
    pollfd polled{socket, POLLIN, 0};
    return poll(&polled, 1, 0) == 0;
  }

  std::array<int, 2> silent_{}, other_{};
  const std::shared_ptr<SocketWatch> watch_ = std::make_shared<SocketWatch>();
};

TEST_F(SocketWatchTest, LetsGoOfASilentSocketAndOfNoOther) {
  SocketLimit patient(watch_, other_[0]), impatient(watch_, silent_[0]);
  patient.Set(absl::Hours(1));
  impatient.Set(absl::Milliseconds(20));
  EXPECT_EQ(WaitOn(silent_[0]), 0);
  EXPECT_TRUE(impatient.Passed());
  EXPECT_FALSE(patient.Passed());
  EXPECT_TRUE(IsOpen(other_[0]));
}

TEST_F(SocketWatchTest, ALimitThatWasClearedOrRenewedDoesNotPass) {
  SocketLimit cleared(watch_, other_[0]), marker(watch_, silent_[0]);
  cleared.Set(absl::Milliseconds(300));
  cleared.Clear();
  cleared.Set(absl::Milliseconds(300));
  cleared.Set(absl::Hours(1));
  {
    SocketLimit gone(watch_, other_[0]);
    gone.Set(absl::Milliseconds(300));
  }
  // Limits pass in order: when this one has, the earlier ones would have.
  marker.Set(absl::Milliseconds(310));
  EXPECT_EQ(WaitOn(silent_[0]), 0);
  EXPECT_TRUE(IsOpen(other_[0]));
  EXPECT_FALSE(cleared.Passed());
}

TEST_F(SocketWatchTest, NoTimeAtAllPassesAtOnce) {
  SocketLimit none(watch_, silent_[0]);
  none.Set(-absl::Seconds(5));
  EXPECT_EQ(WaitOn(silent_[0]), 0);
  EXPECT_TRUE(none.Passed());
}

}  // namespace
}  // namespace specom::store
