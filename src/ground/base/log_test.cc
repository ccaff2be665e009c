#include "ground/base/log.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/base/file.h"

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

/// A pipe of one page, whose writing end is a log's.
class LogPipe : public ::testing::Test {
 protected:
  LogPipe() {
    EXPECT_EQ(pipe2(ends_.data(), O_CLOEXEC), 0);
    EXPECT_EQ(fcntl(ends_[1], F_SETPIPE_SZ, 4096), 4096);
    alarm(20);  // A write that waits would wait for ever.
  }
  ~LogPipe() override {
    alarm(0);
    close(ends_[0]);
    close(ends_[1]);
  }
  LogPipe(const LogPipe&) = delete;
  LogPipe& operator=(const LogPipe&) = delete;

  std::string read_some() const {
    std::string text(4096, '\0');
    const ssize_t length = read(ends_[0], text.data(), text.size());
    text.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
    return text;
  }

  std::array<int, 2> ends_{-1, -1};
  const FixedClock clock_;
};

TEST_F(LogPipe, DropsWhatNobodyReadsAndTellsHowMuch) {
  const Log log(ends_[1], LogLevel::Info, clock_);
  const std::string text(900, 'x');
  for (int i = 0; i < 10; ++i) {
    log.write(LogLevel::Info, text);
  }
  const std::string first = read_some();
  EXPECT_EQ(std::ranges::count(first, '\n'), 4);
  EXPECT_TRUE(first.ends_with("}\n"));

  log.at_level(LogLevel::Warn).write(LogLevel::Warn, "again");

  EXPECT_EQ(
      read_some(),
      "{\"level\":\"WARN\",\"timestamp\":\"2001-09-09T01:46:40Z\",\"message\":\"log lines were "
      "dropped because nobody read them\",\"dropped\":6}\n"
      "{\"level\":\"WARN\",\"timestamp\":\"2001-09-09T01:46:40Z\",\"message\":\"again\"}\n");
  EXPECT_EQ(fcntl(ends_[1], F_GETFL) & O_NONBLOCK, 0) << "others share the descriptor";
}

TEST_F(LogPipe, FinishesALineThatWasTakenInPart) {
  const Log log(ends_[1], LogLevel::Info, clock_);
  log.write(LogLevel::Info, std::string(10'000, 'y'));
  std::string all;
  for (int i = 0; i < 6; ++i) {
    all += read_some();
    log.write(LogLevel::Info, "next");
  }
  const std::size_t end = all.find('\n');
  EXPECT_TRUE(all.substr(0, end).ends_with(std::string(10'000, 'y') + "\"}"));
  EXPECT_NE(all.find("\"dropped\":1}\n", end), std::string::npos) << all.substr(end);
  EXPECT_TRUE(all.ends_with("\"next\"}\n"));
}

TEST_F(LogPipe, OutlivesItsReader) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  const Log log(ends_[1], LogLevel::Info, clock_);
  log.write(LogLevel::Info, "read");
  close(std::exchange(ends_[0], -1));
  log.write(LogLevel::Info, "not read");
  EXPECT_NE(std::signal(SIGPIPE, before), SIG_ERR);
}

TEST(Log, TellsThatTheDiskWasFullAndNotThatNobodyRead) {
  std::string path = ::testing::TempDir() + "logXXXXXX";
  const int file = mkostemp(path.data(), O_CLOEXEC);
  const int kept = fcntl(file, F_DUPFD_CLOEXEC, 0);
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  const FixedClock clock;
  const Log log(file, LogLevel::Info, clock);
  log.write(LogLevel::Info, "before");
  ASSERT_EQ(dup2(full, file), file);
  log.write(LogLevel::Info, "lost");
  log.write(LogLevel::Info, "lost, too");
  ASSERT_EQ(dup2(kept, file), file);

  log.write(LogLevel::Info, "after");

  const std::string text = read_file(path).value_or("");
  for (const int descriptor : {file, kept, full}) {
    close(descriptor);
  }
  unlink(path.c_str());
  EXPECT_THAT(text,
              ::testing::HasSubstr("\"message\":\"log lines were dropped because they could not "
                                   "be written\",\"dropped\":2,\"reason\":\"No space left on "
                                   "device\"}\n"));
}

TEST(Log, DropsWhatASocketDoesNotTake) {
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  alarm(20);
  const FixedClock clock;
  const Log log(ends[1], LogLevel::Info, clock);
  for (int i = 0; i < 2000; ++i) {
    log.write(LogLevel::Info, std::string(1000, 'z'));
  }
  close(ends[0]);
  log.write(LogLevel::Info, "nobody");
  alarm(0);
  close(ends[1]);
}

TEST(LogLevel, IsReadInAnyCase) {
  EXPECT_EQ(parse_log_level("debug"), LogLevel::Debug);
  EXPECT_EQ(parse_log_level("Warning"), LogLevel::Warn);
  EXPECT_EQ(parse_log_level("CRITICAL"), LogLevel::Fatal);
  EXPECT_EQ(parse_log_level("loud"), std::nullopt);
}

}  // namespace
}  // namespace scaler
