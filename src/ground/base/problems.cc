#include "ground/base/problems.h"

namespace scaler {
namespace {

bool is_control(char c) {
  const auto code = static_cast<unsigned char>(c);
  return code < 0x20U || code == 0x7fU;
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

}  // namespace

std::string shortened(std::string_view text, std::size_t max) {
  std::size_t end = text.size();
  if (end > max) {
    end = max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
      --end;
    }
  }
  std::string shown;
  for (std::size_t i = 0; i < end; ++i) {
    // A terminal may take the control characters from 0x80 on for those that begin with an escape.
    const bool wide =
        text[i] == '\xc2' && i + 1 < end && static_cast<unsigned char>(text[i + 1]) < 0xa0U;
    i += wide ? 1 : 0;
    if (wide || is_control(text[i])) {
      shown += escaped(text[i]);
    } else {
      shown += text[i];
    }
  }
  return end < text.size() ? shown + "..." : shown;
}

}  // namespace scaler
