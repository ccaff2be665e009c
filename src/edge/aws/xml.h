#pragma once
// XML as AWS's Query protocol answers: elements with text or with elements, no attributes that
// matter, no declarations of types.

#include <string>
#include <string_view>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/result.h"

namespace scaler::aws {

struct XmlElement {
  std::string name = {};
  std::string text = {};
  std::vector<XmlElement> children = {};

  /// The first child of that name; nullptr when there is none.
  const XmlElement* child(std::string_view of_name) const;
  /// The elements called "member" of the first child of that name: how the protocol writes lists.
  std::vector<const XmlElement*> members(std::string_view of_name) const;
  /// The child's text; empty when there is none.
  std::string text_of(std::string_view of_name) const;
  /// Errors of all three: Malformed for a child that is missing or of another kind.
  Result<std::int64_t> count_of(std::string_view of_name) const;
  Result<bool> flag_of(std::string_view of_name) const;
  Result<Instant> instant_of(std::string_view of_name) const;
};

/// The outermost element. Errors: Malformed, also for what is nested more than 32 deep or declares
/// types, entities or CDATA.
Result<XmlElement> parse_xml(std::string_view text);

}  // namespace scaler::aws
