#include "wire/fields.h"

#include <fmt/core.h>

#include "ground/base/text.h"

namespace scaler::wire {

std::unexpected<Error> unknown_word(const json::Reader& value, std::string_view words) {
  const auto* const text = std::get_if<std::string>(&value.value().data());
  return value.expected(fmt::format("one of {}{}", words,
                                    text == nullptr ? "" : did_you_mean(*text, split(words, "|"))));
}

}  // namespace scaler::wire
