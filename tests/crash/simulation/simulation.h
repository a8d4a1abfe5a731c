// One life of finance, drawn from a seed: several users, workers, a store and a bus that fail, time that
// passes. After every step everything that is stored is compared with the model.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace specom::crash {

struct SimulationResult {
  // What does not hold; the simulation ends with the first.
  std::vector<std::string> findings;
  // The last steps, in words.
  std::vector<std::string> trace;
  // How often what was met: outcomes, faults, states. Tells whether a simulation could have found anything.
  std::map<std::string, int> met;
};

SimulationResult Simulate(std::uint64_t seed, int steps);

}  // namespace specom::crash
