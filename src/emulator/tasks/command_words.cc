#include "emulator/tasks/command_words.h"

#include <filesystem>
#include <unistd.h>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"

namespace scaler::emulator {
namespace {

constexpr std::string_view kBlanks = " \t\n";
constexpr char kNoQuote = '\0';

bool runs(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<std::vector<std::string>> command_words(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = kNoQuote;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == kNoQuote && kBlanks.contains(c)) {
      in_word = false;
      continue;
    }
    if (!in_word) {
      words.emplace_back();
      in_word = true;
    }
    if (c == quote) {
      quote = kNoQuote;
    } else if (quote == kNoQuote && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      words.back() += text[++i];
    } else {
      words.back() += c;
    }
  }
  if (quote != kNoQuote) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' has a {} without its end", shortened(text), quote));
  }
  if (words.empty()) {
    return fail(ErrorKind::Malformed, "there is no word in it");
  }
  return words;
}

Result<std::string> find_program(const std::string& word, const Environment& environment) {
  if (word.contains('/')) {
    std::string path = std::filesystem::absolute(word).string();
    if (!runs(path)) {
      return fail(ErrorKind::NotFound, fmt::format("'{}' is no program that may be run", word));
    }
    return path;
  }
  const std::string path = variable(environment, "PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  for (const std::string_view folder : split(path, ":")) {
    std::string program = fmt::format("{}/{}", folder.empty() ? "." : folder, word);
    if (runs(program)) {
      return std::filesystem::absolute(program).string();
    }
  }
  return fail(ErrorKind::NotFound,
              fmt::format("there is no program '{}' on PATH ({})", word, path));
}

}  // namespace scaler::emulator
