// Times of many calls in little memory: buckets whose width grows with the value, so that a quantile is
// right to within 1.6%. Any number of threads may add at once.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace specom::bench {

class Histogram {
 public:
  void Add(absl::Duration value) {
    const std::int64_t nanoseconds = absl::ToInt64Nanoseconds(value);
    buckets_[IndexOf(nanoseconds < 0 ? 0 : static_cast<std::uint64_t>(nanoseconds))].fetch_add(
        1, std::memory_order_relaxed);
  }

  std::int64_t Count() const {
    std::int64_t count = 0;
    for (const auto& bucket : buckets_) count += bucket.load(std::memory_order_relaxed);
    return count;
  }

  // share: 0 to 1. Zero when there is no value.
  absl::Duration Quantile(double share) const {
    const std::int64_t count = Count();
    if (count == 0) return absl::ZeroDuration();
    const auto wanted = static_cast<std::int64_t>(share * static_cast<double>(count - 1)) + 1;
    std::int64_t seen = 0;
    std::size_t index = 0;
    while (index < kBuckets && (seen += buckets_[index].load(std::memory_order_relaxed)) < wanted) ++index;
    return absl::Nanoseconds(static_cast<std::int64_t>(MiddleOf(index)));
  }

 private:
  // Each power of two is cut into this many buckets.
  static constexpr int kBits = 5;
  static constexpr std::size_t kPerPower = std::size_t{1} << kBits;
  static constexpr std::size_t kBuckets = (64 - kBits + 1) * kPerPower;

  static std::size_t IndexOf(std::uint64_t value) {
    if (value < kPerPower) return value;
    const int shift = static_cast<int>(std::bit_width(value)) - 1 - kBits;
    return static_cast<std::size_t>(shift + 1) * kPerPower + (value >> shift) - kPerPower;
  }
  static std::uint64_t MiddleOf(std::size_t index) {
    if (index < kPerPower) return index;
    const auto shift = static_cast<int>(index / kPerPower) - 1;
    const std::uint64_t first = (index % kPerPower + kPerPower) << shift;
    return first + (std::uint64_t{1} << shift) / 2;
  }

  std::array<std::atomic<std::int64_t>, kBuckets> buckets_{};
};

}  // namespace specom::bench
