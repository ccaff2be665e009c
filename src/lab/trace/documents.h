#pragma once
// JSON of a trace: documents one after another, and what stands in all of them.

#include <string_view>
#include <vector>

#include "ground/base/clock.h"
#include "ground/json/reader.h"

namespace scaler::trace {

/// The documents of the text; an array of documents counts as these. Errors: Malformed, with the
/// number of the one that is wrong.
Result<std::vector<json::Value>> parse_documents(std::string_view text);

/// A text or a Unix time.
Result<Instant> read_moment(const json::Reader& value);

}  // namespace scaler::trace
