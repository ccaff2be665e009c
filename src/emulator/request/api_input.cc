#include "emulator/request/api_input.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/core.h>

namespace scaler::emulator {
namespace {

const json::Array kNone;

template <typename T>
const T* as(const json::Value* value) {
  return value == nullptr ? nullptr : std::get_if<T>(&value->data());
}

bool all_texts(const json::Value& value) {
  const auto* array = as<json::Array>(&value);
  return array != nullptr && std::ranges::all_of(*array, [](const json::Value& item) {
           return as<std::string>(&item) != nullptr;
         });
}

bool text_members(const json::Value& value) {
  const auto* object = as<json::Object>(&value);
  return object != nullptr && std::ranges::all_of(*object, [](const auto& member) {
           return as<std::string>(&member.second) != nullptr;
         });
}

bool all_objects(const json::Value& value) {
  const auto* array = as<json::Array>(&value);
  return array != nullptr && std::ranges::all_of(*array, [](const json::Value& item) {
           return as<json::Object>(&item) != nullptr;
         });
}

bool is_int32(const json::Value& value) {
  const auto* number = as<std::int64_t>(&value);
  return number != nullptr && *number >= std::numeric_limits<std::int32_t>::min() &&
         *number <= std::numeric_limits<std::int32_t>::max();
}

bool fits(const json::Value& value, FieldKind kind) {
  switch (kind) {
    case FieldKind::Text:
      return as<std::string>(&value) != nullptr;
    case FieldKind::Integer:
      return is_int32(value);
    case FieldKind::Flag:
      return as<bool>(&value) != nullptr;
    case FieldKind::Texts:
      return all_texts(value);
    case FieldKind::TextMap:
      return text_members(value);
    case FieldKind::Objects:
      return all_objects(value);
    case FieldKind::Any:
      return true;
  }
  std::unreachable();
}

std::string_view kind_text(FieldKind kind) {
  switch (kind) {
    case FieldKind::Text:
      return "a string";
    case FieldKind::Integer:
      return "a 32-bit integer";
    case FieldKind::Flag:
      return "a boolean";
    case FieldKind::Texts:
      return "a list of strings";
    case FieldKind::TextMap:
      return "a map of strings";
    case FieldKind::Objects:
      return "a list of structures";
    case FieldKind::Any:
      return "a value";
  }
  std::unreachable();
}

}  // namespace

ApiResult<Input> Input::read(const json::Value& body, std::span<const Field> fields,
                             std::string_view missing_code) {
  const auto* object = as<json::Object>(&body);
  if (object == nullptr) {
    return refuse("SerializationException", "Start of structure or map found where not expected.");
  }
  for (const auto& [name, value] : *object) {
    const auto field = std::ranges::find(fields, name, &Field::name);
    if (field == fields.end()) {
      // AWS may know it, and it may mean something there.
      return refuse("SerializationException",
                    fmt::format("The emulator does not take '{}' in this request.", name));
    }
    if (!value.is_null() && !fits(value, field->kind)) {
      return refuse("SerializationException",
                    fmt::format("'{}' must be {}.", name, kind_text(field->kind)));
    }
  }
  const Input input(body);
  for (const Field& field : fields) {
    if (field.presence == Presence::Required && !input.has(field.name)) {
      return refuse(std::string(missing_code),
                    fmt::format("The request must contain the parameter {}.", field.name));
    }
  }
  return input;
}

const json::Value* Input::member(std::string_view name) const {
  const json::Value* const found = value_->find(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::string_view Input::text(std::string_view name) const {
  const auto* text = as<std::string>(member(name));
  return text == nullptr ? std::string_view() : *text;
}

std::optional<std::int64_t> Input::integer(std::string_view name) const {
  const auto* number = as<std::int64_t>(member(name));
  return number == nullptr ? std::nullopt : std::optional(*number);
}

bool Input::flag(std::string_view name) const {
  const auto* flag = as<bool>(member(name));
  return flag != nullptr && *flag;
}

std::vector<std::string_view> Input::texts(std::string_view name) const {
  std::vector<std::string_view> texts;
  if (const auto* array = as<json::Array>(member(name))) {
    for (const json::Value& item : *array) {
      texts.emplace_back(*as<std::string>(&item));
    }
  }
  return texts;
}

std::vector<std::pair<std::string_view, std::string_view>> Input::text_map(
    std::string_view name) const {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  if (const auto* object = as<json::Object>(member(name))) {
    for (const auto& [key, value] : *object) {
      pairs.emplace_back(key, *as<std::string>(&value));
    }
  }
  return pairs;
}

const json::Array& Input::objects(std::string_view name) const {
  const auto* array = as<json::Array>(member(name));
  return array == nullptr ? kNone : *array;
}

}  // namespace scaler::emulator
