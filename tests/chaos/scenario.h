// What every scenario has: a platform with work in it, callers, the same work undisturbed beside it,
// and the proof of recovery.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>

#include "tests/chaos/callers.h"
#include "tests/chaos/platform.h"
#include "tests/journeys/process.h"

namespace specom::chaos {

// Everything in one process on SQLite, with the same callers and no faults.
class Undisturbed {
 public:
  Undisturbed();
  std::string Reports() { return callers_->Reports(); }

 private:
  journeys::TemporaryFolder folder_;
  journeys::Process process_;
  std::unique_ptr<Callers> callers_;
};

class Scenario : public ::testing::Test {
 protected:
  // Returns when the allocations are published and reported, before any fault.
  explicit Scenario(PlatformOptions options = {});
  ~Scenario() override;

  Platform& platform() { return *platform_; }
  Callers& callers() { return *callers_; }

  // Rounds of calls until one is seen as expected; the last one seen.
  Outcomes CallUntil(const ::testing::Matcher<const Outcomes&>& expected);

  // Every write that was ever sent is accepted and there once; its event and all others have arrived,
  // once in effect; a new run is computed; the reports are those of the undisturbed platform; every
  // process that was started serves and says that it is ready. Nobody lends a hand.
  void ExpectRecovery();

 private:
  void ExpectWritesThereOnce();
  void ExpectEventsArrived();

  std::future<std::unique_ptr<Undisturbed>> undisturbed_;
  std::unique_ptr<Platform> platform_;
  std::unique_ptr<Callers> callers_;
};

}  // namespace specom::chaos
