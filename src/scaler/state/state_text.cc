#include "scaler/state/state_text.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"

namespace scaler {
namespace {

constexpr std::string_view kChecksum = " crc=";
constexpr std::size_t kChecksumDigits = 8;
constexpr int kBase16 = 16;
constexpr int kBase10 = 10;
constexpr int kBase36 = 36;
constexpr std::int64_t kMarks = std::int64_t{kBase36} * kBase36 * kBase36 * kBase36;
/// A year far beyond any clock: keeps the milliseconds within 64 bits.
constexpr std::int64_t kSecondsMax = 1'000'000'000'000;
constexpr std::int64_t kTasksMax = std::numeric_limits<std::int32_t>::max();

/// What each byte does to a CRC.
constexpr std::array<std::uint32_t, 256> kCrcOfByte = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
    }
    table.at(byte) = crc;
  }
  return table;
}();

/// CRC-32 (IEEE 802.3, reflected): it notices every error within 32 neighbouring bits.
std::uint32_t crc32(std::string_view text) {
  std::uint32_t crc = 0xffffffffU;
  for (const char c : text) {
    crc = (crc >> 8U) ^ kCrcOfByte[(crc ^ static_cast<unsigned char>(c)) & 0xffU];
  }
  return ~crc;
}

void append(std::string& text, std::int64_t number, int base) {
  std::array<char, 20> digits{};
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  text.append(digits.data(), end);
}

/// In eight digits of base 16.
std::string checksum_of(std::string_view text) {
  std::string sum;
  append(sum, crc32(text), kBase16);
  return std::string(kChecksumDigits - sum.size(), '0') + sum;
}

/// In whole seconds, towards later.
std::int64_t seconds_of(Instant instant) {
  return std::chrono::ceil<std::chrono::seconds>(instant).time_since_epoch().count();
}

/// The fields of one state, told from a base.
class Fields {
 public:
  explicit Fields(Instant base) : base_(seconds_of(base)) { append(text_, base_, kBase36); }

  void add(std::string_view name, const std::optional<Instant>& instant) {
    if (instant) {
      begin(name);
      add_before(*instant);
    }
  }
  void add(std::string_view name, const Instant& instant, std::int64_t count) {
    begin(name);
    add_before(instant, count);
  }
  void add(std::string_view name, std::int64_t count) {
    begin(name);
    append(text_, count, kBase10);
  }
  void add_mark(std::string_view name, std::int64_t mark) {
    begin(name);
    append(text_, mark, kBase36);
  }
  void add(std::string_view name, const std::vector<TasksAt>& history) {
    for (std::size_t i = 0; i < history.size(); ++i) {
      if (i == 0) {
        begin(name);
      } else {
        text_ += '/';
      }
      add_before(history[i].at, history[i].tasks);
    }
  }
  std::string text() && { return std::move(text_); }

 private:
  void begin(std::string_view name) {
    text_ += ' ';
    text_ += name;
    text_ += '=';
  }
  void add_before(Instant instant) { append(text_, base_ - seconds_of(instant), kBase36); }
  void add_before(Instant instant, std::int64_t count) {
    add_before(instant);
    text_ += ':';
    append(text_, count, kBase10);
  }

  std::int64_t base_;
  std::string text_ = "v3 ";
};

std::string format_fields(const ServiceState& state, std::optional<QueuesMark> queues,
                          Instant base) {
  Fields fields(base);
  if (state.empty_since) {
    fields.add("e", *state.empty_since, state.empty_observations);
  }
  fields.add("o", state.last_scale_out);
  fields.add("i", state.last_scale_in);
  if (state.last_set) {
    fields.add("s", *state.last_set);
  }
  fields.add("r", state.recommendations);
  fields.add("c", state.changes);
  if (state.announced) {
    fields.add("n", state.announced->at, state.announced->tasks);
  }
  if (state.manual) {
    fields.add("m", state.manual->at, state.manual->tasks);
  }
  fields.add("h", state.short_since);
  if (state.failures > 0) {
    fields.add("f", state.failures);
  }
  fields.add("d", state.deploying_since);
  if (state.gone) {
    fields.add("g", state.gone->since, state.gone->queues);
  }
  fields.add("y", state.stray_since);
  if (state.refused) {
    fields.add("l", state.refused->at, state.refused->tasks);
  }
  fields.add("k", state.kept_since);
  if (state.late_looks > 0) {
    fields.add("t", state.late_looks);
  }
  if (queues) {
    fields.add_mark("q", *queues);
  }
  return std::move(fields).text();
}

