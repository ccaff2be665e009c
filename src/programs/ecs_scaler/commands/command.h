#pragma once
// Command: what one command of ecs-scaler is called, takes and does, as a value that the command's
// own file makes. command_line.h parses by it, help.h prints it.

#include <array>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/environment.h"
#include "ground/base/result.h"
#include "ground/base/text.h"

namespace scaler::cli {

/// Takes one value of an option. Errors: Malformed: "'soon' is not a duration ..".
using Take = std::function<Result<void>(const std::string&)>;

/// A flag ("--dry-run"), which has no value; an option ("--every"), which has one; or a word that
/// stands alone ("FILE").
struct Option {
  std::string name = {};
  std::string value = {};  ///< what help calls the value; of a flag: empty
  std::string sentence = {};
  Take take = {};
  bool required = false;
  bool several = false;  ///< may be given more than once
  /// What it takes, where `value` ("text|json") does not tell all of it; for completions.
  std::vector<std::string_view> words = {};

  bool is_word() const { return !name.starts_with('-'); }
  bool is_flag() const { return !is_word() && value.empty(); }
};

/// What `take` of the options refers to lives as long as `run`, which owns it.
struct Command {
  std::string name = {};
  std::string sentence = {};
  std::vector<Option> options = {};                                 ///< taken in this order
  std::vector<std::pair<std::string, std::string>> exclusive = {};  ///< never both of these
  std::vector<std::pair<std::string, std::string>> needs = {};      ///< the first of the second
  std::vector<std::pair<std::string, std::string>> either = {};     ///< one of these, not both
  std::function<Result<void>()> check = {};         ///< of all options together; Errors: Malformed
  bool reads_environment = false;                   ///< a service's settings
  std::string footer = {};                          ///< of its help; lines
  std::string example = {};                         ///< a line of a shell
  std::function<int(const Environment&)> run = {};  ///< -> exit code
};

// The kinds of values. Each refers to where the value goes.

Take flag(bool& value);
/// Of a flag that changes more than one thing.
Take flag(std::function<void()> given);
Take text(std::string& value);
/// One after another.
Take texts(std::vector<std::string>& values);
/// Errors: Malformed, with the nearest name of its folder, unless it exists and is no folder.
Result<void> check_file(const std::string& path);
/// What check_file() is content with.
Take existing_file(std::string& path);
/// One that can be written: what cannot is told before the work whose outcome it would hold.
Take written_file(std::string& path);
/// "500ms", "5s", "2m", "1h", "3d" or plain seconds.
Take duration(Duration& value, Duration min = Duration::zero(),
              Duration max = std::chrono::hours(24 * 3660));
Take real_number(double& value, double min, double max);

/// Whole, in decimal digits. Errors: Malformed.
Result<std::int64_t> parse_integer(const std::string& text, std::int64_t min, std::int64_t max);

template <std::integral T>
Take integer(T& value, std::int64_t min = 0,
             std::int64_t max = std::numeric_limits<std::int64_t>::max()) {
  return [&value, min, max](const std::string& word) -> Result<void> {
    value = static_cast<T>(TRY(parse_integer(word, min, max)));
    return {};
  };
}

/// A word and what it stands for.
template <typename T>
using Choice = std::pair<std::string_view, T>;

template <typename T, std::size_t N>
std::vector<std::string_view> words_of(const std::array<Choice<T>, N>& choices) {
  std::vector<std::string_view> words;
  words.reserve(N);
  for (const Choice<T>& choice : choices) {
    words.push_back(choice.first);
  }
  return words;
}

/// Where the word stands among `known`. Errors: Malformed, with all that are known and the nearest.
Result<std::size_t> find_word(std::string_view word, const std::vector<std::string_view>& known);

template <typename T, std::size_t N>
Result<T> find_choice(std::string_view word, const std::array<Choice<T>, N>& choices) {
  return choices.at(TRY(find_word(word, words_of(choices)))).second;
}

template <typename T, std::size_t N>
Take one_of(T& value, const std::array<Choice<T>, N>& choices) {
  return [&value, &choices](const std::string& word) -> Result<void> {
    value = TRY(find_choice(word, choices));
    return {};
  };
}

/// Words with commas between them, in place of what the list holds before.
template <typename T, std::size_t N>
Take list_of(std::vector<T>& values, const std::array<Choice<T>, N>& choices) {
  return [&values, &choices, given = false](const std::string& words) mutable -> Result<void> {
    if (!std::exchange(given, true)) {
      values.clear();
    }
    for (const std::string_view word : split(words, ",")) {
      values.push_back(TRY(find_choice(word, choices)));
    }
    return {};
  };
}

}  // namespace scaler::cli
