#include "base/log.h"

#include <array>
#include <unistd.h>

#include <gtest/gtest.h>

namespace scaler {
namespace {

class FixedClock final : public Clock {
 public:
  Instant now() const override { return Instant(std::chrono::seconds(1'000'000'000)); }
  bool wait_until(Instant, const std::stop_token&) override { return true; }
};

std::string logged(LogLevel threshold, LogLevel level, std::initializer_list<LogField> fields) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  const FixedClock clock;
  Log(ends[1], threshold, clock).write(level, "a \"pass\"", fields);
  close(ends[1]);
  std::string text(4096, '\0');
  const ssize_t length = read(ends[0], text.data(), text.size());
  close(ends[0]);
  text.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return text;
}

TEST(Log, WritesOneJsonObjectALine) {
  EXPECT_EQ(
      logged(LogLevel::Info, LogLevel::Warn,
             {{"queue", "q\n1"},
              {"visible", std::int64_t{5}},
              {"ratio", 0.5},
              {"dry", true},
              {"steps", RawJson{"[1]"}}}),
      "{\"level\":\"WARN\",\"timestamp\":\"2001-09-09T01:46:40Z\",\"message\":\"a \\\"pass\\\"\","
      "\"queue\":\"q\\n1\",\"visible\":5,\"ratio\":0.5,\"dry\":true,\"steps\":[1]}\n");
}

TEST(Log, IsSilentBelowItsLevel) {
  EXPECT_EQ(logged(LogLevel::Info, LogLevel::Debug, {}), "");
}

TEST(Log, EscapesControlsAndReplacesBadUtf8) {
  std::string out;
  append_json_string(out,
                     std::string_view("\x01\t\\ \xc3\xa4 \xff \xed\xa0\x80 \xf0\x9f\x9a\x80", 17));
  EXPECT_EQ(out,
            "\"\\u0001\\t\\\\ \xc3\xa4 \xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd "
            "\xf0\x9f\x9a\x80\"");
}

TEST(LogLevel, IsReadInAnyCase) {
  EXPECT_EQ(parse_log_level("debug"), LogLevel::Debug);
  EXPECT_EQ(parse_log_level("Warning"), LogLevel::Warn);
  EXPECT_EQ(parse_log_level("CRITICAL"), LogLevel::Fatal);
  EXPECT_EQ(parse_log_level("loud"), std::nullopt);
}

}  // namespace
}  // namespace scaler
