#include "emulator/sqs/message_attributes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "emulator/sqs/digests.h"
#include "emulator/sqs/sqs_input.h"
#include "ground/base/text.h"
#include "ground/json/members.h"
#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

constexpr std::size_t kAttributesMax = 10;
constexpr std::size_t kAttributeNameMax = 256;

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::unexpected<ApiError> bad_name(std::string_view name, std::string_view reason) {
  return refuse("InvalidParameterValue",
                fmt::format("The message attribute name '{}' is invalid. {}", name, reason));
}

std::unexpected<ApiError> bad(std::string_view name, std::string_view reason) {
  return refuse("InvalidParameterValue",
                fmt::format("The message attribute '{}' is invalid. Reason: {}", name, reason));
}

ApiResult<void> check_name(std::string_view name) {
  const bool valid = !name.empty() && name.size() <= kAttributeNameMax && !name.starts_with('.') &&
                     !name.ends_with('.') && !name.contains("..") &&
                     std::ranges::all_of(name, [](char c) {
                       return is_alphanumeric(c) || c == '_' || c == '-' || c == '.';
                     });
  if (!valid) {
    return bad_name(name,
                    "Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and "
                    "period (.) characters.");
  }
  const std::string small = lower_case(name);
  if (small.starts_with("aws.") || small.starts_with("amazon.")) {
    return bad_name(name, "The prefixes AWS. and Amazon. are reserved.");
  }
  return {};
}

/// As documented: up to 10^126, and down to 10^-128.
bool is_number(std::string_view text) {
  constexpr double kLargest = 1e126;
  constexpr double kSmallest = 1e-128;
  text.remove_prefix(text.starts_with('+') ? 1 : 0);
  const auto number = number_of<double>(text);
  const double size = std::abs(number.value_or(HUGE_VAL));
  return size == 0 || (size >= kSmallest && size <= kLargest);
}

/// The attribute's size in bytes.
ApiResult<std::size_t> check_value(std::string_view name, const json::Value& attribute) {
  static constexpr std::array<Field, 5> kFields{{{"DataType", FieldKind::Text, Presence::Required},
                                                 {"StringValue"},
                                                 {"BinaryValue"},
                                                 {"StringListValues", FieldKind::Texts},
                                                 {"BinaryListValues", FieldKind::Texts}}};
  const Input input = TRY(Input::read(attribute, kFields, "InvalidParameterValue"));
  if (!input.texts("StringListValues").empty() || !input.texts("BinaryListValues").empty()) {
    return refuse("UnsupportedOperation",
                  "Message attribute lists in SendMessage operations are not supported.");
  }
  const std::string_view type = input.text("DataType");
  const std::string_view base = type.substr(0, type.find('.'));
  const bool binary = base == "Binary";
  if ((base != "String" && base != "Number" && !binary) || type.size() > kAttributeNameMax) {
    return refuse("InvalidParameterValue",
                  fmt::format("The message attribute '{}' has an invalid message attribute type, "
                              "the set of supported type prefixes is Binary, Number, and String.",
                              name));
  }
  if (input.has(binary ? "StringValue" : "BinaryValue")) {
    return bad(name, "The value does not match the type.");
  }
  const std::string_view value = input.text(binary ? "BinaryValue" : "StringValue");
  if (value.empty()) {
    return bad(name, "The value is missing or empty.");
  }
  if (!binary && !allowed_characters(value)) {
    return bad(name, "The value contains characters that are not allowed.");
  }
  if (base == "Number" && !is_number(value)) {
    return refuse(
        "InvalidParameterValue",
        fmt::format("Can't cast the value of message (user) attribute '{}' to a number.", name));
  }
  const auto bytes = binary ? decode_base64(value) : std::optional(std::string(value));
  if (!bytes) {
    return bad(name, "The binary value is not Base64.");
  }
  return name.size() + type.size() + bytes->size();
}

void append_sized(std::string& out, std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    out += static_cast<char>((size >> shift) & 0xffU);
  }
  out += text;
}

const json::Object* object_of(const Input& message, std::string_view field) {
  const json::Value* const value = message.member(field);
  return value == nullptr ? nullptr : std::get_if<json::Object>(&value->data());
}

ApiResult<std::size_t> check_all(const json::Object& attributes) {
  if (attributes.size() > kAttributesMax) {
    return refuse("InvalidParameterValue",
                  fmt::format("Number of message attributes [{}] exceeds the allowed maximum [{}].",
                              attributes.size(), kAttributesMax));
  }
  std::size_t bytes = 0;
  for (const auto& [name, attribute] : attributes) {
    TRY(check_name(name));
    bytes += TRY(check_value(name, attribute));
  }
  return bytes;
}

ApiResult<std::string_view> check_trace(const json::Object& attributes) {
  if (attributes.size() != 1 || attributes.front().first != "AWSTraceHeader" ||
      json::text_in(attributes.front().second, "DataType") != "String") {
    return refuse("InvalidParameterValue",
                  "The only message system attribute is AWSTraceHeader, of type String.");
  }
  TRY(check_value("AWSTraceHeader", attributes.front().second));
  return json::text_in(attributes.front().second, "StringValue");
}

}  // namespace

ApiResult<CheckedAttributes> check_attributes(const Input& message, std::string_view sender) {
  const json::Object* const attributes = object_of(message, "MessageAttributes");
  const json::Object* const system = object_of(message, "MessageSystemAttributes");
  if ((message.has("MessageAttributes") && attributes == nullptr) ||
      (message.has("MessageSystemAttributes") && system == nullptr)) {
    return refuse("SerializationException", "Message attributes must be a map of structures.");
  }
  CheckedAttributes checked;
  json::Writer writer;
  writer.begin_object().field("sender", sender);
  if (attributes != nullptr && !attributes->empty()) {
    checked.bytes = TRY(check_all(*attributes));
    checked.md5 = attributes_md5(*attributes);
    writer.name("attributes").value(*message.member("MessageAttributes"));
  }
  if (system != nullptr && !system->empty()) {
    writer.field("trace", TRY(check_trace(*system)));
    checked.system_md5 = attributes_md5(*system);
  }
  if (const std::string_view group = message.text("MessageGroupId"); !group.empty()) {
    TRY(check_token("MessageGroupId", group));
    writer.field("group", group);
  }
  writer.end_object();
  checked.text = std::move(writer).text();
  return checked;
}

std::string attributes_md5(const json::Object& attributes) {
  std::vector<const std::pair<std::string, json::Value>*> sorted;
  for (const auto& attribute : attributes) {
    sorted.push_back(&attribute);
  }
  std::ranges::sort(sorted, {}, [](const auto* attribute) { return attribute->first; });
  std::string buffer;
  for (const auto* attribute : sorted) {
    const std::string_view type = json::text_in(attribute->second, "DataType");
    const bool binary = type.starts_with("Binary");
    append_sized(buffer, attribute->first);
    append_sized(buffer, type);
    buffer += binary ? '\2' : '\1';
    const std::string_view value =
        json::text_in(attribute->second, binary ? "BinaryValue" : "StringValue");
    append_sized(buffer, binary ? decode_base64(value).value_or("") : std::string(value));
  }
  return md5_hex(buffer);
}

bool asked_for(std::string_view name, const std::vector<std::string_view>& patterns) {
  return std::ranges::any_of(patterns, [&](std::string_view pattern) {
    return pattern == "All" || pattern == name ||
           (pattern.ends_with(".*") && name.starts_with(pattern.substr(0, pattern.size() - 2)));
  });
}

}  // namespace scaler::emulator
