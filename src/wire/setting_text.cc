#include "wire/setting_text.h"

#include <algorithm>
#include <cctype>
#include <type_traits>

namespace scaler {
namespace {

/// A default as one would write it; empty where there is none.
struct ShowDefault {
  const PolicyOptions defaults = {};

  template <typename Value>
  std::string operator()(Value PolicyOptions::* member) const {
    return show(defaults.*member);
  }
  static std::string show(std::int64_t value) { return std::to_string(value); }
  static std::string show(Duration value) { return std::to_string(value.count() / 1000); }
  static std::string show(Millionths value) { return format_millionths(value); }
  static std::string show(bool value) { return value ? "true" : "false"; }
  static std::string show(const Budget& /*value*/) { return ""; }
  static std::string show(const std::vector<ScheduleOptions>& /*value*/) { return ""; }
  template <typename Value>
  static std::string show(const std::optional<Value>& /*value*/) {
    return "";
  }
  template <typename Word>
    requires std::is_enum_v<Word>
  static std::string show(Word value) {
    return std::string(to_string(value));
  }
};

}  // namespace

std::string variable_name(const PolicyField& field) {
  std::string upper(field.name);
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  return upper;
}

std::string default_of(const PolicyField& field) {
  return std::visit(ShowDefault{}, field.member);
}

}  // namespace scaler
