// For the impossible only: never on what comes from outside.
#pragma once

#include <cstdio>
#include <cstdlib>

#define SPECOM_CHECK(condition)                                                                 \
  do {                                                                                          \
    if (!(condition)) [[unlikely]] {                                                            \
      std::fprintf(stderr, "%s:%d: an impossible state: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                             \
    }                                                                                           \
  } while (false)
