// Random numbers that nobody can predict and that are cheap enough for every call.
#pragma once

#include <cstdint>

namespace specom {

// 64 random bits of OpenSSL's generator. Each thread fetches them some kilobytes at a time; a process that
// forks without exec would share what is left of them with its child.
std::uint64_t Random64();

}  // namespace specom
