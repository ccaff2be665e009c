#pragma once
// Input: the body of a JSON request, checked against the operation's table of fields: no unknown
// names, the right types, nothing required missing. What values mean is the operation's business.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/request/aws_request.h"
#include "ground/json/value.h"

namespace scaler::emulator {

/// Whether the name is one of these.
template <typename Names>
bool listed(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != std::ranges::end(names);
}

enum class FieldKind { Text, Integer, Flag, Texts, TextMap, Objects, Any };
enum class Presence { Optional, Required };

struct Field {
  std::string_view name = {};
  FieldKind kind = FieldKind::Text;
  Presence presence = Presence::Optional;
};

/// Does not own the Value nor the names.
class Input {
 public:
  /// Errors: SerializationException for a wrong shape or an unknown name; `missing_code` for a
  ///         required field that is missing or null.
  static ApiResult<Input> read(const json::Value& body, std::span<const Field> fields,
                               std::string_view missing_code);

  const json::Value& value() const { return *value_; }
  bool has(std::string_view name) const { return member(name) != nullptr; }
  /// The text; empty when the field is missing.
  std::string_view text(std::string_view name) const;
  std::optional<std::int64_t> integer(std::string_view name) const;
  bool flag(std::string_view name) const;
  std::vector<std::string_view> texts(std::string_view name) const;
  /// The members of a TextMap, or nothing.
  std::vector<std::pair<std::string_view, std::string_view>> text_map(std::string_view name) const;
  /// The elements of an Objects field, each to be read with a table of its own.
  const json::Array& objects(std::string_view name) const;
  /// The member as it came, or nullptr when it is missing or null.
  const json::Value* member(std::string_view name) const;

 private:
  explicit Input(const json::Value& value) : value_(&value) {}
  const json::Value* value_;
};

}  // namespace scaler::emulator
