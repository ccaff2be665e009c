#include "ground/json/reader.h"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"

namespace scaler::json {
namespace {

/// What stands in the document, short enough for a message.
std::string excerpt(const Value& value) {
  constexpr std::size_t kMaxLength = 60;
  if (const auto* text = std::get_if<std::string>(&value.data())) {
    return fmt::format("'{}'", shortened(*text, kMaxLength));
  }
  if (const auto* number = std::get_if<std::int64_t>(&value.data())) {
    return std::to_string(*number);
  }
  if (const auto* number = std::get_if<double>(&value.data())) {
    return fmt::format("{}", *number);
  }
  if (const auto* flag = std::get_if<bool>(&value.data())) {
    return *flag ? "true" : "false";
  }
  return std::string(kind_name(value));
}

std::string describe(IntegerRange range) {
  constexpr IntegerRange kAll;
  if (range.max == kAll.max) {
    return range.min == kAll.min ? "a whole number"
                                 : fmt::format("a whole number of at least {}", range.min);
  }
  return fmt::format("a whole number from {} to {}", range.min, range.max);
}

}  // namespace

std::unexpected<Error> Reader::expected(std::string_view what) const {
  const std::string_view colon = path_.ends_with(kFileMark) ? "" : ": ";
  return fail(ErrorKind::Malformed,
              fmt::format("{}{}{} is not {}", path_, colon, excerpt(*value_), what));
}

std::string Reader::member_path(std::string_view name) const {
  return path_ + (path_.ends_with(kFileMark) ? "" : ".") + shortened(name);
}

Result<std::string> Reader::string() const {
  if (const auto* text = std::get_if<std::string>(&value_->data())) {
    return *text;
  }
  return expected("a string");
}

Result<bool> Reader::boolean() const {
  if (const auto* flag = std::get_if<bool>(&value_->data())) {
    return *flag;
  }
  return expected("true or false");
}

Result<std::int64_t> Reader::integer(IntegerRange range) const {
  std::optional<std::int64_t> whole;
  if (const auto* number = std::get_if<std::int64_t>(&value_->data())) {
    whole = *number;
  } else if (const auto* real = std::get_if<double>(&value_->data())) {
    if (std::trunc(*real) == *real && std::abs(*real) < 0x1.0p63) {
      whole = static_cast<std::int64_t>(*real);
    }
  }
  if (!whole || *whole < range.min || *whole > range.max) {
    return expected(describe(range));
  }
  return *whole;
}

Result<double> Reader::number() const {
  if (const auto* number = std::get_if<std::int64_t>(&value_->data())) {
    return static_cast<double>(*number);
  }
  if (const auto* number = std::get_if<double>(&value_->data()); number && std::isfinite(*number)) {
    return *number;
  }
  return expected("a number");
}

Result<std::int64_t> Reader::millionths(double min, double max) const {
  const double value = TRY(number());
  if (value < min || value > max) {
    return expected(fmt::format("a number from {} to {:.12g}", min, max));
  }
  return std::llround(value * 1e6);
}

Result<Duration> Reader::seconds() const {
  constexpr double kMaxSeconds = 100.0 * 366 * 86'400;
  const Result<double> number = this->number();
  if (!number || *number < 0 || *number > kMaxSeconds) {
    return expected("a duration in seconds (0 or more)");
  }
  return Duration(std::llround(*number * 1000));
}

Result<Instant> Reader::instant() const {
  const std::string text = TRY(string());
  const Result<Instant> instant = parse_instant(text);
  if (!instant) {
    return fail(instant.error(), path_);
  }
  return *instant;
}

Result<Reader> Reader::field(std::string_view name) const {
  if (!std::holds_alternative<Object>(value_->data())) {
    return expected("an object");
  }
  if (std::optional<Reader> found = optional_field(name)) {
    return *std::move(found);
  }
  return fail(ErrorKind::Malformed, fmt::format("{} is missing", member_path(name)));
}

std::optional<Reader> Reader::optional_field(std::string_view name) const {
  const Value* found = value_->find(name);
  if (found == nullptr || found->is_null()) {
    return std::nullopt;
  }
  return Reader(*found, member_path(name));
}

Result<std::vector<Reader>> Reader::items() const {
  const auto* array = std::get_if<Array>(&value_->data());
  if (array == nullptr) {
    return expected("an array");
  }
  std::vector<Reader> readers;
  readers.reserve(array->size());
  for (std::size_t i = 0; i < array->size(); ++i) {
    readers.emplace_back((*array)[i], fmt::format("{}[{}]", path_, i));
  }
  return readers;
}

Result<void> Reader::only_fields(std::span<const std::string_view> known) const {
  const auto* object = std::get_if<Object>(&value_->data());
  if (object == nullptr) {
    return expected("an object");
  }
  Problems problems;
  for (const auto& [name, value] : *object) {
    if (std::ranges::find(known, name) != known.end()) {
      continue;
    }
    if (problems.full()) {
      problems.add({});
    } else {
      problems.add(
          fmt::format("{} is not a known field{}", member_path(name), did_you_mean(name, known)));
    }
  }
  return problems.result();
}

}  // namespace scaler::json
