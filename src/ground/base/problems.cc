#include "ground/base/problems.h"

#include <algorithm>

namespace scaler {
namespace {

bool is_control(char c) {
  const auto code = static_cast<unsigned char>(c);
  return code < 0x20U || code == 0x7fU;
}

bool is_plain(char c) {
  return c >= ' ' && c <= '~';
}

std::string escaped(char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  switch (c) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      break;
  }
  const auto code = static_cast<unsigned char>(c);
  return {'\\', 'x', kDigits[code >> 4U], kDigits[code & 0xfU]};
}

std::string with_controls_escaped(std::string_view text) {
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    // A terminal may take the control characters from 0x80 on for those that begin with an escape.
    const bool wide =
        text[i] == '\xc2' && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0U;
    i += wide ? 1 : 0;
    if (wide || is_control(text[i])) {
      shown += escaped(text[i]);
    } else {
      shown += text[i];
    }
  }
  return shown;
}

}  // namespace

std::string shortened(std::string_view text, std::size_t max) {
  std::size_t end = text.size();
  if (end > max) {
    end = max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
      --end;
    }
  }
  const std::string_view kept = text.substr(0, end);
  const bool plain = std::ranges::all_of(kept, is_plain);  // As the names in each reply are.
  std::string shown = plain ? std::string(kept) : with_controls_escaped(kept);
  if (end < text.size()) {
    shown += "...";
  }
  return shown;
}

}  // namespace scaler
