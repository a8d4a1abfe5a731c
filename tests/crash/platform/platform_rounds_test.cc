// Proves that a day at the platform ends with the same figures, reports, events and audit records
// whichever of its processes is killed at whichever point and started again.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <span>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/crash/platform/day.h"
#include "tests/crash/platform/processes.h"
#include "tests/crash/platform/stored_events.h"

namespace specom::crash {
namespace {

struct Place {
  const char* service;
  const char* point;
  // The last visit that a day surely comes to.
  int last_visit;
};

// In one process any service's visit counts.
constexpr Place kEmbedded[] = {
    {"finance", "before_begin", 20},  {"finance", "after_state", 300}, {"finance", "after_outbox", 12},
    {"finance", "before_commit", 20}, {"finance", "after_commit", 20}, {"finance", "after_publish", 8},
    {"finance", "before_mark", 8},    {"finance", "after_handle", 8},  {"finance", "before_ack", 8}};
constexpr Place kProduction[] = {
    {"portfolio", "before_begin", 2},  {"portfolio", "after_state", 6},  {"portfolio", "after_outbox", 2},
    {"portfolio", "before_commit", 2}, {"portfolio", "after_commit", 2}, {"portfolio", "after_publish", 2},
    {"portfolio", "before_mark", 2},   {"finance", "before_begin", 12},  {"finance", "after_state", 200},
    {"finance", "after_outbox", 10},   {"finance", "before_commit", 12}, {"finance", "after_commit", 12},
    {"finance", "after_publish", 6},   {"finance", "before_mark", 6},    {"finance", "after_handle", 3},
    {"finance", "before_ack", 3},      {"reporting", "before_begin", 4}, {"reporting", "after_state", 60},
    {"reporting", "before_commit", 4}, {"reporting", "after_commit", 4}, {"reporting", "after_handle", 4},
    {"reporting", "before_ack", 4}};

// Neighbouring seeds die at different places; now and then a process dies again.
std::vector<ProcessDeath> DrawDeaths(std::uint64_t seed, std::span<const Place> places) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  std::vector<ProcessDeath> deaths;
  std::size_t place = seed % places.size();
  do {
    const Place& at = places[place];
    deaths.push_back(
        {at.service, absl::StrCat(at.point, ":", 1 + below(static_cast<std::size_t>(at.last_visit)))});
    place = below(places.size());
  } while (deaths.size() < 3 && below(3) == 0);
  return deaths;
}

std::string InWords(const std::vector<ProcessDeath>& deaths) {
  return absl::StrJoin(deaths, ", ", [](std::string* out, const ProcessDeath& death) {
    absl::StrAppend(out, death.service, " at ", death.crash_at);
  });
}

// The line in which two texts differ first.
std::string Difference(const std::string& one, const std::string& other) {
  const std::vector<std::string> left = journeys::Lines(one), right = journeys::Lines(other);
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::string a = i < left.size() ? left[i] : "(end)", b = i < right.size() ? right[i] : "(end)";
    if (a != b) return absl::StrCat("line ", i + 1, ": ", a, " and not ", b);
  }
  return "none";
}

struct Outcome {
  Day::Record record;
  std::map<std::string, std::vector<std::string>> audited;
  std::vector<ProcessDeath> deaths;
};

Outcome PlayDay(Processes& processes) {
  Outcome outcome;
  outcome.record = Day(processes).Live();
  processes.Kill();
  outcome.deaths = processes.deaths();
  for (std::string& fault : FaultsOf(processes)) outcome.record.findings.push_back(std::move(fault));
  for (const char* service : kServices) outcome.audited[service] = AuditedBy(processes, service);
  return outcome;
}

void PlayRounds(Beginnings& beginnings, std::span<const Place> places, int rounds) {
  const Outcome undisturbed = PlayDay(*beginnings.Begin({}));
  ASSERT_TRUE(undisturbed.record.findings.empty()) << absl::StrJoin(undisturbed.record.findings, "\n");
  ASSERT_GT(undisturbed.record.results.size(), 10'000u);
  std::uint64_t first = 1;
  const char* wanted = std::getenv("SPECOM_CRASH_SEED");
  ASSERT_TRUE(wanted == nullptr || absl::SimpleAtoi(wanted, &first)) << "SPECOM_CRASH_SEED=" << wanted;
  if (wanted != nullptr) rounds = 1;
  std::set<std::string> died_at;
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t seed = first + static_cast<std::uint64_t>(round);
    const std::vector<ProcessDeath> deaths = DrawDeaths(seed, places);
    const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    SCOPED_TRACE(absl::StrCat("seed ", seed, ": ", InWords(deaths), "\nagain: SPECOM_CRASH_SEED=", seed,
                              " ./tools/test -R ", name));
    const Outcome outcome = PlayDay(*beginnings.Begin(deaths));
    EXPECT_TRUE(outcome.record.findings.empty()) << absl::StrJoin(outcome.record.findings, "\n");
    EXPECT_EQ(outcome.record.results, undisturbed.record.results)
        << Difference(outcome.record.results, undisturbed.record.results);
    EXPECT_EQ(outcome.audited, undisturbed.audited);
    for (const ProcessDeath& death : outcome.deaths) {
      died_at.insert(absl::StrCat(death.service, " ", death.crash_at.substr(0, death.crash_at.find(':'))));
    }
    if (::testing::Test::HasFailure()) return;
  }
  if (wanted != nullptr) return;
  // A place where nobody dies proves nothing.
  for (const Place& place : places) {
    EXPECT_TRUE(died_at.contains(absl::StrCat(place.service, " ", place.point)))
        << place.service << " " << place.point;
  }
}

TEST(PlatformRounds, SpecomDevKilledAtAnyPointEndsTheDayAsIfNothingHadHappened) {
  PlayRounds(*EmbeddedBeginnings(), kEmbedded, 27);
}

TEST(PlatformRounds, AnyServiceKilledAtAnyPointEndsTheDayAsIfNothingHadHappened) {
  PlayRounds(*ProductionBeginnings(9), kProduction, 22);
}

}  // namespace
}  // namespace specom::crash
