#include "lab/trace/names.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"

namespace scaler::trace {
namespace {

constexpr std::size_t kNamesShown = 6;
constexpr std::size_t kNameShown = 60;

constexpr auto kArrivalParts = std::to_array<std::string_view>(
    {"messagessent", "messagesent", "tasksent", "taskssent", "jobssent", "enqueued", "published",
     "arrival", "arrived", "incomingmessages"});
constexpr auto kArrivalWords = std::to_array<std::string_view>({"sent", "incoming", "produced"});
constexpr auto kCountWords = std::to_array<std::string_view>(
    {"value", "values", "v", "y", "n", "messages", "count", "counts", "sum", "total", "requests",
     "requestcount", "jobs", "tasks", "events", "hits", "number"});
constexpr auto kWaitingParts = std::to_array<std::string_view>(
    {"approximatenumberof", "messagesvisible", "messagesnotvisible", "messagesdelayed",
     "queuelength", "queuedepth", "queuesize", "backlog", "messagesready", "messagesunacked",
     "kedascalermetricsvalue", "kedametricsadapter", "inflight", "consumergrouplag",
     "ageofoldest"});
constexpr auto kWaitingWords = std::to_array<std::string_view>(
    {"depth", "length", "waiting", "pending", "visible", "queued", "lag", "age"});
constexpr auto kOtherParts = std::to_array<std::string_view>(
    {"messagesreceived", "messagesdeleted", "emptyreceives", "messagesize", "samplecount"});
constexpr auto kOtherWords = std::to_array<std::string_view>(
    {"average",       "avg",  "mean",  "minimum",  "min",     "maximum", "max",     "p50",
     "p90",           "p95",  "p99",   "received", "deleted", "id",      "seconds", "period",
     "periodseconds", "year", "month", "day",      "hour",    "minute",  "weekday", "index"});

bool has_part(std::string_view name, std::span<const std::string_view> parts) {
  return std::ranges::any_of(parts, [name](std::string_view part) { return name.contains(part); });
}

bool is_word(std::string_view name, std::span<const std::string_view> words) {
  return std::ranges::find(words, name) != words.end();
}

std::string quoted(std::string_view name) {
  return fmt::format("'{}'", shortened(name, kNameShown));
}

/// "'a', 'b' and 3 more".
std::string listed(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(names.size(), kNamesShown); ++i) {
    shown.push_back(quoted(names.at(i)));
  }
  const std::string more =
      names.size() > kNamesShown ? fmt::format(" and {} more", names.size() - kNamesShown) : "";
  return fmt::format("{}{}", fmt::join(shown, ", "), more);
}

/// The names at these places; of those that are alike the ids.
std::vector<std::string> told_apart(const std::vector<std::string>& names,
                                    const std::vector<std::string>& ids,
                                    const std::vector<std::size_t>& places) {
  std::vector<std::string> told;
  for (const std::size_t place : places) {
    const bool alike = std::ranges::count(names, names.at(place)) > 1 && !ids.empty();
    told.push_back(alike ? ids.at(place) : names.at(place));
  }
  return told;
}

std::unexpected<Error> ask_for_one(const std::vector<std::string>& told, std::string_view kind,
                                   std::string_view hint) {
  return fail(ErrorKind::Malformed,
              fmt::format("each {} of {} could count the messages that arrived: say which does "
                          "with --column{}",
                          kind, listed(told), hint));
}

Result<Chosen> find_wanted(const std::vector<std::string>& names, std::string_view wanted,
                           std::string_view kind) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names.at(i) == wanted || lower_case(names.at(i)) == lower_case(wanted)) {
      return Chosen{.index = i,
                    .remark = fmt::format("the {} {} is taken for what arrived, as was asked", kind,
                                          quoted(names.at(i)))};
    }
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  return fail(
      ErrorKind::Malformed,
      fmt::format("there is no {} '{}' that holds numbers; there are {}{}", kind,
                  shortened(wanted, kNameShown), listed(names), did_you_mean(wanted, known)));
}

std::string remark_of(const std::vector<std::string>& names, std::size_t index, Meaning meaning,
                      std::string_view kind) {
  std::vector<std::string> others = names;
  others.erase(others.begin() + static_cast<std::ptrdiff_t>(index));
  const std::string taken =
      fmt::format("the {} {} is taken for what arrived", kind, quoted(names.at(index)));
  if (meaning == Meaning::Other) {
    return fmt::format("{}, although its name says something else: ask for what was sent", taken);
  }
  if (!others.empty()) {
    return fmt::format("{}, {}; not used: {}", taken,
                       meaning == Meaning::Unknown ? "because the others are something else"
                                                   : "because of its name",
                       listed(others));
  }
  return meaning == Meaning::Unknown ? taken + ": there is no other with numbers" : "";
}

}  // namespace

std::string plain(std::string_view name) {
  std::string text = lower_case(name);
  std::erase_if(text, [](char c) { return !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')); });
  return text;
}

Meaning meaning_of(std::string_view name) {
  const std::string text = plain(name);
  if (has_part(text, kWaitingParts) || is_word(text, kWaitingWords)) {
    return Meaning::Waiting;
  }
  if (has_part(text, kOtherParts) || is_word(text, kOtherWords)) {
    return Meaning::Other;
  }
  if (has_part(text, kArrivalParts) || is_word(text, kArrivalWords)) {
    return Meaning::Arrivals;
  }
  return is_word(text, kCountWords) ? Meaning::Count : Meaning::Unknown;
}

bool counts_up(std::string_view name) {
  return lower_case(name.substr(0, name.find('{'))).ends_with("_total");
}

Result<Chosen> choose(const std::vector<std::string>& names, std::string_view wanted,
                      std::string_view kind, std::string_view hint,
                      const std::vector<std::string>& ids) {
  if (!wanted.empty()) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < names.size() && !ids.empty(); ++i) {
      if (equal_in_any_case(names.at(i), wanted)) {
        found.push_back(i);
      }
    }
    if (found.size() > 1) {
      return ask_for_one(told_apart(names, ids, found), kind, hint);
    }
    return find_wanted(names, wanted, kind);
  }
  for (const Meaning meaning :
       {Meaning::Arrivals, Meaning::Count, Meaning::Unknown, Meaning::Other}) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (meaning_of(names.at(i)) == meaning) {
        found.push_back(i);
      }
    }
    if (found.size() > 1) {
      return ask_for_one(told_apart(names, ids, found), kind, hint);
    }
    if (found.size() == 1) {
      return Chosen{.index = found.front(),
                    .remark = remark_of(names, found.front(), meaning, kind)};
    }
  }
  return fail(ErrorKind::Malformed,
              fmt::format("{} tells how much there is at a moment, not what arrived: a trace needs "
                          "the messages sent in each interval, such as NumberOfMessagesSent",
                          listed(names)));
}

}  // namespace scaler::trace
