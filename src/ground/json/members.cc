#include "ground/json/members.h"

#include "ground/base/text.h"

namespace scaler::json {

const std::string* text_member(const Value& value, std::string_view name) {
  const Value* const member = value.find(name);
  return member == nullptr ? nullptr : std::get_if<std::string>(&member->data());
}

std::string_view text_in(const Value& value, std::string_view name) {
  const std::string* const text = text_member(value, name);
  return text == nullptr ? std::string_view() : *text;
}

std::optional<std::int64_t> whole_in(const Value& value, std::string_view name) {
  const Value* const member = value.find(name);
  if (const auto* const whole =
          member == nullptr ? nullptr : std::get_if<std::int64_t>(&member->data())) {
    return *whole;
  }
  return number_of<std::int64_t>(text_in(value, name));
}

const Array& elements_in(const Value& value, std::string_view name) {
  static const Array kNone;
  const Value* const member = value.find(name);
  const auto* const elements = member == nullptr ? nullptr : std::get_if<Array>(&member->data());
  return elements == nullptr ? kNone : *elements;
}

}  // namespace scaler::json
