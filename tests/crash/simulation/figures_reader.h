// A consumer of finance's events as another service would be one: knows the figures in force from events
// alone, and finds events that are missing, out of order, or do not add up.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "libs/events/bus.h"
#include "specom/events/v1/events.pb.h"

namespace specom::crash {

class FiguresReader {
 public:
  absl::Status Handle(const events::Event& event);

  // The run in force of each stream and year.
  const std::map<std::string, std::string>& in_force() const { return in_force_; }
  // The payload types of each run's events, in the order of their first arrival.
  const std::map<std::string, std::vector<std::string>>& seen() const { return seen_; }
  int repeats() const { return repeats_; }
  const std::vector<std::string>& findings() const { return findings_; }

 private:
  void Published(const specom::events::v1::AllocationPublished& published);

  std::set<std::string> ids_;
  std::map<std::string, std::vector<std::string>> seen_;
  std::map<std::string, std::string> in_force_;
  int repeats_ = 0;
  std::vector<std::string> findings_;
};

}  // namespace specom::crash
