#include "ground/base/text.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace scaler {
namespace {

/// How many letters are wrong, missing, too many, or have changed places with their neighbour, for
/// which three rows of the table are needed.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::swap(before, above);
    std::swap(above, row);
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      row[j + 1] = std::min({above[j] + (a[i] == b[j] ? 0 : 1), row[j] + 1, above[j + 1] + 1});
      if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j]) {
        row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
      }
    }
  }
  return row.back();
}

/// No distance is smaller: each edit brings or takes one letter at most. It costs a tenth of it.
std::size_t letters_apart(std::string_view a, std::string_view b) {
  constexpr std::size_t kKinds = 32;  // Letters of either case, and a few signs, apart.
  std::array<int, kKinds> more{};
  for (const char letter : a) {
    ++more[static_cast<std::size_t>(letter) % kKinds];
  }
  for (const char letter : b) {
    --more[static_cast<std::size_t>(letter) % kKinds];
  }
  int added = 0;
  int missing = 0;
  for (const int count : more) {
    added += std::max(count, 0);
    missing += std::max(-count, 0);
  }
  return static_cast<std::size_t>(std::max(added, missing));
}

/// How long a word is without the dashes of a flag.
std::size_t letters_of(std::string_view word) {
  return word.size() - std::min(word.find_first_not_of('-'), word.size());
}

/// The only known word that begins with this one, which is more than a letter or two.
std::optional<std::string_view> completed(std::string_view word,
                                          std::span<const std::string_view> known) {
  constexpr std::size_t kShortest = 3;
  const auto begins = [word](std::string_view candidate) { return candidate.starts_with(word); };
  return letters_of(word) >= kShortest && std::ranges::count_if(known, begins) == 1
             ? std::optional(*std::ranges::find_if(known, begins))
             : std::nullopt;
}

void add_wrapped(std::string& text, std::string_view line, std::size_t width, std::size_t indent) {
  const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
  std::string_view rest = line.substr(begin);
  std::size_t inset = begin;
  while (true) {
    text.append(inset, ' ');
    const std::size_t room = width > inset ? width - inset : 1;
    // The last blank that leaves no line too wide, else the end of a word that is too wide alone.
    const std::size_t last = rest.size() > room ? rest.rfind(' ', room) : rest.size();
    const std::size_t blank = last == std::string_view::npos ? rest.find(' ') : last;
    const std::size_t next = rest.find_first_not_of(' ', std::min(blank, rest.size()));
    const std::string_view part = rest.substr(0, blank);
    text += part.substr(0, part.find_last_not_of(' ') + 1);
    if (next == std::string_view::npos) {
      return;
    }
    text += '\n';
    rest = rest.substr(next);
    inset = begin + indent;
  }
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), lower);
  return result;
}

std::string upper_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), upper);
  return result;
}

bool equal_in_any_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find_first_of(separators);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string_view> known) {
  constexpr std::size_t kLongest = 100;
  if (word.size() > kLongest) {
    return std::nullopt;  // No known word is, and the distance costs the product of both lengths.
  }
  const std::string small = lower_case(word);
  std::optional<std::string_view> nearest;
  // Of three letters, two others make another word; of one, any other does.
  const std::size_t letters = letters_of(word);
  std::size_t best = letters <= 1   ? 1
                     : letters <= 3 ? 2
                                    : std::max<std::size_t>(2, (word.size() + 1) / 3) + 1;
  for (const std::string_view candidate : known) {
    if (letters_apart(word, candidate) >= best) {
      continue;
    }
    const std::size_t distance = edit_distance(small, lower_case(candidate));
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest ? nearest : completed(word, known);
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  const auto near = nearest_word(word, known);
  return near ? "; did you mean '" + std::string(*near) + "'?" : "";
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string result;
  for (const std::string_view line : split(text, "\n")) {
    add_wrapped(result, line, width, indent);
    result += '\n';
  }
  result.pop_back();
  return result;
}

std::string hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(2 * bytes.size(), '\0');
  auto place = text.begin();
  for (const unsigned char byte : bytes) {
    *place++ = kDigits[byte >> 4U];
    *place++ = kDigits[byte & 0xfU];
  }
  return text;
}

std::string markup_text(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\n':
        escaped += "&#10;";
        break;
      default:
        escaped += static_cast<unsigned char>(c) < ' ' ? '?' : c;
    }
  }
  return escaped;
}

std::string plural(std::int64_t count, std::string_view thing) {
  return std::to_string(count).append(" ").append(thing).append(count == 1 ? "" : "s");
}

}  // namespace scaler
