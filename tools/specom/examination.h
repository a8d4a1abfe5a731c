// What specom doctor finds: one sentence a check, sound or with its remedy.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace specom::cli {

struct Finding {
  std::string check;
  bool sound = true;
  // What was found, and the remedy where it is not sound.
  std::string words;
};

class Examination {
 public:
  void Sound(std::string check, std::string words) {
    findings_.push_back({std::move(check), true, std::move(words)});
  }
  void Problem(std::string check, std::string words) {
    findings_.push_back({std::move(check), false, std::move(words)});
  }
  void Status(std::string check, const absl::Status& status, std::string sound_words) {
    status.ok() ? Sound(std::move(check), std::move(sound_words))
                : Problem(std::move(check), std::string(status.message()));
  }
  const std::vector<Finding>& findings() const { return findings_; }

 private:
  std::vector<Finding> findings_;
};

}  // namespace specom::cli
