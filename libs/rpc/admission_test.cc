// Proves the rule of admission with a clock of its own: bursts are taken, a queue that stands is kept
// short, and in a simulated server twice the capacity costs those that are taken little.
#include "libs/rpc/admission.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <queue>
#include <random>
#include <vector>

namespace specom::rpc {
namespace {

constexpr absl::Duration kTask = absl::Milliseconds(10);
const absl::Time kStart = absl::FromUnixSeconds(1'750'000'000);

class AdmissionTest : public ::testing::Test {
 protected:
  // Whether a call is taken that comes so long after the one before it.
  bool Comes(absl::Duration after, absl::Duration wait) {
    now_ += after;
    return admission_.Admits(now_, {.empty = wait == absl::ZeroDuration(), .wait = wait, .task = kTask});
  }
  // Calls find others waiting, for as long as makes the queue a standing one.
  void Stand() {
    for (int i = 0; i <= 20; ++i) Comes(absl::Milliseconds(10), absl::Milliseconds(1));
  }

  absl::Time now_ = kStart;
  Admission admission_{absl::ZeroDuration()};
};

TEST_F(AdmissionTest, TakesABurst) {
  EXPECT_TRUE(Comes(absl::ZeroDuration(), absl::ZeroDuration()));
  EXPECT_TRUE(Comes(absl::ZeroDuration(), Admission::kBurstWait));
  EXPECT_FALSE(Comes(absl::ZeroDuration(), Admission::kBurstWait + absl::Milliseconds(1)));
  EXPECT_FALSE(admission_.strict());
}

TEST_F(AdmissionTest, TakesBurstAfterBurstWhileTheQueueEmptiesBetweenThem) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(Comes(absl::Milliseconds(50), absl::ZeroDuration()));
    EXPECT_TRUE(Comes(absl::Milliseconds(40), Admission::kBurstWait));
  }
}

TEST_F(AdmissionTest, KeepsTheWaitShortOnceTheQueueStands) {
  Stand();
  EXPECT_TRUE(admission_.strict());
  EXPECT_TRUE(Comes(absl::ZeroDuration(), 2 * kTask));
  EXPECT_FALSE(Comes(absl::ZeroDuration(), 2 * kTask + absl::Milliseconds(1)));
}

TEST_F(AdmissionTest, KeepsToTheTargetThatIsSet) {
  admission_ = Admission(absl::Milliseconds(70));
  Stand();
  EXPECT_TRUE(Comes(absl::ZeroDuration(), absl::Milliseconds(70)));
  EXPECT_FALSE(Comes(absl::ZeroDuration(), absl::Milliseconds(71)));
}

TEST_F(AdmissionTest, StaysStrictWhileManyAreRefused) {
  Stand();
  for (int i = 0; i < 400; ++i) {
    // The queue runs empty now and then, as when the callers are held up; every fifth call is refused.
    Comes(absl::Milliseconds(10), i % 5 == 0 ? absl::Seconds(1) : absl::ZeroDuration());
    EXPECT_TRUE(admission_.strict()) << i;
  }
}

TEST_F(AdmissionTest, IsGenerousAgainAfterAWindowOfFewRefusals) {
  Stand();
  for (int i = 0; i < 250; ++i) {
    Comes(absl::Milliseconds(10), i % 20 == 0 ? absl::Seconds(1) : absl::ZeroDuration());
  }
  EXPECT_FALSE(admission_.strict());
  EXPECT_TRUE(Comes(absl::ZeroDuration(), Admission::kBurstWait));
}

TEST_F(AdmissionTest, IsGenerousAgainAfterAQuietTime) {
  Stand();
  EXPECT_TRUE(Comes(absl::Seconds(5), absl::ZeroDuration()));
  EXPECT_FALSE(admission_.strict());
}

// A server with threads whose tasks take times by chance, under calls at times by chance.
struct Simulated {
  absl::Duration p99;
  double refused_share = 0;
};

Simulated Simulate(double load, unsigned seed) {
  constexpr int kThreads = 8;
  constexpr absl::Duration kWarmUp = absl::Seconds(5), kEnd = absl::Seconds(65);
  std::mt19937 random(seed);
  const auto chance = [&](absl::Duration mean) {
    return mean * std::exponential_distribution<double>(1.0)(random);
  };
  Admission admission(absl::ZeroDuration());
  // When the threads become free; and the arrivals that wait.
  std::priority_queue<absl::Time, std::vector<absl::Time>, std::greater<>> threads;
  for (int i = 0; i < kThreads; ++i) threads.push(kStart);
  std::deque<absl::Time> waiting;
  std::vector<absl::Duration> latencies;
  int arrived = 0, refused = 0;
  absl::Time now = kStart;
  while (now < kStart + kEnd) {
    now += chance(kTask / kThreads / load);
    while (!waiting.empty() && threads.top() <= now) {
      const absl::Time done = std::max(threads.top(), waiting.front()) + chance(kTask);
      if (waiting.front() >= kStart + kWarmUp) latencies.push_back(done - waiting.front());
      waiting.pop_front();
      threads.pop();
      threads.push(done);
    }
    const bool free = waiting.empty() && threads.top() <= now;
    const absl::Duration wait =
        free ? absl::ZeroDuration() : kTask * static_cast<double>(waiting.size()) / kThreads;
    const bool taken = admission.Admits(now, {.empty = waiting.empty(), .wait = wait, .task = kTask});
    if (taken) waiting.push_back(now);
    if (now < kStart + kWarmUp) continue;
    ++arrived;
    refused += taken ? 0 : 1;
  }
  std::sort(latencies.begin(), latencies.end());
  return {latencies[latencies.size() * 99 / 100], static_cast<double>(refused) / arrived};
}

TEST(AdmissionUnderLoad, TwiceTheCapacityKeepsTheTailWithinTwiceThatOfEightyPercent) {
  for (unsigned seed : {1u, 2u, 3u}) {
    const Simulated normal = Simulate(0.8, seed), twice = Simulate(2.0, seed);
    EXPECT_LT(normal.refused_share, 0.002);
    EXPECT_LE(twice.p99, 2 * normal.p99) << seed << ": " << normal.p99 << " and " << twice.p99;
    // What can be done is done.
    EXPECT_NEAR(twice.refused_share, 0.5, 0.02);
  }
}

}  // namespace
}  // namespace specom::rpc