/// The latest instant of a state that does not say when it was looked at.
Instant latest_instant(const ServiceState& state) {
  Instant latest{};
  const auto take = [&latest](const std::optional<Instant>& instant) {
    latest = std::max(latest, instant.value_or(latest));
  };
  take(state.empty_since);
  take(state.last_scale_out);
  take(state.last_scale_in);
  take(state.short_since);
  for (const auto* history : {&state.recommendations, &state.changes}) {
    for (const TasksAt& entry : *history) {
      take(entry.at);
    }
  }
  if (state.manual) {
    take(state.manual->at);
  }
  return latest;
}

/// A state whose fields fit: first at the histories' cost, then without what only informs.
std::string format_shortened(ServiceState state, std::optional<QueuesMark> queues, Instant base,
                             std::size_t limit) {
  std::string text = format_fields(state, queues, base);
  while (text.size() > limit && state.recommendations.size() + state.changes.size() > 2) {
    if (state.recommendations.size() > state.changes.size()) {
      merge_nearest(state.recommendations, Merge::Highest);
    } else {
      merge_nearest(state.changes, Merge::Sum);
    }
    text = format_fields(state, queues, base);
  }
  if (text.size() > limit) {
    state.kept_since.reset();
    state.late_looks = 0;
    state.short_since.reset();
    state.failures = 0;
    text = format_fields(state, queues, base);
  }
  return text;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  const auto number = number_of<std::int64_t>(text);
  return number && *number >= 0 ? number : std::nullopt;
}

/// The instants and counts of one text: decimal seconds since 1970 up to v2, where an entry of a
/// history is told from the one before; in v3 base 36 before the base.
struct Reading {
  std::optional<std::int64_t> base = {};  ///< seconds since 1970; nothing up to v2
  ServiceState state = {};
  std::optional<QueuesMark> queues = {};
};

std::optional<Instant> instant_of(std::int64_t seconds) {
  return seconds >= 0 && seconds <= kSecondsMax
             ? std::optional(Instant(std::chrono::seconds(seconds)))
             : std::nullopt;
}

std::optional<Instant> old_instant(std::string_view text) {
  const std::size_t point = text.find('.');
  const std::string_view decimals =
      point == std::string_view::npos ? "000" : text.substr(point + 1);
  const auto seconds = whole_number(text.substr(0, point));
  const auto milliseconds = whole_number(decimals);
  if (!seconds || *seconds > kSecondsMax || !milliseconds || decimals.size() != 3) {
    return std::nullopt;
  }
  return Instant(std::chrono::seconds(*seconds) + Duration(*milliseconds));
}

std::optional<std::int64_t> base36_number(std::string_view text) {
  const auto number = number_of<std::int64_t>(text, kBase36);
  return number && *number <= kSecondsMax && *number >= -kSecondsMax ? number : std::nullopt;
}

std::optional<Instant> instant(const Reading& reading, std::string_view text) {
  if (!reading.base) {
    return old_instant(text);
  }
  const auto before = base36_number(text);
  return before ? instant_of(*reading.base - *before) : std::nullopt;
}

/// A signed count that some service can have.
std::optional<std::int64_t> count_of(std::string_view text, std::int64_t max) {
  const bool negative = text.starts_with('-');
  text.remove_prefix(negative ? 1 : 0);
  const auto number = whole_number(text);
  if (!number || *number > max) {
    return std::nullopt;
  }
  return negative ? -*number : *number;
}

