#include "emulator/front/query_protocol.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "emulator/request/api_input.h"
#include "ground/base/text.h"
#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

struct CommonCode {
  std::string_view json = {};
  std::string_view query = {};
};
/// Errors of the protocols themselves, which have one name in JSON and another in forms.
constexpr std::array<CommonCode, 8> kCommonCodes{
    {{"AccessDeniedException", "AccessDenied"},
     {"ExpiredTokenException", "ExpiredToken"},
     {"IncompleteSignatureException", "IncompleteSignature"},
     {"InvalidSignatureException", "SignatureDoesNotMatch"},
     {"SerializationException", "MalformedQueryString"},
     {"UnknownOperationException", "InvalidAction"},
     {"UnrecognizedClientException", "InvalidClientTokenId"},
     {"MissingAuthenticationTokenException", "MissingAuthenticationToken"}}};

constexpr std::size_t kPathMax = 16;
/// The largest batch that SQS takes has a few hundred; to sort a million would hold up everyone.
constexpr std::ptrdiff_t kParametersMax = 4000;
constexpr std::string_view kValue = "Value";

std::unexpected<ApiError> malformed(std::string message) {
  return refuse("MalformedQueryString", std::move(message));
}

std::optional<std::string> decode(std::string_view text) {
  constexpr int kHexadecimal = 16;
  std::string decoded;
  while (!text.empty()) {
    if (text.front() != '%') {
      decoded += text.front() == '+' ? ' ' : text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto byte = number_of<unsigned char>(text.substr(1, 2), kHexadecimal);
    if (text.size() < 3 || !byte) {
      return std::nullopt;
    }
    decoded += static_cast<char>(*byte);
    text.remove_prefix(3);
  }
  return decoded;
}

/// Of "1", "2", ... "9999999999"; nothing for any other part.
std::optional<std::uint64_t> index_of(std::string_view part) {
  constexpr std::size_t kDigitsMax = 10;
  if (part.starts_with('0') || part.size() > kDigitsMax) {
    return std::nullopt;
  }
  return number_of<std::uint64_t>(part);
}

bool part_before(const std::string& a, const std::string& b) {
  const auto left = index_of(a);
  const auto right = index_of(b);
  if (left && right) {
    return *left < *right;
  }
  return left.has_value() != right.has_value() ? left.has_value() : a < b;
}

bool path_before(const FormParameter& a, const FormParameter& b) {
  return std::ranges::lexicographical_compare(a.path, b.path, part_before);
}

/// The writer replaces what is none, so that the text does not come back as it was.
bool is_utf8(const std::string& text) {
  if (std::ranges::all_of(text, [](char c) { return static_cast<signed char>(c) >= 0; })) {
    return true;
  }
  json::Writer writer;
  const Result<json::Value> back =
      json::parse(std::move(writer.value(std::string_view(text))).text());
  const auto* same = back ? std::get_if<std::string>(&back->data()) : nullptr;
  return same != nullptr && *same == text;
}

std::string joined(const FormParameter& parameter) {
  std::string name;
  for (const std::string& part : parameter.path) {
    name.append(name.empty() ? "" : ".").append(part);
  }
  return name;
}

/// Parameters whose paths begin with the same parts.
using Group = std::span<const FormParameter>;

/// Takes those that have the first one's part at this depth off the front.
Group take_group(Group& rest, std::size_t depth) {
  const auto other = std::ranges::find_if(rest, [&](const FormParameter& parameter) {
    return parameter.path.size() <= depth || parameter.path[depth] != rest.front().path[depth];
  });
  const auto size = static_cast<std::size_t>(other - rest.begin());
  const Group group = rest.first(size);
  rest = rest.subspan(size);
  return group;
}

/// Reads parameters into JSON. `depth` is the number of parts that a group has in common.
class Reader {
 public:
  ApiResult<void> structure(Group group, std::size_t depth, std::span<const Member> members) {
    writer_.begin_object();
    std::vector<std::string_view> seen;
    while (!group.empty()) {
      if (group.front().path.size() <= depth) {
        return unexpected_parameter(group);
      }
      const std::string& part = group.front().path[depth];
      const Group own = take_group(group, depth);
      // A list without elements is sent under its name, with no value.
      const auto member = std::ranges::find_if(members, [&](const Member& candidate) {
        return candidate.wire == part || (candidate.name == part && is_empty_list(own, depth + 1));
      });
      if (member == members.end()) {
        return unexpected_parameter(own);
      }
      seen.push_back(member->name);
      writer_.name(member->name);
      TRY(value(own, depth + 1, *member));
    }
    for (const Member& member : members) {
      if (member.shape == Shape::Structures && !listed(seen, member.name)) {
        writer_.name(member.name).begin_array().end_array();
      }
    }
    writer_.end_object();
    return {};
  }

  std::string text() && { return std::move(writer_).text(); }

 private:
  static std::unexpected<ApiError> unexpected_parameter(Group group) {
    return refuse(
        "InvalidParameterValue",
        fmt::format("The emulator does not take '{}' in this request.", joined(group.front())));
  }

  static bool is_empty_list(Group group, std::size_t depth) {
    return group.size() == 1 && group.front().path.size() == depth && group.front().value.empty();
  }

  /// Lists that are not flattened, as STS has them: Tags.member.1.Key.
  static bool in_member(Group group, std::size_t depth) {
    return std::ranges::all_of(group, [&](const FormParameter& parameter) {
      return parameter.path.size() > depth && parameter.path[depth] == "member";
    });
  }

  static ApiResult<std::string_view> only_value(Group group, std::size_t depth) {
    for (const FormParameter& parameter : group) {
      if (parameter.path.size() != depth) {
        return unexpected_parameter(Group(&parameter, 1));
      }
    }
    return group.front().value;
  }

  ApiResult<void> value(Group group, std::size_t depth, const Member& member) {
    switch (member.shape) {
      case Shape::Text:
      case Shape::ErrorCode:
        writer_.value(TRY(only_value(group, depth)));
        return {};
      case Shape::Integer:
        return integer(group, depth);
      case Shape::Number:
        return number(group, depth);
      case Shape::Moment:
        return moment(group, depth);
      case Shape::Flag:
        return flag(group, depth);
      case Shape::Structure:
        return structure(group, depth, member.members);
      default:
        return elements(group, depth, member);
    }
  }

  ApiResult<void> integer(Group group, std::size_t depth) {
    const std::string_view text = TRY(only_value(group, depth));
    const auto number = number_of<std::int32_t>(text);
    if (!number) {
      return refuse("InvalidParameterValue",
                    fmt::format("Value {} for parameter {} is invalid. Reason: Must be an integer.",
                                text, joined(group.front())));
    }
    writer_.value(*number);
    return {};
  }

  ApiResult<void> number(Group group, std::size_t depth) {
    const std::string_view text = TRY(only_value(group, depth));
    const auto number = number_of<double>(text);
    if (!number) {
      return refuse("InvalidParameterValue",
                    fmt::format("Value {} for parameter {} is invalid. Reason: Must be a number.",
                                text, joined(group.front())));
    }
    writer_.value(*number);
    return {};
  }

  ApiResult<void> moment(Group group, std::size_t depth) {
    const std::string_view text = TRY(only_value(group, depth));
    const Result<Instant> at = parse_instant(text);
    if (!at) {
      return refuse("InvalidParameterValue",
                    fmt::format("Value {} for parameter {} is invalid. Reason: Must be a time.",
                                text, joined(group.front())));
    }
    writer_.value(in_seconds(at->time_since_epoch()));
    return {};
  }

  ApiResult<void> flag(Group group, std::size_t depth) {
    const std::string_view text = TRY(only_value(group, depth));
    if (text != "true" && text != "false") {
      return refuse("InvalidParameterValue",
                    fmt::format("Value {} for parameter {} is invalid. Reason: Must be true or "
                                "false.",
                                text, joined(group.front())));
    }
    writer_.value(text == "true");
    return {};
  }

  /// A list or a map. A single element may come without its number, as in AWS's own examples.
  ApiResult<void> elements(Group group, std::size_t depth, const Member& member) {
    const bool map = member.shape == Shape::TextMap || member.shape == Shape::StructureMap;
    map ? writer_.begin_object() : writer_.begin_array();
    if (!is_empty_list(group, depth)) {
      depth += in_member(group, depth) ? 1U : 0U;
      while (!group.empty()) {
        const bool plain = group.front().path.size() <= depth;
        if (plain || !index_of(group.front().path[depth])) {
          TRY(element(std::exchange(group, {}), depth, member));
        } else {
          TRY(element(take_group(group, depth), depth + 1, member));
        }
      }
    }
    map ? writer_.end_object() : writer_.end_array();
    return {};
  }

  ApiResult<void> element(Group group, std::size_t depth, const Member& member) {
    if (member.shape == Shape::Texts) {
      writer_.value(TRY(only_value(group, depth)));
      return {};
    }
    if (member.shape == Shape::Structures) {
      return structure(group, depth, member.members);
    }
    if (member.shape == Shape::Numbers) {
      return number(group, depth);
    }
    return entry(group, depth, member);
  }

  ApiResult<void> entry(Group group, std::size_t depth, const Member& member) {
    Group key;
    Group content;
    for (Group rest = group; !rest.empty();) {
      if (rest.front().path.size() <= depth) {
        return unexpected_parameter(rest);
      }
      const Group part = take_group(rest, depth);
      const std::string& name = part.front().path[depth];
      if (name != member.key && name != kValue) {
        return unexpected_parameter(part);
      }
      (name == member.key ? key : content) = part;
    }
    if (key.empty() || content.empty()) {
      return refuse("MissingParameter",
                    fmt::format("The request must contain the parameter {}.{}.", member.wire,
                                key.empty() ? member.key : kValue));
    }
    writer_.name(TRY(only_value(key, depth + 1)));
    if (member.shape == Shape::StructureMap) {
      return structure(content, depth + 1, member.members);
    }
    writer_.value(TRY(only_value(content, depth + 1)));
    return {};
  }

  json::Writer writer_ = {};
};

std::string plain_text(const json::Value& value) {
  json::Writer writer;
  return std::move(writer.value(value)).text();
}

/// Of seconds since 1970.
std::string moment_text(const json::Value& seconds) {
  const auto number = number_of<double>(plain_text(seconds)).value_or(0);
  return format_instant(
      Instant(std::chrono::round<Duration>(std::chrono::duration<double>(number))));
}

/// Writes JSON as XML.
class XmlWriter {
 public:
  explicit XmlWriter(const QueryService& service) : service_(&service) {}

  void structure(const json::Value& value, std::span<const Member> members) {
    for (const Member& member : members) {
      const json::Value* const found = value.find(member.name);
      if (found == nullptr || found->is_null()) {
        continue;
      }
      if (const auto* array = std::get_if<json::Array>(&found->data())) {
        list(*array, member);
      } else if (member.shape == Shape::TextMap || member.shape == Shape::StructureMap) {
        map(*found, member);
      } else {
        content(member.wire, *found, member);
      }
    }
  }

  std::string text() && { return std::move(text_); }

 private:
  void list(const json::Array& items, const Member& member) {
    if (member.in_member) {
      text_ += fmt::format("<{}>", member.wire);
    }
    for (const json::Value& item : items) {
      content(member.in_member ? "member" : member.wire, item, member);
    }
    if (member.in_member) {
      text_ += fmt::format("</{}>", member.wire);
    }
  }

  void map(const json::Value& value, const Member& member) {
    const auto* object = std::get_if<json::Object>(&value.data());
    if (object == nullptr) {
      return;
    }
    for (const auto& [key, item] : *object) {
      text_ += fmt::format("<{0}><{1}>{2}</{1}>", member.wire, member.key, xml_text(key));
      content(kValue, item, member);
      text_ += fmt::format("</{}>", member.wire);
    }
  }

  void content(std::string_view element, const json::Value& value, const Member& member) {
    text_ += fmt::format("<{}>", element);
    if (!member.members.empty()) {
      structure(value, member.members);
    } else if (const auto* text = std::get_if<std::string>(&value.data())) {
      text_ += xml_text(member.shape == Shape::ErrorCode ? query_code(service_, *text)
                                                         : std::string_view(*text));
    } else {
      text_ += member.shape == Shape::Moment || member.shape == Shape::Moments ? moment_text(value)
                                                                               : plain_text(value);
    }
    text_ += fmt::format("</{}>", element);
  }

  std::string text_ = {};
  const QueryService* service_;
};

}  // namespace

