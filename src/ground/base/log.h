#pragma once
// Log: one JSON object a line, fields not prose: {"level":..,"timestamp":..,"message":..,fields}.
// One write(2) per line, so lines of several processes never mix. Writing never waits for a reader:
// what a pipe does not take is dropped, counted and told once it takes lines again.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "ground/base/clock.h"

namespace scaler {

enum class LogLevel { Trace, Debug, Info, Warn, Error, Fatal };

/// "DEBUG", ...; reading takes any case and also WARNING and CRITICAL.
std::string_view to_string(LogLevel level);
std::optional<LogLevel> parse_log_level(std::string_view text);

/// Text that is JSON already and is put into the line as it is.
struct RawJson {
  std::string_view text;
};

struct LogField {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double, bool, RawJson> value;
};

class Log {
 public:
  /// Writes to the file descriptor; the clock gives the timestamps.
  /// May be used from several threads. There should be one Log per descriptor, and copies of it.
  Log(int file_descriptor, LogLevel level, const Clock& clock);

  /// The same log with another threshold.
  Log at_level(LogLevel level) const {
    Log log = *this;
    log.level_ = level;
    return log;
  }

  bool enabled(LogLevel level) const { return level >= level_; }
  void write(LogLevel level, std::string_view message, std::span<const LogField> fields) const;
  void write(LogLevel level, std::string_view message,
             std::initializer_list<LogField> fields = {}) const {
    write(level, message, std::span(fields.begin(), fields.size()));
  }

 private:
  class Sink;

  std::shared_ptr<Sink> sink_;
  LogLevel level_;
  const Clock* clock_;
};

/// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace scaler
