#include "edge/aws/xml.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>

#include "ground/base/problems.h"
#include "ground/base/text.h"

namespace scaler::aws {
namespace {

using Tree = boost::property_tree::ptree;

/// The parser descends by calling itself, so the depth is bounded before it begins. Nothing but
/// elements may hide a bracket; "<?" stands at the beginning alone, or the end of each would be
/// looked for in all that follows.
bool flat_enough(std::string_view text) {
  constexpr int kDepthMax = 32;
  int depth = 0;
  for (std::size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
    const std::string_view tag = text.substr(at, text.find('>', at) - at + 1);
    if (tag.starts_with("<!") || (tag.starts_with("<?") && at > 0)) {
      return false;
    }
    if (tag.starts_with("</")) {
      --depth;
    } else if (!tag.starts_with("<?") && !tag.ends_with("/>")) {
      ++depth;
    }
    if (depth > kDepthMax || depth < 0) {
      return false;
    }
  }
  return true;
}

XmlElement element_of(const std::string& name, const Tree& tree) {
  XmlElement element{.name = name, .text = tree.data()};
  for (const auto& [child_name, child] : tree) {
    if (!child_name.starts_with('<')) {  // "<xmlattr>"
      element.children.push_back(element_of(child_name, child));
    }
  }
  return element;
}

std::unexpected<Error> missing(const XmlElement& in, std::string_view name, std::string_view what) {
  return fail(ErrorKind::Malformed, in.name + "." + std::string(name) + ": '" +
                                        shortened(in.text_of(name)) + "' is no " +
                                        std::string(what));
}

}  // namespace

const XmlElement* XmlElement::child(std::string_view of_name) const {
  const auto found = std::ranges::find(children, of_name, &XmlElement::name);
  return found == children.end() ? nullptr : &*found;
}

std::vector<const XmlElement*> XmlElement::members(std::string_view of_name) const {
  std::vector<const XmlElement*> list;
  if (const XmlElement* const found = child(of_name)) {
    for (const XmlElement& one : found->children) {
      if (one.name == "member") {
        list.push_back(&one);
      }
    }
  }
  return list;
}

std::string XmlElement::text_of(std::string_view of_name) const {
  const XmlElement* const found = child(of_name);
  return found == nullptr ? std::string() : found->text;
}

Result<std::int64_t> XmlElement::count_of(std::string_view of_name) const {
  const auto number = number_of<std::int64_t>(text_of(of_name));
  if (!number || *number < 0) {
    return missing(*this, of_name, "count");
  }
  return *number;
}

Result<bool> XmlElement::flag_of(std::string_view of_name) const {
  const std::string word = text_of(of_name);
  if (word != "true" && word != "false") {
    return missing(*this, of_name, "true or false");
  }
  return word == "true";
}

Result<Instant> XmlElement::instant_of(std::string_view of_name) const {
  const Result<Instant> instant = parse_instant(text_of(of_name));
  if (!instant) {
    return missing(*this, of_name, "time");
  }
  return *instant;
}

Result<XmlElement> parse_xml(std::string_view text) {
  if (!flat_enough(text)) {
    return fail(ErrorKind::Malformed, "the XML is nested too deeply, or declares something");
  }
  Tree tree;
  try {
    std::istringstream stream{std::string(text)};
    boost::property_tree::read_xml(stream, tree);
  } catch (const boost::property_tree::xml_parser_error& error) {
    return fail(ErrorKind::Malformed, "no XML: " + error.message());
  }
  if (tree.empty()) {
    return fail(ErrorKind::Malformed, "no XML: it has no element");
  }
  return element_of(tree.front().first, tree.front().second);
}

}  // namespace scaler::aws