ApiResult<Form> parse_form(std::string_view text) {
  Form form;
  if (std::ranges::count(text, '&') > kParametersMax) {
    return malformed(fmt::format("The form has more than {} parameters.", kParametersMax));
  }
  for (const std::string_view pair : split(text, "&")) {
    if (pair.empty()) {
      continue;
    }
    const std::size_t equals = pair.find('=');
    const auto name = decode(pair.substr(0, equals));
    auto value =
        decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
    if (!name || !value || !is_utf8(*name) || !is_utf8(*value)) {
      return malformed("The form is not well encoded.");
    }
    const std::vector<std::string_view> parts = split(*name, ".");
    if (parts.size() > kPathMax) {
      return malformed(fmt::format("A parameter's name has more than {} parts.", kPathMax));
    }
    form.push_back({.path = {parts.begin(), parts.end()}, .value = *std::move(value)});
  }
  std::ranges::sort(form, path_before);
  const auto twice = std::ranges::adjacent_find(form, {}, &FormParameter::path);
  if (twice != form.end()) {
    return malformed(fmt::format("The parameter '{}' stands twice.", joined(*twice)));
  }
  return form;
}

std::string_view form_value(const Form& form, std::string_view name) {
  const auto found = std::ranges::find_if(form, [&](const FormParameter& parameter) {
    return parameter.path.size() == 1 && parameter.path.front() == name;
  });
  return found == form.end() ? std::string_view() : std::string_view(found->value);
}

