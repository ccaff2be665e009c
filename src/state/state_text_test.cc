#include "state/state_text.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace scaler {
namespace {

Instant at(std::int64_t milliseconds) {
  return Instant(Duration(milliseconds));
}

TEST(StateText, IsReadableAndFitsATag) {
  const ServiceState state{.empty_since = at(1'764'000'000'250),
                           .empty_observations = 2,
                           .last_scale_out = at(1'764'000'000'000),
                           .last_scale_in = at(1'764'000'000'007),
                           .last_set = 3,
                           .failures = 1};
  const std::string text = format_state(state);
  EXPECT_TRUE(text.starts_with(
      "v2 empty=1764000000.250:2 out=1764000000 in=1764000000.007 set=3 fail=1 crc="))
      << text;
  EXPECT_LE(text.size(), 256U);
  EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789 .:=-+/@_"),
            std::string::npos);
}

TEST(StateText, RoundTrips) {
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    ServiceState state;
    if (random.between(0, 1) == 1) {
      state.empty_since = at(random.between(0, 4'000'000'000'000));
      state.empty_observations = random.between(1, 1000);
    }
    if (random.between(0, 1) == 1) {
      state.last_scale_out = at(random.between(0, 4'000'000'000'000));
    }
    if (random.between(0, 1) == 1) {
      state.last_scale_in = at(random.between(0, 4'000'000'000'000));
    }
    if (random.between(0, 1) == 1) {
      state.last_set = random.between(0, 5000);
    }
    state.failures = random.between(0, 3);
    const Result<ServiceState> back = parse_state(format_state(state));
    ASSERT_TRUE(back.has_value()) << back.error().message;
    EXPECT_EQ(*back, state);
  }
}

TEST(StateText, NoticesEveryDamagedByte) {
  const std::string text =
      format_state({.empty_since = at(1'764'000'000'250), .empty_observations = 2, .last_set = 3});
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char c : {'0', '9', 'x', ' ', '='}) {
      std::string damaged = text;
      damaged[i] = c;
      EXPECT_TRUE(damaged == text || !parse_state(damaged).has_value()) << damaged;
    }
    EXPECT_FALSE(parse_state(text.substr(0, i)).has_value()) << text.substr(0, i);
  }
}

TEST(StateText, RefusesForeignAndFutureTexts) {
  for (const char* text : {"", "v2", "hello", "v2 set=1 crc=00000000", "{\"empty\":1}"}) {
    EXPECT_FALSE(parse_state(text).has_value()) << text;
  }
  EXPECT_EQ(parse_state("team blue").error().message,
            "saved state 'team blue' is not of this program's version");
}

}  // namespace
}  // namespace scaler
