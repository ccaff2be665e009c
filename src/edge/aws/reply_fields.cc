#include "edge/aws/reply_fields.h"

namespace scaler::aws {
namespace {

constexpr json::IntegerRange kFromZero{.min = 0};

}  // namespace

Result<std::string> text_or(const json::Reader& object, std::string_view name,
                            std::string_view otherwise) {
  const auto field = object.optional_field(name);
  return field ? field->string() : Result<std::string>(std::string(otherwise));
}

Result<std::int64_t> count_of(const json::Reader& object, std::string_view name) {
  const json::Reader field = TRY(object.field(name));
  return field.integer(kFromZero);
}

Result<std::int64_t> count_or(const json::Reader& object, std::string_view name,
                              std::int64_t otherwise) {
  const auto field = object.optional_field(name);
  return field ? field->integer(kFromZero) : Result<std::int64_t>(otherwise);
}

}  // namespace scaler::aws
