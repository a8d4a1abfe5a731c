#include "libs/rpc/concurrency.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace specom::rpc {

ProcessorWait::ProcessorWait() : file_(open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}

ProcessorWait::~ProcessorWait() {
  if (file_ >= 0) close(file_);
}

absl::Duration ProcessorWait::SoFar() const {
  // "<ran ns> <waited ns> <times>"
  std::array<char, 96> text;
  const ssize_t size = file_ < 0 ? -1 : pread(file_, text.data(), text.size(), 0);
  if (size <= 0) return absl::ZeroDuration();
  const std::string_view fields(text.data(), static_cast<std::size_t>(size));
  const std::size_t second = fields.find(' ') + 1;
  std::int64_t waited = 0;
  std::from_chars(fields.data() + second, fields.data() + fields.size(), waited);
  return absl::Nanoseconds(waited);
}

void Concurrency::Ran(absl::Time now, absl::Duration took, absl::Duration waited) {
  took_ += took;
  waited_ += waited;
  if (++tasks_ < kTasks || now < window_end_) return;
  const double share = absl::FDivDuration(waited_, std::max(took_, absl::Nanoseconds(1)));
  if (share > kCrowded) {
    limit_ = std::max(least_, limit_ - 1);
  } else if (share < kRoomy) {
    limit_ = std::min(most_, limit_ + 1);
  }
  window_end_ = now + kWindow;
  tasks_ = 0;
  took_ = waited_ = absl::ZeroDuration();
}

}  // namespace specom::rpc
