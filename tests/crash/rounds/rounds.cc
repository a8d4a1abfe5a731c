#include "tests/crash/rounds/rounds.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace specom::crash {
namespace {

constexpr int kEnoughFailures = 10;

std::string Tell(Setting setting, const Plan& plan, const std::vector<std::string>& findings) {
  const std::string deaths =
      absl::StrJoin(plan.deaths, ", ", [](std::string* out, const PlannedDeath& death) {
        absl::StrAppend(out, ToString(death), death.bus_is_lost ? " and the bus lost" : "");
      });
  const std::string name(ToString(setting));
  return absl::StrCat("seed ", plan.seed, " (", name, ", ", plan.handlers, " handlers, ",
                      plan.requests.size(), " requests; dies at ", deaths, "):\n  ",
                      absl::StrJoin(findings, "\n  "), "\n  again: ./tools/bench crash --", name,
                      " --rounds 1 --seed ", plan.seed);
}

}  // namespace

RoundsResult PlayRounds(Setting setting, std::uint64_t first_seed, int rounds,
                        const std::function<void(const RoundsResult&)>& shown) {
  RoundsResult all;
  absl::StatusOr<std::unique_ptr<Worlds>> worlds = NewWorlds(setting);
  if (!worlds.ok()) {
    all.findings.push_back(worlds.status().ToString());
    return all;
  }
  while (all.rounds < rounds && std::ssize(all.findings) < kEnoughFailures) {
    const Plan plan = DrawPlan(first_seed + static_cast<std::uint64_t>(all.rounds));
    const RoundResult round = PlayRound(**worlds, plan);
    ++all.rounds;
    all.lives += round.lives;
    all.recoveries += round.recoveries;
    for (const auto& [point, deaths] : round.deaths) all.deaths[point] += deaths;
    if (!round.findings.empty()) all.findings.push_back(Tell(setting, plan, round.findings));
    if (shown) shown(all);
  }
  return all;
}

}  // namespace specom::crash
