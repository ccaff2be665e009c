#pragma once
// ECS's tags as they come in requests, and their limits.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/request/api_input.h"
#include "emulator/request/aws_request.h"

namespace scaler::emulator {

using Tags = std::map<std::string, std::string>;

/// `tags` with those of the request's field `tags` added.
/// Errors: InvalidParameterException for a key or value that AWS refuses, or for more than 50 tags.
ApiResult<Tags> with_tags(Tags tags, const Input& input);

/// Whether the text is letters, digits, spaces and _ . : / = + - @ only. Outside of ASCII
/// everything from U+00AA on counts as a letter.
bool valid_tag_text(std::string_view text);

}  // namespace scaler::emulator
