#pragma once
// CHECK: an assertion that stays on in every build, for this program's own mistakes only. Nothing
// that came from a network, a file, the environment or a person is ever CHECKed.

#include <cstdio>
#include <cstdlib>

#define CHECK(condition)                                                                   \
  do {                                                                                     \
    if (!(condition)) [[unlikely]] {                                                       \
      std::fprintf(stderr, "CHECK failed: %s at %s:%d\n", #condition, __FILE__, __LINE__); \
      std::abort();                                                                        \
    }                                                                                      \
  } while (false)
