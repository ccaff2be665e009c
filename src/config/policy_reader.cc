#include "config/policy_reader.h"

#include <fmt/format.h>

namespace scaler {
namespace {

std::unexpected<Error> not_a_word(const json::Reader& value, std::string_view word,
                                  const PolicyField& field) {
  return fail(ErrorKind::Malformed,
              fmt::format("{}: '{}' is not one of {}", value.path(), word, field.unit));
}

struct ReadInto {
  const PolicyField& field;
  const json::Reader& value;
  PolicyOptions& options;

  Result<void> operator()(std::int64_t PolicyOptions::* member) const {
    options.*member = TRY(value.integer({.min = field.min, .max = field.max}));
    return {};
  }
  Result<void> operator()(std::optional<std::int64_t> PolicyOptions::* member) const {
    options.*member = TRY(value.integer({.min = field.min, .max = field.max}));
    return {};
  }
  Result<void> operator()(Duration PolicyOptions::* member) const {
    options.*member = TRY(value.seconds());
    return {};
  }
  Result<void> operator()(bool PolicyOptions::* member) const {
    options.*member = TRY(value.boolean());
    return {};
  }
  Result<void> operator()(Mode PolicyOptions::* member) const {
    const std::string word = TRY(value.string());
    const std::optional<Mode> mode = parse_mode(word);
    if (!mode) {
      return not_a_word(value, word, field);
    }
    options.*member = *mode;
    return {};
  }
  Result<void> operator()(ScaleInWhen PolicyOptions::* member) const {
    const std::string word = TRY(value.string());
    const std::optional<ScaleInWhen> when = parse_scale_in_when(word);
    if (!when) {
      return not_a_word(value, word, field);
    }
    options.*member = *when;
    return {};
  }
};

}  // namespace

Result<void> read_field(const PolicyField& field, const json::Reader& value,
                        PolicyOptions& options) {
  return std::visit(ReadInto{field, value, options}, field.member);
}

Result<Policy> read_policy(const json::Reader& object) {
  std::vector<std::string_view> names;
  for (const PolicyField& field : policy_fields()) {
    names.push_back(field.name);
  }
  TRY(object.only_fields(names));
  PolicyOptions options;
  for (const PolicyField& field : policy_fields()) {
    if (const auto value = object.optional_field(field.name)) {
      TRY(read_field(field, *value, options));
    }
  }
  Result<Policy> policy = Policy::create(options);
  if (!policy) {
    return fail(std::move(policy).error(), object.path());
  }
  return policy;
}

}  // namespace scaler
