#pragma once
// Members and tags of what is kept as JSON and told as it came.

#include <map>
#include <string>
#include <string_view>

#include "emulator/request/api_input.h"
#include "emulator/request/aws_request.h"
#include "ground/json/value.h"
#include "ground/json/writer.h"

namespace scaler::emulator {

using KeptTags = std::map<std::string, std::string>;

/// Sets a member, or replaces it.
void set_member(json::Object& object, std::string_view name, json::Value value);
/// All of a JSON text, which must be an object.
void set_members(json::Object& object, std::string_view text);
/// The members of such a text; of an empty one none.
void write_members(json::Writer& writer, std::string_view text);

/// Adds those of "tags", a map, or "Tags", a list of keys and values.
/// Errors: `code`, for a tag without a key and for too many.
ApiResult<void> read_tags(const Input& input, std::string_view code, KeptTags& tags);
/// As "tags" or as "Tags", whichever the member is called.
void write_tags(json::Writer& writer, std::string_view member, const KeptTags& tags);

}  // namespace scaler::emulator
