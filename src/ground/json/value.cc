#include "ground/json/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"

namespace scaler::json {
namespace {

constexpr std::size_t kMaxDepth = 64;

/// Builds a Value from Boost.JSON's events. Containers that are still open lie on a stack.
class Builder {
 public:
  explicit Builder(std::string_view unread) : unread_(unread) {}

  // NOLINTBEGIN(readability-identifier-naming): Boost.JSON asks for these names.
  static constexpr std::size_t max_object_size = SIZE_MAX;
  static constexpr std::size_t max_array_size = SIZE_MAX;
  static constexpr std::size_t max_key_size = SIZE_MAX;
  static constexpr std::size_t max_string_size = SIZE_MAX;
  // NOLINTEND(readability-identifier-naming)
  using Code = boost::system::error_code;
  using Text = boost::json::string_view;

  bool on_document_begin(Code& /*error*/) { return true; }
  bool on_document_end(Code& /*error*/) { return true; }
  bool on_object_begin(Code& /*error*/) { return unread() ? deeper() : open(Object()); }
  bool on_object_end(std::size_t /*size*/, Code& error) { return close(error); }
  bool on_array_begin(Code& /*error*/) { return unread() ? deeper() : open(Array()); }
  bool on_array_end(std::size_t /*size*/, Code& error) { return close(error); }
  bool on_key_part(Text part, std::size_t /*size*/, Code& /*error*/) {
    keep(part);
    return true;
  }
  bool on_key(Text part, std::size_t /*size*/, Code& /*error*/) {
    if (depth_unread_ == 0) {
      open_.back().key = whole(part);
    }
    return true;
  }
  bool on_string_part(Text part, std::size_t /*size*/, Code& /*error*/) {
    keep(part);
    return true;
  }
  bool on_string(Text part, std::size_t /*size*/, Code& /*error*/) {
    return depth_unread_ > 0 || add(Value(whole(part)));
  }
  bool on_number_part(Text /*part*/, Code& /*error*/) { return true; }
  bool on_int64(std::int64_t number, Text /*text*/, Code& /*error*/) { return add(Value(number)); }
  bool on_uint64(std::uint64_t number, Text /*text*/, Code& /*error*/) {
    return add(Value(static_cast<double>(number)));
  }
  /// Boost.JSON 1.81 may round to a neighbour of the nearest number; the text is read again.
  bool on_double(double number, Text text, Code& /*error*/) {
    if (depth_unread_ == 0) {
      std::from_chars(text.data(), text.data() + text.size(), number);
    }
    return add(Value(number));
  }
  bool on_bool(bool flag, Code& /*error*/) { return add(Value(flag)); }
  bool on_null(Code& /*error*/) { return add(Value()); }
  bool on_comment_part(Text /*part*/, Code& /*error*/) { return true; }
  bool on_comment(Text /*part*/, Code& /*error*/) { return true; }

  Value take() { return std::move(root_); }
  const std::optional<std::string>& duplicate() const { return duplicate_; }

 private:
  struct Open {
    Value value;
    std::string key = {};
  };

  /// Whether the next value belongs to the unread member.
  bool unread() const {
    return depth_unread_ > 0 ||
           (!unread_.empty() && !open_.empty() && open_.back().key == unread_ &&
            std::holds_alternative<Object>(open_.back().value.data()));
  }

  bool deeper() {
    ++depth_unread_;
    return true;
  }

  void keep(Text part) {
    if (depth_unread_ == 0) {
      text_.append(part);
    }
  }

  /// A text with its last part, which mostly is the only one.
  std::string whole(Text last) {
    if (text_.empty()) {
      return std::string(last);
    }
    text_.append(last);
    return std::exchange(text_, {});
  }

  bool open(Value::Variant container) {
    open_.push_back({.value = Value(std::move(container))});
    return true;
  }

  bool close(Code& error) {
    if (depth_unread_ > 0) {
      --depth_unread_;
      return add(Value());  // Null in its place, once it ends; nothing inside of it.
    }
    Value value = std::move(open_.back().value);
    open_.pop_back();
    if (const auto* object = std::get_if<Object>(&value.data())) {
      if (const std::string* name = repeated_name(*object)) {
        duplicate_ = *name;
        error = boost::json::error::syntax;
        return false;
      }
    }
    return add(std::move(value));
  }

  bool add(Value value) {
    if (depth_unread_ > 0) {
      return true;
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return true;
    }
    Open& parent = open_.back();
    if (auto* array = std::get_if<Array>(&parent.value.data())) {
      array->push_back(std::move(value));
      return true;
    }
    std::get<Object>(parent.value.data()).emplace_back(std::move(parent.key), std::move(value));
    return true;
  }

  std::string_view unread_;
  int depth_unread_ = 0;  ///< containers open from the unread member on
  std::vector<Open> open_;
  std::string text_;
  std::optional<std::string> duplicate_;
  Value root_;
};

}  // namespace

const Value* Value::find(std::string_view name) const {
  const auto* object = std::get_if<Object>(&data_);
  if (object == nullptr) {
    return nullptr;
  }
  const auto found = std::ranges::find(*object, name, &Object::value_type::first);
  return found == object->end() ? nullptr : &found->second;
}

const std::string* repeated_name(const Object& object) {
  constexpr std::size_t kFew = 48;  // up to here looking is cheaper than sorting, by instructions
  if (object.size() <= kFew) {
    for (auto it = object.begin(); it != object.end(); ++it) {
      if (std::ranges::find(object.begin(), it, it->first, &Object::value_type::first) != it) {
        return &it->first;
      }
    }
    return nullptr;
  }
  std::vector<const std::string*> names;
  names.reserve(object.size());
  for (const auto& [name, value] : object) {
    names.push_back(&name);
  }
  const auto name_of = [](const std::string* name) -> std::string_view { return *name; };
  std::ranges::sort(names, {}, name_of);
  const auto twice = std::ranges::adjacent_find(names, {}, name_of);
  return twice == names.end() ? nullptr : *twice;
}

namespace {

/// What Windows' programs write in place of UTF-8.
bool is_utf16(std::string_view text) {
  return text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
}

}  // namespace

Result<Value> parse(std::string_view text, std::string_view unread) {
  text = without_byte_order_mark(text);
  if (is_utf16(text)) {
    return fail(ErrorKind::Malformed, "not JSON: it is UTF-16: save it as UTF-8");
  }
  boost::json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::json::basic_parser<Builder> parser(options, unread);
  boost::system::error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  if (const auto& name = parser.handler().duplicate()) {
    return fail(ErrorKind::Malformed,
                fmt::format("not JSON: the member '{}' stands twice", shortened(*name)));
  }
  if (!error && read < text.size()) {
    const std::size_t rest = text.find_first_not_of(" \t\r\n", read);
    if (rest != std::string_view::npos) {
      error = boost::json::error::extra_data;
    }
  }
  if (error) {
    return fail(ErrorKind::Malformed,
                fmt::format("not JSON: {} at byte {}", error.message(), read));
  }
  return parser.handler().take();
}

std::string_view kind_name(const Value& value) {
  constexpr std::array<std::string_view, 7> kNames{"null",     "a boolean", "a number", "a number",
                                                   "a string", "an array",  "an object"};
  return kNames.at(value.data().index());
}

}  // namespace scaler::json
