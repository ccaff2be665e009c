#pragma once
// Small letters and pieces of texts. ASCII alone: no locale has a say in names and keys.

#include <string>
#include <string_view>
#include <vector>

namespace scaler {

/// Of a letter A to Z the small one; any other character is itself.
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// All of a text in small letters.
std::string lower_case(std::string_view text);

/// The parts between the separators, empty ones too; at least one. Each character of `separators`
/// separates.
std::vector<std::string_view> split(std::string_view text, std::string_view separators);

}  // namespace scaler
