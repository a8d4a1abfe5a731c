// ./tools/bench crash: as many crash rounds as one likes, on both settings.
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "tests/crash/rounds/rounds.h"

namespace specom::crash {
namespace {

struct Options {
  int rounds = 1000;
  std::uint64_t seed = 1;
  std::vector<Setting> settings = {Setting::kEmbedded, Setting::kProduction};
};

bool Parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--embedded") {
      options.settings = {Setting::kEmbedded};
    } else if (word == "--production") {
      options.settings = {Setting::kProduction};
    } else if (word == "--rounds" && absl::SimpleAtoi(value, &options.rounds) && options.rounds > 0) {
      ++i;
    } else if (word == "--seed" && absl::SimpleAtoi(value, &options.seed)) {
      ++i;
    } else {
      return false;
    }
  }
  return true;
}

void Show(const RoundsResult& so_far, int rounds) {
  if (isatty(STDERR_FILENO) == 0) return;
  std::fprintf(stderr, "\r  %d of %d rounds, %zu with findings", so_far.rounds, rounds,
               so_far.findings.size());
  if (so_far.rounds == rounds) std::fprintf(stderr, "\r%60s\r", "");
}

int Play(Setting setting, const Options& options) {
  const absl::Time start = absl::Now();
  const RoundsResult result = PlayRounds(setting, options.seed, options.rounds,
                                         [&](const RoundsResult& so_far) { Show(so_far, options.rounds); });
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  std::printf("%s: %d rounds from seed %llu, %d lives, %d recoveries, findings %zu (%.0f ms a round)\n",
              setting == Setting::kEmbedded ? "SQLite, bus in the process" : "PostgreSQL, Redis",
              result.rounds, static_cast<unsigned long long>(options.seed), result.lives, result.recoveries,
              result.findings.size(), 1000 * seconds / result.rounds);
  for (CrashPoint point : kCrashPoints) {
    std::printf("  %-14s %6d deaths\n", std::string(ToString(point)).c_str(),
                result.deaths.contains(point) ? result.deaths.at(point) : 0);
  }
  for (const std::string& finding : result.findings) std::printf("%s\n", finding.c_str());
  return result.findings.empty() ? 0 : 1;
}

}  // namespace
}  // namespace specom::crash

int main(int argc, char** argv) {
  specom::crash::Options options;
  if (!Parse(argc, argv, options)) {
    std::cerr << "Usage: ./tools/bench crash [--rounds N] [--seed S] [--embedded|--production]\n";
    return 2;
  }
  int code = 0;
  for (specom::crash::Setting setting : options.settings) code |= Play(setting, options);
  return code;
}
