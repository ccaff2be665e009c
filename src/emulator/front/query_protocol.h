#pragma once
// AWS's Query protocol: a form in, XML out. An operation is described by a table of its members;
// the form becomes the JSON that the operation takes in the JSON protocol, and its JSON answer
// becomes XML, so that there is one implementation of each operation.
// Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/request/aws_request.h"
#include "ground/json/value.h"

namespace scaler::emulator {

enum class Shape : std::uint8_t {
  Text,
  Integer,
  Number,
  Moment,  ///< in JSON seconds since 1970, else as RFC 3339 has it
  Flag,
  ErrorCode,     ///< a text, which the Query protocol spells in its own way
  Texts,         ///< a list
  Numbers,       ///< a list
  Moments,       ///< a list
  TextMap,       ///< Member.1.Name=key&Member.1.Value=value
  Structures,    ///< a list; in the JSON even when the form has none
  StructureMap,  ///< Member.1.Name=key&Member.1.Value.Field=..
  Structure,
};

struct Member {
  std::string_view name = {};  ///< in JSON
  std::string_view wire = {};  ///< in forms and XML; of a list or map that of each element
  Shape shape = Shape::Text;
  std::span<const Member> members = {};  ///< of the structures
  std::string_view key = "Name";         ///< what a map calls its keys on the wire
  bool in_member = false;                ///< in XML a list is an element, with "member" below it
};

/// A member of the same name in both protocols.
constexpr Member one(std::string_view name, Shape shape = Shape::Text) {
  return {.name = name, .wire = name, .shape = shape};
}

struct QueryOperation {
  std::string_view name = {};
  std::span<const Member> input = {};
  std::span<const Member> output = {};  ///< empty: the answer has no result, or an empty one
  bool empty_result = false;
};

struct QueryService {
  std::string_view xml_namespace = {};
  std::string_view version = {};
  std::span<const QueryOperation> operations = {};
  /// What the protocol calls an error of the service; nullptr: by its name in JSON.
  std::string_view (*code)(std::string_view) = nullptr;
};

/// A form's parameter: "Tag.1.Key=a" has the path {"Tag", "1", "Key"}.
struct FormParameter {
  std::vector<std::string> path = {};
  std::string value = {};
};

/// Sorted by path, numbers by their size.
using Form = std::vector<FormParameter>;

/// Errors: MalformedQueryString for bad percent-encoding, bad UTF-8, or a parameter that stands
/// twice.
ApiResult<Form> parse_form(std::string_view text);

/// The value of a parameter with a plain name; empty when it is not there.
std::string_view form_value(const Form& form, std::string_view name);

/// The operation that the form's Action and Version name; a form without a Version means ours.
/// Errors: MissingAction, InvalidAction.
ApiResult<const QueryOperation*> find_operation(const QueryService& service, const Form& form);

/// What the Query protocol calls an error; `service` may be nullptr.
std::string_view query_code(const QueryService* service, std::string_view code);

/// The operation's input as JSON.
/// Errors: InvalidParameterValue, MalformedQueryString, MissingParameter.
ApiResult<std::string> read_query(const QueryOperation& operation, const Form& form);

/// The XML of the operation's answer.
std::string write_query(const QueryService& service, const QueryOperation& operation,
                        const json::Value& answer, std::string_view request_id);

/// As it stands in XML; also tabs and ends of lines come through a parser as they are.
std::string xml_text(std::string_view text);

}  // namespace scaler::emulator
