// What a machine may do to a process: another time of day, a disk without room. By libraries that are
// loaded into the process before its own; it needs no rights.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tests/journeys/process.h"

namespace specom::chaos {

// A number that other processes see at once.
class SharedNumber {
 public:
  SharedNumber();
  ~SharedNumber();
  SharedNumber(const SharedNumber&) = delete;
  SharedNumber& operator=(const SharedNumber&) = delete;

  void Set(std::int64_t value);
  std::string path() const { return folder_.Path("number"); }

 private:
  journeys::TemporaryFolder folder_;
  volatile std::int64_t* value_ = nullptr;
};

// The wall clock of the processes that are started with this environment.
class MovedClock {
 public:
  // From the true time; both directions.
  void MoveBy(std::int64_t seconds) { seconds_.Set(seconds); }
  std::map<std::string, std::string> Environment() const;

 private:
  SharedNumber seconds_;
};

// The disk that holds a folder, for the processes that are started with this environment.
class FullDisk {
 public:
  void Fill() { full_.Set(1); }
  void MakeRoom() { full_.Set(0); }
  std::map<std::string, std::string> Environment(const std::string& folder) const;

 private:
  SharedNumber full_;
};

}  // namespace specom::chaos