ApiResult<const QueryOperation*> find_operation(const QueryService& service, const Form& form) {
  const std::string_view action = form_value(form, "Action");
  const std::string_view version = form_value(form, "Version");
  if (action.empty()) {
    return refuse("MissingAction", "The request must contain the parameter Action.");
  }
  const auto found = std::ranges::find(service.operations, action, &QueryOperation::name);
  if (found == service.operations.end() || (!version.empty() && version != service.version)) {
    return refuse("InvalidAction",
                  fmt::format("Could not find operation {} for version {} among those that the "
                              "emulator models",
                              action, version));
  }
  return &*found;
}

std::string_view query_code(const QueryService* service, std::string_view code) {
  const auto* const found = std::ranges::find(kCommonCodes, code, &CommonCode::json);
  if (found != kCommonCodes.end()) {
    return found->query;
  }
  return service == nullptr || service->code == nullptr ? code : service->code(code);
}

ApiResult<std::string> read_query(const QueryOperation& operation, const Form& form) {
  Form parameters;
  std::ranges::copy_if(form, std::back_inserter(parameters), [](const FormParameter& parameter) {
    return parameter.path.size() != 1 ||
           (parameter.path.front() != "Action" && parameter.path.front() != "Version");
  });
  Reader reader;
  TRY(reader.structure(parameters, 0, operation.input));
  return std::move(reader).text();
}

