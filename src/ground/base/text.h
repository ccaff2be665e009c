#pragma once
// Small letters and pieces of texts. ASCII alone: no locale has a say in names and keys.

#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scaler {

/// Of a letter A to Z the small one, the capital; any other character is itself.
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

/// All of a text in small letters, in capitals: of the letters A to Z.
std::string lower_case(std::string_view text);
std::string upper_case(std::string_view text);
bool equal_in_any_case(std::string_view a, std::string_view b);

/// The text behind the three bytes that Windows' programs put before UTF-8.
std::string_view without_byte_order_mark(std::string_view text);

/// The parts between the separators, empty ones too; at least one. Each character of `separators`
/// separates.
std::vector<std::string_view> split(std::string_view text, std::string_view separators);

/// The known word that is nearest to `word` by edit distance, whatever the case, if any is near
/// enough to be meant; else the only one that begins with it.
std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string_view> known);
/// "; did you mean 'once'?", or nothing when no known word is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

/// The text with breaks at its blanks, so that no line is wider than `width`, but where one word
/// alone is. What is broken off a line stands `indent` further in than the line's own beginning.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent = 0);

/// All of the text as a number; nothing when it is none, is out of the type's range, or has
/// anything beside it, a "+" and blanks included.
/// `base`, for whole numbers, is what std::from_chars takes.
template <typename Number, typename... Base>
std::optional<Number> number_of(std::string_view text, Base... base) {
  Number number{};
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, base...);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                  : std::nullopt;
}

/// True for 0 to 9, whatever the locale says.
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Two small hexadecimal digits for each byte.
std::string hex(std::span<const unsigned char> bytes);

/// As it stands in XML and HTML, also between quotes; what XML 1.0 cannot hold becomes a question
/// mark.
std::string markup_text(std::string_view text);

/// "1 task", "2 tasks".
std::string plural(std::int64_t count, std::string_view thing);

}  // namespace scaler
