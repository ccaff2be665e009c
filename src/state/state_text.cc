#include "state/state_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <vector>

#include <fmt/format.h>

namespace scaler {
namespace {

constexpr std::array<std::string_view, 2> kVersions{"v1", "v2"};
constexpr std::string_view kChecksum = " crc=";

/// CRC-32 (IEEE 802.3, reflected): it notices every error within 32 neighbouring bits.
std::uint32_t crc32(std::string_view text) {
  std::uint32_t crc = 0xffffffffU;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
    }
  }
  return ~crc;
}

std::string format_seconds(std::int64_t ms) {
  return ms % 1000 == 0 ? fmt::format("{}", ms / 1000)
                        : fmt::format("{}.{:03}", ms / 1000, ms % 1000);
}

std::string format_seconds(Instant instant) {
  return format_seconds(instant.time_since_epoch().count());
}

/// " rec=1764000000:9/60:4"; nothing for an empty history.
std::string format_history(std::string_view name, const std::vector<TasksAt>& history) {
  std::string text;
  Instant before{};
  for (const TasksAt& entry : history) {
    text += text.empty() ? fmt::format(" {}=", name) : "/";
    text += fmt::format("{}:{}", format_seconds((entry.at - before).count()), entry.tasks);
    before = entry.at;
  }
  return text;
}

std::string format_fields(const ServiceState& state) {
  std::string text(kVersions.back());
  if (state.empty_since) {
    text +=
        fmt::format(" empty={}:{}", format_seconds(*state.empty_since), state.empty_observations);
  }
  if (state.last_scale_out) {
    text += " out=" + format_seconds(*state.last_scale_out);
  }
  if (state.last_scale_in) {
    text += " in=" + format_seconds(*state.last_scale_in);
  }
  if (state.last_set) {
    text += fmt::format(" set={}", *state.last_set);
  }
  text += format_history("rec", state.recommendations);
  text += format_history("chg", state.changes);
  if (state.manual) {
    text += fmt::format(" man={}:{}", format_seconds(state.manual->at), state.manual->tasks);
  }
  if (state.short_since) {
    text += " short=" + format_seconds(*state.short_since);
  }
  if (state.failures > 0) {
    text += fmt::format(" fail={}", state.failures);
  }
  return text;
}

void round_to_later_seconds(std::vector<TasksAt>& history) {
  for (TasksAt& entry : history) {
    entry.at = std::chrono::ceil<std::chrono::seconds>(entry.at);
  }
}

/// A state whose fields fit, at the histories' cost.
std::string format_shortened(ServiceState state, std::size_t limit) {
  round_to_later_seconds(state.recommendations);
  round_to_later_seconds(state.changes);
  std::string text = format_fields(state);
  while (text.size() > limit && state.recommendations.size() + state.changes.size() > 2) {
    if (state.recommendations.size() > state.changes.size()) {
      merge_nearest(state.recommendations, Merge::Highest);
    } else {
      merge_nearest(state.changes, Merge::Sum);
    }
    text = format_fields(state);
  }
  return text;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size() && number >= 0;
  return whole ? std::optional(number) : std::nullopt;
}

std::optional<Instant> instant(std::string_view text) {
  // A year far beyond any clock: keeps the milliseconds within 64 bits.
  constexpr std::int64_t kSecondsMax = 1'000'000'000'000;
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

/// "1764000000:9" at `before` plus so many seconds.
std::optional<TasksAt> tasks_at(std::string_view text, Instant before) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view count = text.substr(colon + 1);
  const bool negative = count.starts_with('-');
  count.remove_prefix(negative ? 1 : 0);
  const auto at = instant(text.substr(0, colon));
  const auto tasks = whole_number(count);
  if (!at || !tasks) {
    return std::nullopt;
  }
  return TasksAt{.at = before + at->time_since_epoch(), .tasks = negative ? -*tasks : *tasks};
}