/// "instant:count"
std::optional<TasksAt> tasks_at(const Reading& reading, std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  const auto at = instant(reading, text.substr(0, colon));
  const auto tasks = count_of(text.substr(colon + 1), kTasksMax);
  return at && tasks ? std::optional(TasksAt{.at = *at, .tasks = *tasks}) : std::nullopt;
}

/// "instant:count/instant:count", oldest first.
std::optional<std::vector<TasksAt>> history(const Reading& reading, std::string_view text) {
  std::vector<TasksAt> entries;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find('/'));
    auto entry = tasks_at(reading, one);
    if (!entry || entries.size() == kHistoryLimit) {
      return std::nullopt;
    }
    if (!reading.base && !entries.empty()) {
      entry->at = entries.back().at + entry->at.time_since_epoch();
      if (entry->at.time_since_epoch() > std::chrono::seconds(kSecondsMax)) {
        return std::nullopt;
      }
    }
    entries.push_back(*entry);
    text.remove_prefix(std::min(one.size() + 1, text.size()));
  }
  const bool sorted = std::ranges::is_sorted(entries, {}, &TasksAt::at);
  return sorted ? std::optional(std::move(entries)) : std::nullopt;
}

std::optional<std::vector<TasksAt>> needs(const Reading& reading, std::string_view text) {
  auto entries = history(reading, text);
  const bool right = entries && std::ranges::all_of(*entries, [](const TasksAt& entry) {
                       return entry.tasks >= 0;
                     });
  return right ? std::move(entries) : std::nullopt;
}

/// Puts a value that was understood into its place.
template <typename Value>
bool take(Value& target, std::optional<Value> value) {
  const bool understood = value.has_value();
  if (understood) {
    target = *std::move(value);
  }
  return understood;
}
template <typename Value>
bool take(std::optional<Value>& target, std::optional<Value> value) {
  const bool understood = value.has_value();
  if (understood) {
    target = std::move(value);
  }
  return understood;
}

bool take_instant(std::optional<Instant> ServiceState::* member, Reading& reading,
                  std::string_view value) {
  return take(reading.state.*member, instant(reading, value));
}

bool take_empty(Reading& reading, std::string_view value) {
  const auto empty = tasks_at(reading, value);
  if (!empty || empty->tasks < 0) {
    return false;
  }
  reading.state.empty_since = empty->at;
  reading.state.empty_observations = empty->tasks;
  return true;
}

bool take_gone(Reading& reading, std::string_view value) {
  const auto gone = tasks_at(reading, value);
  if (!gone || gone->tasks <= 0) {
    return false;
  }
  reading.state.gone = {.since = gone->at, .queues = gone->tasks};
  return true;
}

bool take_positive(std::optional<TasksAt> ServiceState::* member, Reading& reading,
                   std::string_view value) {
  const auto entry = tasks_at(reading, value);
  return entry && entry->tasks >= 0 && take(reading.state.*member, entry);
}

struct TextField {
  std::string_view name;
  std::string_view old_name;  ///< up to v2; empty where there was none
  bool (*read)(Reading&, std::string_view);
};

