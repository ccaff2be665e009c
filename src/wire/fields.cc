#include "wire/fields.h"

#include <fmt/core.h>

#include "ground/base/problems.h"

namespace scaler::wire {

std::unexpected<Error> unknown_word(const json::Reader& value, std::string_view text,
                                    std::string_view words) {
  return fail(ErrorKind::Malformed,
              fmt::format("{}: '{}' is not one of {}", value.path(), shortened(text), words));
}

}  // namespace scaler::wire
