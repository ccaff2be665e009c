#include "ground/base/command_words.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace scaler {
namespace {

/// Reads text word by word.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  /// False at a quote without its end.
  bool next(std::optional<std::string>& word) {
    word.reset();
    text_.remove_prefix(std::min(text_.find_first_not_of(kBlanks), text_.size()));
    while (!text_.empty() && kBlanks.find(text_.front()) == std::string_view::npos) {
      if (!word) {
        word.emplace();
      }
      if (!take(*word)) {
        return false;
      }
    }
    return true;
  }

 private:
  bool take(std::string& word) {
    const char first = text_.front();
    text_.remove_prefix(1);
    if (first == '\'' || first == '"') {
      return take_quoted(word, first);
    }
    if (first != '\\') {
      word += first;
      return true;
    }
    if (text_.empty()) {
      return false;
    }
    word += text_.front();
    text_.remove_prefix(1);
    return true;
  }

  bool take_quoted(std::string& word, char quote) {
    while (!text_.empty() && text_.front() != quote) {
      const bool escapes = quote == '"' && text_.front() == '\\' && text_.size() > 1 &&
                           (text_[1] == '"' || text_[1] == '\\');
      word += text_[escapes ? 1 : 0];
      text_.remove_prefix(escapes ? 2 : 1);
    }
    if (text_.empty()) {
      return false;
    }
    text_.remove_prefix(1);
    return true;
  }

  static constexpr std::string_view kBlanks = " \t\r\n";
  std::string_view text_;
};

}  // namespace

Result<std::vector<std::string>> split_command(std::string_view text) {
  std::vector<std::string> words;
  Splitter splitter(text);
  for (std::optional<std::string> word;;) {
    if (!splitter.next(word)) {
      return fail(ErrorKind::Malformed, "a quote has no end");
    }
    if (!word) {
      break;
    }
    words.push_back(*std::move(word));
  }
  if (words.empty()) {
    return fail(ErrorKind::Malformed, "it names no program");
  }
  return words;
}

std::vector<char*> exec_pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace scaler
