#include "ground/base/log.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/core.h>

#include "ground/base/text.h"

namespace scaler {
namespace {

constexpr std::array<std::string_view, 6> kLevelNames{"TRACE", "DEBUG", "INFO",
                                                      "WARN",  "ERROR", "FATAL"};

/// Rows of the table of well-formed byte sequences in the Unicode Standard (3.9, table 3-7): the
/// range of the lead byte, of the second byte, and the length.
struct Utf8Row {
  unsigned char lead_min;
  unsigned char lead_max;
  unsigned char second_min;
  unsigned char second_max;
  std::size_t length;
};
constexpr auto kUtf8Rows = std::to_array<Utf8Row>({{0x00, 0x7f, 0x80, 0xbf, 1},
                                                   {0xc2, 0xdf, 0x80, 0xbf, 2},
                                                   {0xe0, 0xe0, 0xa0, 0xbf, 3},
                                                   {0xe1, 0xec, 0x80, 0xbf, 3},
                                                   {0xed, 0xed, 0x80, 0x9f, 3},
                                                   {0xee, 0xef, 0x80, 0xbf, 3},
                                                   {0xf0, 0xf0, 0x90, 0xbf, 4},
                                                   {0xf1, 0xf3, 0x80, 0xbf, 4},
                                                   {0xf4, 0xf4, 0x80, 0x8f, 4}});

/// Length of the valid UTF-8 sequence at the front of `text`, 0 when there is none.
std::size_t utf8_sequence_length(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto* const row =
      std::ranges::find_if(kUtf8Rows, [lead = byte(0)](const Utf8Row& candidate) {
        return lead >= candidate.lead_min && lead <= candidate.lead_max;
      });
  if (row == kUtf8Rows.end() || text.size() < row->length) {
    return 0;
  }
  for (std::size_t i = 1; i < row->length; ++i) {
    const unsigned char min = i == 1 ? row->second_min : 0x80;
    const unsigned char max = i == 1 ? row->second_max : 0xbf;
    if (byte(i) < min || byte(i) > max) {
      return 0;
    }
  }
  return row->length;
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      if (static_cast<unsigned char>(c) < 0x20) {
        out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
      } else {
        out += c;
      }
  }
}

struct AppendValue {
  std::string& out;
  void operator()(std::string_view text) const { append_json_string(out, text); }
  void operator()(std::int64_t number) const { out += std::to_string(number); }
  void operator()(double number) const { out += fmt::format("{}", number); }
  void operator()(bool flag) const { out += flag ? "true" : "false"; }
  void operator()(RawJson json) const { out += json.text; }
};

/// Lines that were dropped since the last one that was taken, and why the last of them was.
struct Lost {
  std::int64_t lines = 0;
  int error = 0;  ///< errno's
};

bool writable_now(int file_descriptor) {
  pollfd entry = {.fd = file_descriptor, .events = POLLOUT, .revents = 0};
  return ::poll(&entry, 1, 0) > 0;
}

}  // namespace

class Log::Sink {
 public:
  explicit Sink(int file_descriptor) : file_descriptor_(file_descriptor) {}
  ~Sink() {
    if (way_ == Way::Reopened) {
      ::close(file_descriptor_);
    }
  }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  /// Writes the line as a whole or drops it; `notice` makes the line that tells how many were.
  template <typename Notice>
  void write(std::string line, const Notice& notice) {
    const std::scoped_lock lock(mutex_);
    if (way_ == Way::Unknown) {
      way_ = choose_way(file_descriptor_);
    }
    finish_rest();
    // The notice goes with the next line, not before it: in the last corner of a full pipe there is
    // always room for another notice.
    if (rest_.empty() && put(lost_.lines > 0 ? notice(lost_).append(line) : std::move(line))) {
      lost_ = {};
    } else {
      ++lost_.lines;
    }
  }

 private:
  /// What writes without waiting, and what one such write may be given at most.
  enum class Way { Unknown, Plain, Reopened, Polled, Socket };

