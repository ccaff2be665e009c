#pragma once
// Fields: what a type is in JSON, one row a member (kFields). The known names, the reader with its
// checks and the writer are all made of the rows, so that a new member is taught once. Durations
// are seconds, instants RFC 3339.

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "ground/json/reader.h"
#include "ground/json/writer.h"
#include "scaler/core/arithmetic.h"
#include "scaler/core/policy_fields.h"

namespace scaler::wire {

/// What a value may be: of whole numbers, millionths and the whole numbers within an object that do
/// not say it themselves, the range; of an enumeration, its words: "idle|protected|any".
struct Limits {
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::string_view words = {};
};

/// A member that is not required is what it is in a new value when it is left out, or as
/// `otherwise` says.
template <typename Type, typename Member>
struct CodecField {
  std::string_view name;
  Member Type::* member;
  bool required = false;
  std::optional<Limits> limits = {};  ///< nothing: those of the row that holds the object
  std::type_identity_t<Member Type::*> otherwise = nullptr;  ///< it is then as this member is
  /// Whether it is written. nullptr: unless it is what it is in a new value.
  bool (*told)(const std::type_identity_t<Type>&) = nullptr;
};

template <typename Type>
constexpr bool always(const Type& /*of*/) {
  return true;
}
template <typename Type>
constexpr bool never(const Type& /*of*/) {
  return false;
}

/// "$.mode: 'magic' is not one of fixed|backlog|latency"
std::unexpected<Error> unknown_word(const json::Reader& value, std::string_view words);

/// The rows of a type, a tuple of CodecField; whoever asks for those of a type that has none does
/// not compile.
template <typename Type>
inline constexpr std::nullptr_t kFields = nullptr;

template <typename>
inline constexpr bool kIsList = false;
template <typename Element>
inline constexpr bool kIsList<std::vector<Element>> = true;
template <typename>
inline constexpr bool kIsOptional = false;
template <typename Value>
inline constexpr bool kIsOptional<std::optional<Value>> = true;

using Seconds = std::chrono::duration<double>;

template <typename Type>
constexpr auto names_of() {
  return std::apply([](const auto&... field) { return std::array{field.name...}; }, kFields<Type>);
}

template <typename Type>
Result<void> read_fields(const json::Reader& object, const Limits& limits, Type& target);

template <typename Value>
Result<void> read_value(const json::Reader& value, const Limits& limits, Value& target) {
  if constexpr (std::is_same_v<Value, std::int64_t>) {
    target = TRY(value.integer({.min = limits.min, .max = limits.max}));
  } else if constexpr (std::is_same_v<Value, bool>) {
    target = TRY(value.boolean());
  } else if constexpr (std::is_same_v<Value, std::string>) {
    target = TRY(value.string());
  } else if constexpr (std::is_same_v<Value, Duration>) {
    target = TRY(value.seconds());
  } else if constexpr (std::is_same_v<Value, Instant>) {
    target = TRY(value.instant());
  } else if constexpr (std::is_same_v<Value, Millionths>) {
    constexpr double kOne = Millionths::kOne;
    target.count = TRY(value.millionths(static_cast<double>(limits.min) / kOne,
                                        static_cast<double>(limits.max) / kOne));
  } else if constexpr (std::is_enum_v<Value>) {
    const auto* const text = std::get_if<std::string>(&value.value().data());
    const std::optional<Value> word = text == nullptr ? std::nullopt : parse_word<Value>(*text);
    if (!word) {
      return unknown_word(value, limits.words);
    }
    target = *word;
  } else if constexpr (kIsOptional<Value>) {
    return read_value(value, limits, target.emplace());
  } else if constexpr (kIsList<Value>) {
    for (const json::Reader& item : TRY(value.items())) {
      TRY(read_value(item, limits, target.emplace_back()));
    }
  } else {
    return read_fields(value, limits, target);
  }
  return {};
}

template <typename Type, typename Row>
Result<void> read_row(const json::Reader& object, const Limits& limits, const Row& field,
                      Type& target) {
  const std::optional<json::Reader> value = object.optional_field(field.name);
  if (value) {
    return read_value(*value, field.limits.value_or(limits), target.*field.member);
  }
  if (field.required) {
    return std::unexpected(object.field(field.name).error());
  }
  if (field.otherwise != nullptr) {
    target.*field.member = target.*field.otherwise;
  }
  return {};
}

/// The members of an object whose names somebody else has checked.
template <typename Type>
Result<void> read_rows(const json::Reader& object, const Limits& limits, Type& target) {
  Result<void> result;
  std::apply(
      [&](const auto&... field) {
        (void)(... && (result = read_row(object, limits, field, target)).has_value());
      },
      kFields<Type>);
  return result;
}

template <typename Type>
Result<void> read_fields(const json::Reader& object, const Limits& limits, Type& target) {
  TRY(object.only_fields(names_of<Type>()));
  return read_rows(object, limits, target);
}

/// An object of this type alone.
template <typename Type>
Result<Type> read_object(const json::Reader& object) {
  Type read;
  TRY(read_fields(object, Limits{}, read));
  return read;
}

template <typename Type>
void write_fields(json::Writer& writer, const Type& value);

template <typename Value>
void write_value(json::Writer& writer, const Value& value) {
  if constexpr (std::is_same_v<Value, Duration>) {
    writer.value(std::chrono::duration_cast<Seconds>(value).count());
  } else if constexpr (std::is_same_v<Value, Instant>) {
    writer.value(format_instant(value));
  } else if constexpr (std::is_same_v<Value, Millionths>) {
    writer.raw(format_millionths(value));
  } else if constexpr (std::is_enum_v<Value>) {
    writer.value(to_string(value));
  } else if constexpr (kIsOptional<Value>) {
    value ? write_value(writer, *value) : (void)writer.null();
  } else if constexpr (kIsList<Value>) {
    writer.begin_array();
    for (const auto& element : value) {
      write_value(writer, element);
    }
    writer.end_array();
  } else if constexpr (requires { writer.value(value); }) {
    writer.value(value);
  } else {
    writer.begin_object();
    write_fields(writer, value);
    writer.end_object();
  }
}

template <typename Type, typename Row>
void write_row(json::Writer& writer, const Row& field, const Type& value) {
  const auto& member = value.*field.member;
  if (field.told != nullptr ? field.told(value) : member != Type().*field.member) {
    write_value(writer.name(field.name), member);
  }
}

/// The members that are told, without the object around them.
template <typename Type>
void write_fields(json::Writer& writer, const Type& value) {
  std::apply([&](const auto&... field) { (write_row(writer, field, value), ...); }, kFields<Type>);
}

}  // namespace scaler::wire
