#include "base/log.h"

#include <array>
#include <cctype>
#include <cerrno>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace scaler {
namespace {

constexpr std::array<std::string_view, 6> kLevelNames{"TRACE", "DEBUG", "INFO",
                                                      "WARN",  "ERROR", "FATAL"};

/// Length of the valid UTF-8 sequence at the front of `text`, 0 when there is none (RFC 3629).
std::size_t utf8_sequence_length(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
  if (length == 0 || text.size() < length) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) {
      return 0;
    }
  }
  const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool out_of_range = (lead == 0xed && byte(1) > 0x9f) || (lead == 0xf4 && byte(1) > 0x8f);
  return overlong || out_of_range ? 0 : length;
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

void write_all(int file_descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file_descriptor, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return;  // A log that cannot be written must not stop the scaling.
    }
    if (written > 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }
}

}  // namespace

std::string_view to_string(LogLevel level) {
  return kLevelNames.at(static_cast<std::size_t>(std::to_underlying(level)));
}

std::optional<LogLevel> parse_log_level(std::string_view text) {
  std::string upper;
  for (const char c : text) {
    upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
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

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
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

void Log::write(LogLevel level, std::string_view message, std::span<const LogField> fields) const {
  if (!enabled(level)) {
    return;
  }
  std::string line = "{\"level\":";
  append_json_string(line, to_string(level));
  line += ",\"timestamp\":";
  append_json_string(line, format_instant(clock_->now()));
  line += ",\"message\":";
  append_json_string(line, message);
  for (const LogField& field : fields) {
    line += ',';
    append_json_string(line, field.name);
    line += ':';
    std::visit(AppendValue{line}, field.value);
  }
  line += "}\n";
  write_all(file_descriptor_, line);
}

}  // namespace scaler
