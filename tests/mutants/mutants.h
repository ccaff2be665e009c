#pragma once
// What mutated sources call (tools/mutate.py writes the calls): each asks by its number whether it
// is the mutant that SCALER_MUTANT names, and without one it does what the source says. Operators
// are asked in between: `a < b` becomes `a < mutants::at(7) < b`, which keeps all precedences.

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

namespace mutants {

inline constexpr std::size_t kLimit = 16'384;
inline constexpr unsigned char kReached = 1;
inline constexpr unsigned char kImpossible = 2;  ///< its program would not compile

struct State {
  int active = 0;
  const char* seen_file = nullptr;  ///< SCALER_MUTANTS_SEEN: where to tell what was reached
  std::array<std::atomic<unsigned char>, kLimit> seen = {};
};

inline State& state();

inline void write_seen() {
  std::FILE* file = std::fopen(state().seen_file, "a");
  for (std::size_t number = 0; file != nullptr && number < kLimit; ++number) {
    if (const int seen = state().seen[number].load(); seen != 0) {
      std::fprintf(file, "%zu %d\n", number, seen);
    }
  }
  if (file != nullptr) {
    std::fclose(file);
  }
}

inline State& state() {
  static State& made = []() -> State& {
    auto* fresh = new State;  // Never destroyed: other destructors may still ask.
    const char* active = std::getenv("SCALER_MUTANT");
    fresh->active = active == nullptr ? 0 : std::atoi(active);
    fresh->seen_file = std::getenv("SCALER_MUTANTS_SEEN");
    if (fresh->seen_file != nullptr) {
      std::atexit(write_seen);
    }
    return *fresh;
  }();
  return made;
}

inline void note(int number, unsigned char what) {
  if (state().seen_file != nullptr) {
    state().seen[static_cast<std::size_t>(number)] |= what;
  }
}

/// Whether the program is this mutant. Never while the compiler computes.
constexpr bool on(int number) {
  if consteval {
    return false;
  } else {
    note(number, kReached);
    return state().active == number;
  }
}

constexpr void impossible(int number) {
  if !consteval {
    note(number, kImpossible);
  }
}

template <class X>
constexpr bool truth(X&& x) {
  return static_cast<bool>(x);
}
template <class X>
constexpr bool always(int number, X&& x) {
  return on(number) || truth(x);
}
template <class X>
constexpr bool never(int number, X&& x) {
  return !on(number) && truth(x);
}
template <class X>
constexpr bool inverted(int number, X&& x) {
  return on(number) != truth(x);
}

/// In place of std::min and std::max; `swapped` is their mutant.
template <bool kLowest>
struct Extreme {
  int number;

  template <class T>
  constexpr const T& operator()(const T& a, const T& b) const {
    return kLowest != on(number) ? std::min(a, b) : std::max(a, b);
  }
  template <class T>
  constexpr T operator()(std::initializer_list<T> all) const {
    return kLowest != on(number) ? std::min(all) : std::max(all);
  }
};
constexpr Extreme<true> min(int number) {
  return {number};
}
constexpr Extreme<false> max(int number) {
  return {number};
}

/// The number of an operator's first mutant; further ones follow it.
struct At {
  int number;
};
constexpr At at(int number) {
  return {number};
}

// Returns `a other b` if that is the mutant, and if it gives what can stand for `Original`.
#define MUTANTS_TRY(number, a, other, b)                             \
  if constexpr (requires {                                           \
                  { (a) other(b) } -> std::convertible_to<Original>; \
                }) {                                                 \
    if (on(number)) {                                                \
      return static_cast<Original>((a)other(b));                     \
    }                                                                \
  } else {                                                           \
    impossible(number);                                              \
  }

// `step` is 1 where `another` is a mutant of its own, and 0 where there is only one.
#define MUTANTS_BINARY(Name, op, other, step, another)                                          \
  template <class A>                                                                            \
  struct Name {                                                                                 \
    A&& value;                                                                                  \
    int number;                                                                                 \
  };                                                                                            \
  template <class A>                                                                            \
  constexpr Name<A> operator op(A && a, At at) {                                                \
    return {static_cast<A&&>(a), at.number};                                                    \
  }                                                                                             \
  template <class A, class B>                                                                   \
  constexpr auto operator op(Name<A> left, B&& b) {                                             \
    using Original = decltype(static_cast<A&&>(left.value) op static_cast<B&&>(b));             \
    MUTANTS_TRY(left.number, static_cast<A&&>(left.value), other, static_cast<B&&>(b))          \
    MUTANTS_TRY(left.number + step, static_cast<A&&>(left.value), another, static_cast<B&&>(b)) \
    return static_cast<A&&>(left.value) op static_cast<B&&>(b);                                 \
  }

// The same of an operator that assigns: `a += b` becomes `a += mutants::at(7) += b`, grouped from
// the right.
#define MUTANTS_ASSIGNMENT(Name, op, other)                            \
  template <class B>                                                   \
  struct Name {                                                        \
    B&& value;                                                         \
    int number;                                                        \
  };                                                                   \
  template <class B>                                                   \
  constexpr Name<B> operator op(At at, B && b) {                       \
    return {static_cast<B&&>(b), at.number};                           \
  }                                                                    \
  template <class A, class B>                                          \
  constexpr A& operator op(A & a, Name<B> right) {                     \
    using Original = A&;                                               \
    MUTANTS_TRY(right.number, a, other, static_cast<B&&>(right.value)) \
    return a op static_cast<B&&>(right.value);                         \
  }

MUTANTS_BINARY(Less, <, <=, 1, >=)
MUTANTS_BINARY(LessOrEqual, <=, <, 1, >)
MUTANTS_BINARY(Greater, >, >=, 1, <=)
MUTANTS_BINARY(GreaterOrEqual, >=, >, 1, <)
MUTANTS_BINARY(Equal, ==, !=, 0, !=)
MUTANTS_BINARY(Unequal, !=, ==, 0, ==)
MUTANTS_BINARY(Sum, +, -, 0, -)
MUTANTS_BINARY(Difference, -, +, 0, +)
MUTANTS_BINARY(Product, *, /, 0, /)
MUTANTS_BINARY(Quotient, /, *, 0, *)
MUTANTS_BINARY(Remainder, %, /, 0, /)
MUTANTS_BINARY(Common, &, |, 0, |)
MUTANTS_BINARY(Either, |, &, 0, &)
MUTANTS_BINARY(ShiftedLeft, <<, >>, 0, >>)
MUTANTS_BINARY(ShiftedRight, >>, <<, 0, <<)
MUTANTS_ASSIGNMENT(Increase, +=, -=)
MUTANTS_ASSIGNMENT(Decrease, -=, +=)
MUTANTS_ASSIGNMENT(Multiply, *=, /=)
MUTANTS_ASSIGNMENT(Divide, /=, *=)
MUTANTS_ASSIGNMENT(Join, |=, &=)
MUTANTS_ASSIGNMENT(Intersect, &=, |=)

#undef MUTANTS_TRY
#undef MUTANTS_BINARY
#undef MUTANTS_ASSIGNMENT

}  // namespace mutants