std::string write_query(const QueryService& service, const QueryOperation& operation,
                        const json::Value& answer, std::string_view request_id) {
  XmlWriter writer(service);
  writer.structure(answer, operation.output);
  const std::string result =
      operation.output.empty() && !operation.empty_result
          ? std::string()
          : fmt::format("<{0}Result>{1}</{0}Result>", operation.name, std::move(writer).text());
  return fmt::format(
      "<?xml version=\"1.0\"?><{0}Response xmlns=\"{1}\">{2}<ResponseMetadata><RequestId>{3}"
      "</RequestId></ResponseMetadata></{0}Response>",
      operation.name, service.xml_namespace, result, request_id);
}

std::string xml_text(std::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    const std::size_t special = std::min(text.find_first_of("\t\r\xef"), text.size());
    escaped += markup_text(text.substr(0, special));
    text.remove_prefix(special);
    if (text.empty()) {
      break;
    }
    // U+FFFE and U+FFFF are no characters of XML 1.0.
    const bool none = text.starts_with("\xef\xbf\xbe") || text.starts_with("\xef\xbf\xbf");
    if (none) {
      escaped += '?';
    } else {
      escaped += text.front() == '\t' ? "&#9;" : text.front() == '\r' ? "&#13;" : "\xef";
    }
    text.remove_prefix(none ? 3 : 1);
  }
  return escaped;
}

}  // namespace scaler::emulator