std::optional<std::vector<TasksAt>> history(std::string_view text) {
  std::vector<TasksAt> entries;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find('/'));
    const auto entry = tasks_at(one, entries.empty() ? Instant{} : entries.back().at);
    if (!entry || entries.size() == kHistoryLimit) {
      return std::nullopt;
    }
    entries.push_back(*entry);
    text.remove_prefix(std::min(one.size() + 1, text.size()));
  }
  return entries;
}

/// Puts a value that was understood into its place.
template <typename Target, typename Value>
bool take(Target& target, const std::optional<Value>& value) {
  if (value) {
    const Value& understood = *value;
    target = understood;
  }
  return value.has_value();
}

bool take_empty(ServiceState& state, std::string_view value) {
  const auto empty = tasks_at(value, Instant{});
  if (empty && empty->tasks >= 0) {
    state.empty_since = empty->at;
    state.empty_observations = empty->tasks;
    return true;
  }
  return false;
}

struct TextField {
  std::string_view name;
  bool (*read)(ServiceState&, std::string_view);
};

constexpr std::array kFields{
    TextField{"empty", take_empty},
    TextField{"out", [](ServiceState& s,
                        std::string_view v) { return take(s.last_scale_out, instant(v)); }},
    TextField{"in", [](ServiceState& s,
                       std::string_view v) { return take(s.last_scale_in, instant(v)); }},
    TextField{"set", [](ServiceState& s,
                        std::string_view v) { return take(s.last_set, whole_number(v)); }},
    TextField{"rec", [](ServiceState& s,
                        std::string_view v) { return take(s.recommendations, history(v)); }},
    TextField{"chg",
              [](ServiceState& s, std::string_view v) { return take(s.changes, history(v)); }},
    TextField{"man", [](ServiceState& s,
                        std::string_view v) { return take(s.manual, tasks_at(v, Instant{})); }},
    TextField{"short",
              [](ServiceState& s, std::string_view v) { return take(s.short_since, instant(v)); }},
    TextField{"fail", [](ServiceState& s,
                         std::string_view v) { return take(s.failures, whole_number(v)); }},
};

/// Puts one "name=value" into the state; false when it is not understood.
bool take_field(ServiceState& state, std::string_view text) {
  const std::size_t equals = text.find('=');
  const auto field = std::ranges::find(kFields, text.substr(0, equals), &TextField::name);
  return equals != std::string_view::npos && field != kFields.end() &&
         field->read(state, text.substr(equals + 1));
}

}  // namespace

std::string format_state(const ServiceState& state) {
  constexpr std::size_t kRoom = kStateTextLimit - kChecksum.size() - 8;
  std::string text = format_fields(state);
  if (text.size() > kRoom) {
    text = format_shortened(state, kRoom);
  }
  return text + fmt::format("{}{:08x}", kChecksum, crc32(text));
}

Result<ServiceState> parse_state(std::string_view text) {
  const auto malformed = [text](std::string_view what) {
    return fail(ErrorKind::Malformed,
                fmt::format("saved state '{}' {}", text.substr(0, 256), what));
  };
  const std::size_t checksum = text.rfind(kChecksum);
  const bool known = std::ranges::any_of(kVersions, [&](std::string_view version) {
    return text.substr(0, text.find(' ')) == version;
  });
  if (!known || checksum == std::string_view::npos) {
    return malformed("is not of this program's version");
  }
  std::string_view rest = text.substr(0, checksum);
  if (text.substr(checksum + kChecksum.size()) != fmt::format("{:08x}", crc32(rest))) {
    return malformed("is damaged: its checksum is wrong");
  }
  rest.remove_prefix(kVersions.back().size());
  ServiceState state;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view field = rest.substr(0, rest.find(' '));
    if (!take_field(state, field)) {
      return malformed(fmt::format("has a field that is not understood: '{}'", field));
    }
    rest.remove_prefix(field.size());
  }
  return state;
}

}  // namespace scaler
