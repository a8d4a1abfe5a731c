// Proves who ends which wait.
#include "libs/base/waker.h"

#include <gtest/gtest.h>

#include <thread>

namespace specom {
namespace {

TEST(WakerTest, StoppingEndsEveryWaitUntilItIsUndone) {
  Waker waker;
  std::thread stopper([&] { waker.Stop(); });
  EXPECT_TRUE(waker.WaitOrStop(absl::Hours(1)));
  stopper.join();
  EXPECT_TRUE(waker.Stopped());
  EXPECT_TRUE(waker.WaitOrStop(absl::Hours(1)));
  waker.WaitOrWake(absl::Hours(1));
  waker.Restart();
  EXPECT_FALSE(waker.Stopped());
  EXPECT_FALSE(waker.WaitOrStop(absl::Milliseconds(1)));
}

TEST(WakerTest, ACallEndsOneWaitAlsoWhenItComesBefore) {
  Waker waker;
  waker.Wake();
  waker.WaitOrWake(absl::Hours(1));
  std::thread caller([&] { waker.Wake(); });
  waker.WaitOrWake(absl::Hours(1));
  caller.join();
  // It is not for those who wait for the end.
  waker.Wake();
  EXPECT_FALSE(waker.WaitOrStop(absl::Milliseconds(1)));
}

}  // namespace
}  // namespace specom
