// Measures the allocation chain on the specialised 2025/26 reference inputs: one full run, and a
// sweep of 10,000 policy variants on two threads. The peer beside it is the same arithmetic as a
// script would write it: maps by name, one lookup for each value.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "services/finance/adapters/inputs/reference_packs.h"
#include "services/finance/domain/allocation.h"
#include "services/finance/domain/chain.h"

namespace specom::finance {
namespace {

constexpr int kVariants = 10'000;
constexpr int kThreads = 2;

const InputSet& Inputs() {
  static const InputSet* inputs = [] {
    auto data = LoadReferenceData();
    if (!data.ok()) std::abort();
    return new InputSet(data->packs.at("specialised-2025-26").inputs);
  }();
  return *inputs;
}

// The numbers of variant i: other growth, caps and tapers.
struct Variant {
  explicit Variant(int i)
      : growth(0.04 + 0.0002 * (i % 100)),
        cap(0.001 + 0.0001 * (i / 100 % 10)),
        taper(0.01 + 0.0005 * (i / 1000)) {}
  double growth, cap, taper;
};

// The peer: no preparation, figures kept by name.
class MapsByName {
 public:
  explicit MapsByName(const InputSet& inputs) {
    for (const BaselineLine& line : inputs.baseline) {
      baseline_[line.icb.value()][line.component] += static_cast<double>(line.amount.value()) / 100;
    }
    for (const NeedRow& row : inputs.need) {
      need_[row.icb.value()] = {{"opening", *row.opening_need}, {"closing", *row.closing_need}};
    }
    for (const ComponentRule& rule : inputs.policy.components) growth_[rule.component] = rule.growth;
    national_distance_ = *inputs.policy.target.national_distance;
  }

  // The sum of allocations in pounds.
  double Run(const Variant& variant) const {
    double total = 0, physical = 0, hcdd = 0, opening = 0, closing = 0;
    for (const auto& [icb, components] : baseline_) {
      physical += components.at("physical_health");
      hcdd += components.at("high_cost_drugs") + components.at("high_cost_devices");
      opening += need_.at(icb).at("opening");
      closing += need_.at(icb).at("closing");
    }
    total = physical + hcdd;
    const double quantum = total / (1 + national_distance_);
    const double hcdd_growth = growth_.at("high_cost_drugs");
    const double physical_growth = (total * (1 + variant.growth) - hcdd * (1 + hcdd_growth)) / physical - 1;
    std::map<std::string, std::map<std::string, double>> result;
    double sum = 0;
    for (const auto& [icb, components] : baseline_) {
      auto& row = result[icb];
      row["baseline"] = components.at("physical_health") + components.at("high_cost_drugs") +
                        components.at("high_cost_devices");
      row["opening_target"] = need_.at(icb).at("opening") / opening * quantum;
      row["closing_target"] = need_.at(icb).at("closing") / closing * quantum * (1 + variant.growth);
      row["opening_distance"] = row["baseline"] / row["opening_target"] - 1;
      row["grown"] =
          components.at("physical_health") * (1 + physical_growth) +
          (components.at("high_cost_drugs") + components.at("high_cost_devices")) * (1 + hcdd_growth);
      row["distance"] = row["grown"] / row["closing_target"] - 1;
      double rate = variant.cap * std::min(1.0, std::abs(row["distance"]) / variant.taper);
      if (row["distance"] > 0) rate = -rate;
      row["convergence"] = rate * components.at("physical_health") / row["baseline"];
      row["allocation"] = std::round(row["grown"] * (1 + row["convergence"]) / 1000) * 1000;
      row["closing_distance"] = row["allocation"] / row["closing_target"] - 1;
      sum += row["allocation"];
    }
    return sum;
  }