using Text = std::string_view;
constexpr std::array kFields{
    TextField{"e", "empty", take_empty},
    TextField{"o", "out",
              [](Reading& r, Text v) { return take_instant(&ServiceState::last_scale_out, r, v); }},
    TextField{"i", "in",
              [](Reading& r, Text v) { return take_instant(&ServiceState::last_scale_in, r, v); }},
    TextField{"s", "set",
              [](Reading& r, Text v) {
                const auto count = whole_number(v);
                return count && *count <= kTasksMax && take(r.state.last_set, count);
              }},
    TextField{"r", "rec",
              [](Reading& r, Text v) { return take(r.state.recommendations, needs(r, v)); }},
    TextField{"c", "chg", [](Reading& r, Text v) { return take(r.state.changes, history(r, v)); }},
    TextField{"m", "man",
              [](Reading& r, Text v) { return take_positive(&ServiceState::manual, r, v); }},
    TextField{"n", "",
              [](Reading& r, Text v) { return take_positive(&ServiceState::announced, r, v); }},
    TextField{"h", "short",
              [](Reading& r, Text v) { return take_instant(&ServiceState::short_since, r, v); }},
    TextField{"f", "fail",
              [](Reading& r, Text v) { return take(r.state.failures, count_of(v, kTasksMax)); }},
    TextField{
        "d", "",
        [](Reading& r, Text v) { return take_instant(&ServiceState::deploying_since, r, v); }},
    TextField{"g", "", take_gone},
    TextField{"y", "",
              [](Reading& r, Text v) { return take_instant(&ServiceState::stray_since, r, v); }},
    TextField{"l", "",
              [](Reading& r, Text v) { return take_positive(&ServiceState::refused, r, v); }},
    TextField{"k", "",
              [](Reading& r, Text v) { return take_instant(&ServiceState::kept_since, r, v); }},
    TextField{"t", "",
              [](Reading& r, Text v) { return take(r.state.late_looks, count_of(v, kTasksMax)); }},
    TextField{"q", "",
              [](Reading& r, Text v) {
                const auto mark = base36_number(v);
                return mark && *mark >= 0 && *mark < kMarks && take(r.queues, mark);
              }},
};

/// Puts one "name=value" into the state; false when it is not understood.
bool take_field(Reading& reading, std::string_view text) {
  const std::size_t equals = text.find('=');
  const auto field = std::ranges::find(kFields, text.substr(0, equals),
                                       reading.base ? &TextField::name : &TextField::old_name);
  return equals != std::string_view::npos && equals > 0 && field != kFields.end() &&
         field->read(reading, text.substr(equals + 1));
}

/// The next word of a text, which is taken off it.
std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

}  // namespace

QueuesMark mark_of(std::vector<std::string_view> urls) {
  std::ranges::sort(urls);
  std::string all;
  for (const std::string_view url : urls) {
    all += url;
    all += '\n';
  }
  return crc32(all) % kMarks;
}

std::string format_state(const ServiceState& state, std::optional<QueuesMark> queues) {
  constexpr std::size_t kRoom = kStateTextLimit - kChecksum.size() - kChecksumDigits;
  const Instant base = state.last_look.value_or(latest_instant(state));
  std::string text = format_fields(state, queues, base);
  if (text.size() > kRoom) {
    text = format_shortened(state, queues, base, kRoom);
  }
  const std::string sum = checksum_of(text);
  return text.append(kChecksum).append(sum);
}

Result<ServiceState> parse_state(std::string_view text) {
  SavedLooks saved = TRY(parse_saved(text));
  return std::move(saved.state);
}

Result<SavedLooks> parse_saved(std::string_view text) {
  const auto malformed = [text](std::string_view what) {
    return fail(ErrorKind::Malformed, fmt::format("saved state '{}' {}", shortened(text), what));
  };
  const std::size_t checksum = text.rfind(kChecksum);
  const std::string_view version = text.substr(0, text.find(' '));
  if (checksum == std::string_view::npos ||
      (version != "v1" && version != "v2" && version != "v3")) {
    return malformed("is not of this program's version");
  }
  std::string_view rest = text.substr(0, checksum);
  if (text.substr(checksum + kChecksum.size()) != checksum_of(rest)) {
    return malformed("is damaged: its checksum is wrong");
  }
  take_word(rest);
  Reading reading;
  if (version == "v3") {
    const auto base = base36_number(take_word(rest));
    reading.state.last_look = base ? instant_of(*base) : std::nullopt;
    if (!reading.state.last_look) {
      return malformed("does not say when it was written");
    }
    reading.base = base;
  }
  while (!rest.empty()) {
    const std::string_view field = take_word(rest);
    if (!take_field(reading, field)) {
      return malformed(fmt::format("has a field that is not understood: '{}'", shortened(field)));
    }
  }
  if (!reading.base && reading.state != ServiceState{}) {
    reading.state.last_look = latest_instant(reading.state);
  }
  return SavedLooks{.state = std::move(reading.state), .queues = reading.queues};
}

}  // namespace scaler
