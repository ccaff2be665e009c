#include "scaler/state/state_text.h"

#include <gtest/gtest.h>

#include "ground/base/random.h"

namespace scaler {
namespace {

Instant at(std::int64_t milliseconds) {
  return Instant(Duration(milliseconds));
}

TEST(StateText, IsShortAndFitsATag) {
  const ServiceState state{.last_look = at(1'764'000'060'000),
                           .empty_since = at(1'764'000'000'250),
                           .empty_observations = 2,
                           .last_scale_out = at(1'764'000'000'000),
                           .last_scale_in = at(1'764'000'000'007),
                           .last_set = 3,
                           .failures = 1,
                           .refused = TasksAt{.at = at(1'764'000'060'000), .tasks = 3000}};
  const std::string text = format_state(state);
  EXPECT_TRUE(text.starts_with("v3 t68n5o e=1n:2 o=1o i=1n s=3 f=1 l=0:3000 crc=")) << text;
  EXPECT_LE(text.size(), kStateTextLimit);
  EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789 .:=-+/@_"),
            std::string::npos);
}

TEST(StateText, TellsLaterWholeSeconds) {
  const ServiceState state{.last_look = at(1'764'000'060'001),
                           .last_scale_in = at(1'764'000'000'001)};
  EXPECT_EQ(
      *parse_state(format_state(state)),
      (ServiceState{.last_look = at(1'764'000'061'000), .last_scale_in = at(1'764'000'001'000)}));
}

TEST(StateText, AStateWithEverythingInItFits) {
  ServiceState state{.last_look = at(1'764'000'000'000)};
  const Instant long_ago = at(1);
  state.empty_since = state.last_scale_out = state.last_scale_in = long_ago;
  state.short_since = state.deploying_since = state.stray_since = state.kept_since = long_ago;
  state.empty_observations = state.failures = state.late_looks = 2'147'483'647;
  state.last_set = 2'147'483'647;
  state.manual = state.announced = state.refused = TasksAt{.at = long_ago, .tasks = 2'147'483'647};
  state.gone = QueuesGone{.since = long_ago, .queues = 1000};
  for (std::int64_t i = 0; i < 64; ++i) {
    state.recommendations.push_back({.at = at(1'763'999'000'000 + i * 7000), .tasks = 5000 - i});
    state.changes.push_back({.at = at(1'763'999'000'000 + i * 7000), .tasks = -5000});
  }
  const std::string text = format_state(state);
  EXPECT_LE(text.size(), kStateTextLimit) << text;
  EXPECT_TRUE(parse_state(text).has_value());
}

// As version 2 wrote them, 2026-11-28.
TEST(StateText, ReadsVersionTwo) {
  const ServiceState state = *parse_state("v2 empty=1795435140:2 set=3 crc=42e29dca");
  EXPECT_EQ(state, (ServiceState{.last_look = at(1'795'435'140'000),
                                 .empty_since = at(1'795'435'140'000),
                                 .empty_observations = 2,
                                 .last_set = 3}));
}

TEST(StateText, AMarkTellsQueuesApartWhateverTheirOrder) {
  EXPECT_EQ(mark_of({"https://sqs/a", "https://sqs/b"}),
            mark_of({"https://sqs/b", "https://sqs/a"}));
  EXPECT_NE(mark_of({"https://sqs/a", "https://sqs/b"}), mark_of({"https://sqs/a"}));
  EXPECT_NE(mark_of({"ab", "c"}), mark_of({"a", "bc"}));
  for (const QueuesMark mark : {std::int64_t{0}, mark_of({"https://sqs/a"})}) {
    EXPECT_EQ(parse_saved(format_state({.last_set = 1}, mark)).value().queues, mark);
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
  // Counts that no service can have, with a right checksum: what `decide` refuses is refused here.
  for (const char* text : {"v2 chg=1763999999:-9223372036854775807 crc=0eb1036c",
                           "v2 chg=1763999999:-2147483648 crc=bf0414fc",
                           "v3 t685zo s=2147483648 crc=ea078cd4", "v3 t685zo r=0:-1 crc=f95b9404",
                           "v3 t685zo e=0:-1 crc=e788a627", "v3 t685zo l=0:-1 crc=c087f7ef",
                           "v3 t685zo g=0:0 crc=26276fa0", "v3 t685zo r=0:1/1:1 crc=55d4bd9e",
                           "v3 -1 s=1 crc=4b8f759e", "v3 t685zo e=zzzzzzzzzzzz:1 crc=cdc3e775"}) {
    EXPECT_FALSE(parse_state(text).has_value()) << text;
  }
  EXPECT_EQ(parse_state("team blue").error().message,
            "saved state 'team blue' is not of this program's version");
}

}  // namespace
}  // namespace scaler