 private:
  std::map<std::string, std::map<std::string, double>> baseline_, need_;
  std::map<std::string, double> growth_;
  double national_distance_ = 0;
};

// Evaluates the variants first, first + step, … and gives the sum of all allocations in pounds.
double SweepPart(const PreparedInputs& prepared, int first, int step) {
  ChainBuffers buffers(prepared.size());
  ChainRules rules = prepared.rules;
  ChainTotals totals;
  double sum = 0;
  for (int i = first; i < kVariants; i += step) {
    const Variant variant(i);
    rules.growth_rate = variant.growth;
    rules.over_target = rules.under_target = {variant.cap, variant.taper};
    if (!EvaluateChain(prepared, rules, buffers.columns(), totals).ok()) std::abort();
    for (std::int64_t allocation : buffers.columns().allocation) sum += static_cast<double>(allocation) / 100;
  }
  return sum;
}

template <class Part>
double OnThreads(Part part) {
  double sums[kThreads] = {};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) threads.emplace_back([&, t] { sums[t] = part(t); });
  for (std::thread& thread : threads) thread.join();
  double sum = 0;
  for (double part_sum : sums) sum += part_sum;
  return sum;
}

double Sweep(const PreparedInputs& prepared) {
  return OnThreads([&](int thread) { return SweepPart(prepared, thread, kThreads); });
}

double PeerSweep(const MapsByName& peer) {
  return OnThreads([&](int thread) {
    double sum = 0;
    for (int i = thread; i < kVariants; i += kThreads) sum += peer.Run(Variant(i));
    return sum;
  });
}

// Check, prepare, chain, totals, invariants: what a run does between reading and storing.
void FullRun(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Allocate(Inputs()));
}
BENCHMARK(FullRun)->Unit(benchmark::kMicrosecond);

void OneVariant(benchmark::State& state) {
  const PreparedInputs prepared = PrepareInputs(Inputs()).value();
  ChainBuffers buffers(prepared.size());
  ChainTotals totals;
  for (auto _ : state) {
    benchmark::DoNotOptimize(EvaluateChain(prepared, prepared.rules, buffers.columns(), totals));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(OneVariant)->Unit(benchmark::kMicrosecond);

void OneVariantOnMapsByName(benchmark::State& state) {
  const MapsByName peer(Inputs());
  for (auto _ : state) benchmark::DoNotOptimize(peer.Run(Variant(4242)));
}
BENCHMARK(OneVariantOnMapsByName)->Unit(benchmark::kMicrosecond);

void Sweep10000Variants(benchmark::State& state) {
  const PreparedInputs prepared = PrepareInputs(Inputs()).value();
  for (auto _ : state) benchmark::DoNotOptimize(Sweep(prepared));
}
BENCHMARK(Sweep10000Variants)->Unit(benchmark::kMillisecond)->UseRealTime();

void Sweep10000VariantsOnMapsByName(benchmark::State& state) {
  const MapsByName peer(Inputs());
  for (auto _ : state) benchmark::DoNotOptimize(PeerSweep(peer));
}
BENCHMARK(Sweep10000VariantsOnMapsByName)->Unit(benchmark::kMillisecond)->UseRealTime();

long PeakRssKib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// Seconds of the fastest of five.
template <class Work>
double Fastest(Work work) {
  double best = INFINITY;
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

// The measures in ratios to the peer, and memory before and after a sweep.
int Summarise() {
  const PreparedInputs prepared = PrepareInputs(Inputs()).value();
  const MapsByName peer(Inputs());
  const long before = PeakRssKib();
  double ours = 0, theirs = 0;
  const double sweep = Fastest([&] { ours = Sweep(prepared); });
  const long after = PeakRssKib();
  const double peer_sweep = Fastest([&] { theirs = PeerSweep(peer); });
  // Both must have done the same work: they may differ by roundings to £1,000 that fall on a half.
  if (std::abs(ours / theirs - 1) > 1e-9) {
    std::fprintf(stderr, "the peer's allocations differ: £%.0f and £%.0f\n", ours, theirs);
    return 1;
  }
  const double run = Fastest([&] { benchmark::DoNotOptimize(Allocate(Inputs())); });
  std::printf("\nfull run, 42 ICBs: %.3f ms\n", run * 1e3);
  std::printf("sweep of %d variants on %d threads: %.1f ms; maps by name: %.1f ms; ratio %.1f\n", kVariants,
              kThreads, sweep * 1e3, peer_sweep * 1e3, peer_sweep / sweep);
  std::printf("peak memory: %ld KiB before the sweeps, %ld KiB after five of them\n", before, after);
  return 0;
}

}  // namespace
}  // namespace specom::finance

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return specom::finance::Summarise();
}
