#include "ground/json/writer.h"

#include <cmath>

#include <fmt/format.h>

#include "ground/base/log.h"

namespace scaler::json {

void Writer::separate() {
  if (needs_comma_) {
    text_ += ',';
  }
  needs_comma_ = true;
}

Writer& Writer::begin_object() {
  separate();
  text_ += '{';
  needs_comma_ = false;
  return *this;
}

Writer& Writer::end_object() {
  text_ += '}';
  needs_comma_ = true;
  return *this;
}

Writer& Writer::begin_array() {
  separate();
  text_ += '[';
  needs_comma_ = false;
  return *this;
}

Writer& Writer::end_array() {
  text_ += ']';
  needs_comma_ = true;
  return *this;
}

Writer& Writer::name(std::string_view name) {
  separate();
  append_json_string(text_, name);
  text_ += ':';
  needs_comma_ = false;
  return *this;
}

Writer& Writer::value(std::string_view text) {
  separate();
  append_json_string(text_, text);
  return *this;
}

Writer& Writer::value(bool flag) {
  return raw(flag ? "true" : "false");
}

Writer& Writer::value(double number) {
  // "-0" would read back as the whole number 0.
  const double written = number == 0 ? 0 : number;
  return std::isfinite(number) ? raw(fmt::format("{}", written)) : null();
}

Writer& Writer::integer(std::int64_t number) {
  return raw(fmt::format_int(number).c_str());
}

Writer& Writer::null() {
  return raw("null");
}

Writer& Writer::raw(std::string_view json) {
  separate();
  text_ += json;
  return *this;
}

Writer& Writer::value(const Value& value) {
  struct Visitor {
    Writer& writer;
    void operator()(std::nullptr_t) const { writer.null(); }
    void operator()(bool flag) const { writer.value(flag); }
    void operator()(std::int64_t number) const { writer.integer(number); }
    void operator()(double number) const { writer.value(number); }
    void operator()(const std::string& text) const { writer.value(std::string_view(text)); }
    void operator()(const Array& array) const {
      writer.begin_array();
      for (const Value& element : array) {
        writer.value(element);
      }
      writer.end_array();
    }
    void operator()(const Object& object) const {
      writer.begin_object();
      for (const auto& [member, element] : object) {
        writer.name(member).value(element);
      }
      writer.end_object();
    }
  };
  std::visit(Visitor{*this}, value.data());
  return *this;
}

}  // namespace scaler::json
