#include "tests/chaos/machine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace specom::chaos {

SharedNumber::SharedNumber() {
  const int fd = open(path().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  EXPECT_EQ(ftruncate(fd, sizeof *value_), 0);
  void* mapped = mmap(nullptr, sizeof *value_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped == MAP_FAILED) {
    ADD_FAILURE() << "cannot share " << path();
    return;
  }
  value_ = static_cast<volatile std::int64_t*>(mapped);
}

SharedNumber::~SharedNumber() {
  if (value_ != nullptr) munmap(const_cast<std::int64_t*>(value_), sizeof *value_);
}

void SharedNumber::Set(std::int64_t value) {
  if (value_ != nullptr) *value_ = value;
}

std::map<std::string, std::string> MovedClock::Environment() const {
  return {{"LD_PRELOAD", SPECOM_MOVED_CLOCK_LIBRARY}, {"SPECOM_MOVED_CLOCK", seconds_.path()}};
}

std::map<std::string, std::string> FullDisk::Environment(const std::string& folder) const {
  return {{"LD_PRELOAD", SPECOM_FULL_DISK_LIBRARY},
          {"SPECOM_FULL_DISK", full_.path()},
          {"SPECOM_FULL_DISK_FOLDER", folder}};
}

}  // namespace specom::chaos