  /// How the descriptor is written to without waiting. O_NONBLOCK belongs to the open file, which
  /// other processes may share, and which they do not expect to change; so a pipe or terminal is
  /// opened once more (two system calls, once, and none more per line). Where that is forbidden, a
  /// poll precedes each write: after POLLOUT a pipe takes PIPE_BUF bytes. Files are written as they
  /// are.
  static Way choose_way(int& file_descriptor) {
    struct stat status = {};
    if (::fstat(file_descriptor, &status) != 0) {
      return Way::Plain;
    }
    if (S_ISSOCK(status.st_mode)) {
      return Way::Socket;
    }
    if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode)) {
      return Way::Plain;
    }
    const std::string path = "/proc/self/fd/" + std::to_string(file_descriptor);
    const int reopened =
        ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_APPEND);
    if (reopened < 0) {
      return Way::Polled;
    }
    file_descriptor = reopened;
    return Way::Reopened;
  }

  /// False when nothing of the line was taken. Of one that was begun the rest comes before anything
  /// else.
  bool put(std::string_view line) {
    const std::size_t taken = put_some(line);
    if (taken > 0) {
      rest_ = line.substr(taken);
    }
    return taken > 0;
  }

  void finish_rest() {
    if (!rest_.empty()) {
      rest_.erase(0, put_some(rest_));
    }
  }

  std::size_t put_some(std::string_view text) {
    std::size_t taken = 0;
    while (taken < text.size()) {
      const ssize_t size = put_once(text.substr(taken));
      if (size < 0 && errno != EINTR) {
        lost_.error = errno;
        break;  // Full, or the reader has gone; a log must not stop the scaling.
      }
      taken += size > 0 ? static_cast<std::size_t>(size) : 0;
    }
    return taken;
  }

  ssize_t put_once(std::string_view text) const {
    if (way_ == Way::Socket) {
      return ::send(file_descriptor_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if (way_ == Way::Polled) {
      if (!writable_now(file_descriptor_)) {
        errno = EAGAIN;
        return -1;
      }
      text = text.substr(0, PIPE_BUF);
    }
    return ::write(file_descriptor_, text.data(), text.size());
  }

  std::mutex mutex_;
  int file_descriptor_;
  Way way_ = Way::Unknown;
  std::string rest_ = {};  ///< of a line that was taken in part
  Lost lost_ = {};
};

Log::Log(int file_descriptor, LogLevel level, const Clock& clock)
    : sink_(std::make_shared<Sink>(file_descriptor)), level_(level), clock_(&clock) {}

std::string_view to_string(LogLevel level) {
  return kLevelNames.at(static_cast<std::size_t>(std::to_underlying(level)));
}

std::optional<LogLevel> parse_log_level(std::string_view text) {
  const std::string upper = upper_case(text);
  if (upper == "WARNING") {
    return LogLevel::Warn;
  }
  if (upper == "CRITICAL") {
    return LogLevel::Fatal;
  }
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (upper == kLevelNames.at(i)) {
      return static_cast<LogLevel>(i);
    }
  }
  return std::nullopt;
}

/// Of each byte whether it stands in a JSON string as it is: every log line asks it of all its
/// characters.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain = {};
  for (std::size_t c = ' '; c < 0x7f; ++c) {
    plain.at(c) = c != '"' && c != '\\';
  }
  return plain;
}();

void append_json_string(std::string& out, std::string_view text) {
  const auto plain = [](char c) { return kPlain[static_cast<unsigned char>(c)]; };
  out += '"';
  while (!text.empty()) {
    const auto run = static_cast<std::size_t>(std::ranges::find_if_not(text, plain) - text.begin());
    out += text.substr(0, run);
    text.remove_prefix(run);
    if (text.empty()) {
      break;
    }
    const std::size_t length = utf8_sequence_length(text);
    if (length == 1) {
      append_escaped(out, text.front());
    } else if (length == 0) {
      out += "\xef\xbf\xbd";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

namespace {

std::string line_of(LogLevel level, Instant now, std::string_view message,
                    std::span<const LogField> fields) {
  std::string line = "{\"level\":";
  append_json_string(line, to_string(level));
  line += ",\"timestamp\":";
  append_json_string(line, format_instant(now));
  line += ",\"message\":";
  append_json_string(line, message);
  for (const LogField& field : fields) {
    line += ',';
    append_json_string(line, field.name);
    line += ':';
    std::visit(AppendValue{line}, field.value);
  }
  line += "}\n";
  return line;
}

/// A full disk is told as such: who looks for a reader that hangs finds none.
std::string notice_of(const Lost& lost, Instant now) {
  const bool unread = lost.error == EAGAIN || lost.error == EPIPE;
  const std::string reason = unread ? "" : std::generic_category().message(lost.error);
  const std::array<LogField, 2> fields{{{"dropped", lost.lines}, {"reason", reason}}};
  return line_of(LogLevel::Warn, now,
                 unread ? "log lines were dropped because nobody read them"
                        : "log lines were dropped because they could not be written",
                 std::span(fields).first(unread ? 1 : 2));
}

}  // namespace

void Log::write(LogLevel level, std::string_view message, std::span<const LogField> fields) const {
  if (!enabled(level)) {
    return;
  }
  const Instant now = clock_->now();
  sink_->write(line_of(level, now, message, fields),
               [now](const Lost& lost) { return notice_of(lost, now); });
}

}  // namespace scaler
