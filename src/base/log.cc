#include "base/log.h"

#include <algorithm>
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
  const auto plain = [](char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; };
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
