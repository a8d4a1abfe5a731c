#include "libs/base/random.h"

#include <openssl/rand.h>

#include <array>
#include <cstddef>
#include <utility>

#include "libs/base/check.h"

namespace specom {
namespace {

// Fetching costs about as much for 16 bytes as for some hundred.
struct Reserve {
  std::array<std::uint64_t, 256> numbers;
  std::size_t left = 0;
};

}  // namespace

std::uint64_t Random64() {
  thread_local Reserve reserve;
  if (reserve.left == 0) {
    SPECOM_CHECK(
        RAND_bytes(reinterpret_cast<unsigned char*>(reserve.numbers.data()), sizeof(reserve.numbers)) == 1);
    reserve.left = reserve.numbers.size();
  }
  // What was given out is not kept.
  return std::exchange(reserve.numbers[--reserve.left], 0);
}

}  // namespace specom
