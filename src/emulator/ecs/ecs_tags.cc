#include "emulator/ecs/ecs_tags.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

namespace scaler::emulator {
namespace {

constexpr std::size_t kTagsMax = 50;
constexpr std::int64_t kKeyMax = 128;
constexpr std::int64_t kValueMax = 256;

std::int64_t characters(std::string_view text) {
  return std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; });
}

std::unexpected<ApiError> bad(std::string message) {
  return refuse("InvalidParameterException", std::move(message));
}

ApiResult<void> check_tag(std::string_view key, std::string_view value) {
  if (key.empty() || characters(key) > kKeyMax) {
    return bad(fmt::format("A tag's key must have 1 to {} characters.", kKeyMax));
  }
  if (characters(value) > kValueMax) {
    return bad(
        fmt::format("The value of tag '{}' must have at most {} characters.", key, kValueMax));
  }
  if (!valid_tag_text(key) || !valid_tag_text(value)) {
    return bad(
        fmt::format("Tag '{}' does not match ^([\\p{{L}}\\p{{Z}}\\p{{N}}_.:/=+\\-@]*)$.", key));
  }
  std::string start(key.substr(0, 4));
  std::ranges::transform(start, start.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (start == "aws:") {
    return bad("Tag keys that begin with 'aws:' are reserved.");
  }
  return {};
}

}  // namespace

ApiResult<Tags> with_tags(Tags tags, const Input& input) {
  static constexpr std::array<Field, 2> kFields{
      {{"key", FieldKind::Text, Presence::Required}, {"value"}}};
  Tags added;
  for (const json::Value& tag : input.objects("tags")) {
    const Input fields = TRY(Input::read(tag, kFields, "InvalidParameterException"));
    TRY(check_tag(fields.text("key"), fields.text("value")));
    if (!added.emplace(fields.text("key"), fields.text("value")).second) {
      return bad(fmt::format("Tag '{}' stands twice.", fields.text("key")));
    }
  }
  for (const auto& [key, value] : added) {
    tags[key] = value;
  }
  if (tags.size() > kTagsMax) {
    return bad(fmt::format("A resource can have at most {} tags.", kTagsMax));
  }
  return tags;
}

bool valid_tag_text(std::string_view text) {
  const bool ascii_valid = std::ranges::all_of(text, [](char c) {
    constexpr std::string_view kPunctuation = " _.:/=+-@";
    return static_cast<unsigned char>(c) >= 0x80 || (c >= '0' && c <= '9') ||
           (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kPunctuation.contains(c);
  });
  // U+0080 to U+00A9 are controls and signs; U+00A0 is a space.
  const auto sign = [](char lead, char next) {
    return lead == '\xc2' && static_cast<unsigned char>(next) < 0xaa && next != '\xa0';
  };
  const bool signs = std::ranges::adjacent_find(text, sign) != text.end();
  return ascii_valid && !signs;
}

}  // namespace scaler::emulator
