#include "ground/yaml/yaml.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include <fmt/core.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"

namespace scaler::yaml {
namespace {

std::unexpected<Error> malformed(const YAML::Mark& mark, std::string_view what) {
  if (mark.is_null()) {
    return fail(ErrorKind::Malformed, std::string(what));
  }
  return fail(ErrorKind::Malformed,
              fmt::format("line {}, column {}: {}", mark.line + 1, mark.column + 1, what));
}

/// The length of the UTF-8 character that starts with this byte, or 0 when none does.
std::size_t announced_length(unsigned char first) {
  if (first < 0x80) {
    return 1;
  }
  if (first < 0xc2 || first >= 0xf5) {
    return 0;
  }
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/// The length of the UTF-8 character at the start of `text`, or 0 when it is none.
std::size_t character_length(std::string_view text) {
  const std::size_t length = announced_length(static_cast<unsigned char>(text.front()));
  if (length == 0 || length > text.size()) {
    return 0;
  }
  const bool continued = std::ranges::all_of(text.substr(1, length - 1), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
  });
  return continued ? length : 0;
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

Result<void> check_encoding(std::string_view text) {
  std::size_t line = 1;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length == 0) {
      return fail(ErrorKind::Malformed, fmt::format("line {}: not UTF-8", line));
    }
    const bool control = static_cast<unsigned char>(text.front()) < 0x20;
    if (control && !one_of(text.substr(0, 1), {"\t", "\n", "\r"})) {
      return fail(ErrorKind::Malformed, fmt::format("line {}: a control character", line));
    }
    line += text.front() == '\n' ? 1U : 0U;
    text.remove_prefix(length);
  }
  return {};
}

/// yaml-cpp keeps some 230 bytes for each bracket that is open, before anybody can count them.
/// Those in texts and comments are taken along, so the bound is far from what a document needs.
Result<void> check_brackets(std::string_view text) {
  constexpr int kOpenMax = 10'000;
  int open = 0;
  int line = 1;
  for (const char c : text) {
    open += c == '[' || c == '{' ? 1 : 0;
    open -= open > 0 && (c == ']' || c == '}') ? 1 : 0;
    line += c == '\n' ? 1 : 0;
    if (open > kOpenMax) {
      return fail(ErrorKind::Malformed,
                  fmt::format("line {}: more than {} brackets are open", line, kOpenMax));
    }
  }
  return {};
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  const bool hexadecimal = text.starts_with("0x");
  const bool octal = text.starts_with("0o");
  std::string_view digits = text.substr(hexadecimal || octal ? 2 : 0);
  if (digits.starts_with('+') && digits.size() == text.size()) {
    digits.remove_prefix(1);
  }
  const int base = hexadecimal ? 16 : octal ? 8 : 10;
  const bool signed_base = base != 10 && digits.starts_with('-');
  return signed_base ? std::nullopt : number_of<std::int64_t>(digits, base);
}

std::optional<double> real_number(std::string_view text) {
  std::string_view digits = text;
  digits.remove_prefix(digits.starts_with('+') ? 1U : 0U);
  const bool numeric = digits.find_first_not_of("0123456789.eE+-") == std::string_view::npos &&
                       digits.find_first_of("0123456789") != std::string_view::npos;
  return numeric ? number_of<double>(digits) : std::nullopt;
}

/// What the parser says while nothing is built: how many values there are, and where documents
/// begin. Nodes of yaml-cpp take some 500 bytes each, so a document that only consists of commas
/// must be refused before they are made.
class Survey final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { start_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { count(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { count(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {
    count(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/,
                       YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {
    count(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    count(mark);
  }
  void OnMapEnd() override {}

  const YAML::Mark& start() const { return start_; }
  /// The first value that is too many.
  const std::optional<YAML::Mark>& excess() const { return excess_; }

 private:
  /// Keys are scalars here as well, so there are up to two of them for each value.
  void count(const YAML::Mark& mark) {
    if (++values_ > 2 * kValuesMax && !excess_) {
      excess_ = mark;
    }
  }

  YAML::Mark start_;
  std::size_t values_ = 0;
  std::optional<YAML::Mark> excess_;
};

std::unexpected<Error> too_many(const YAML::Mark& mark) {
  return malformed(mark, fmt::format("more than {} values", kValuesMax));
}

/// One document of bounded size, and nothing after it. At most two documents are asked for: where a
/// document cannot begin, as at a ',', yaml-cpp finds an empty one and stays there, so a loop until
/// the end of the text does not end.
Result<void> survey(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Survey survey;
  if (!parser.HandleNextDocument(survey)) {
    return fail(ErrorKind::Malformed, "there is nothing in it");
  }
  if (survey.excess()) {
    return too_many(*survey.excess());
  }
  if (!parser.HandleNextDocument(survey)) {
    return {};
  }
  const YAML::Mark& mark = survey.start();
  const auto at = static_cast<std::size_t>(std::max(mark.pos, 0));
  const std::string_view next = std::string_view(text).substr(std::min(at, text.size()), 1);
  if (one_of(next, {",", "]", "}"})) {
    return malformed(mark, fmt::format("'{}' does not belong here", next));
  }
  return malformed(mark, "a second document begins");
}

/// A plain scalar by YAML 1.2's core schema (chapter 10.3.2).
json::Value plain(const std::string& text) {
  if (one_of(text, {"", "~", "null", "Null", "NULL"})) {
    return {};
  }
  if (one_of(text, {"true", "True", "TRUE"})) {
    return json::Value(true);
  }
  if (one_of(text, {"false", "False", "FALSE"})) {
    return json::Value(false);
  }
  if (const auto whole = whole_number(text)) {
    return json::Value(*whole);
  }
  if (const auto real = real_number(text)) {
    return json::Value(*real);
  }
  return json::Value(text);
}

class Converter {
 public:
  Result<json::Value> convert(const YAML::Node& node, int depth) {
    if (depth > kDepthMax) {
      return malformed(node.Mark(), fmt::format("nested more than {} deep", kDepthMax));
    }
    if (++values_ > kValuesMax) {
      return too_many(node.Mark());
    }
    TRY(count_text(node));
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        return scalar(node);
      case YAML::NodeType::Sequence:
        return sequence(node, depth);
      case YAML::NodeType::Map:
        return map(node, depth);
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        break;
    }
    return {};
  }

 private:
  /// Each alias of a text is a copy of it: a thousand of one of a megabyte took all memory, and
  /// with it the controller that read its file again.
  Result<void> count_text(const YAML::Node& node) {
    text_ += node.IsScalar() ? node.Scalar().size() : 0;
    return text_ <= kTextMax
               ? Result<void>()
               : malformed(node.Mark(), fmt::format("more than {} bytes of text, aliases counted "
                                                    "as they stand",
                                                    kTextMax));
  }

  static Result<json::Value> scalar(const YAML::Node& node) {
    const std::string& tag = node.Tag();
    if (tag == "?" || tag.empty()) {
      return plain(node.Scalar());
    }
    if (tag == "!" || tag == "tag:yaml.org,2002:str") {
      return json::Value(node.Scalar());
    }
    return malformed(node.Mark(), fmt::format("the tag {} is not known", shortened(tag)));
  }

  Result<json::Value> sequence(const YAML::Node& node, int depth) {
    json::Array array;
    for (const YAML::Node& element : node) {
      array.push_back(TRY(convert(element, depth + 1)));
    }
    return json::Value(std::move(array));
  }

  Result<json::Value> map(const YAML::Node& node, int depth) {
    json::Object object;
    for (const auto& member : node) {
      if (!member.first.IsScalar()) {
        return malformed(member.first.Mark(), "a key must be a scalar");
      }
      TRY(count_text(member.first));
      object.emplace_back(member.first.Scalar(), TRY(convert(member.second, depth + 1)));
    }
    if (const std::string* name = json::repeated_name(object)) {
      return malformed(second_of(node, *name),
                       fmt::format("the key '{}' stands twice", shortened(*name)));
    }
    return json::Value(std::move(object));
  }

  /// Where the key stands for the second time.
  static YAML::Mark second_of(const YAML::Node& map, const std::string& name) {
    int seen = 0;
    for (const auto& member : map) {
      if (member.first.Scalar() == name && ++seen == 2) {
        return member.first.Mark();
      }
    }
    return {};
  }

  std::size_t values_ = 0;
  std::size_t text_ = 0;
};

}  // namespace

Result<json::Value> parse(std::string_view text) {
  if (text.size() > kJsonSizeMax) {
    return fail(ErrorKind::Malformed, fmt::format("larger than {} bytes", kJsonSizeMax));
  }
  const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  if (text.substr(begin).starts_with('{')) {
    if (Result<json::Value> value = json::parse(text); value.has_value()) {
      return value;  // Of what is no JSON yaml-cpp tells line and column.
    }
  }
  if (text.size() > kSizeMax) {
    return fail(ErrorKind::Malformed, fmt::format("larger than {} bytes", kSizeMax));
  }
  TRY(check_encoding(text));
  TRY(check_brackets(text));
  try {
    const std::string document(text);
    TRY(survey(document));
    const YAML::Node root = YAML::Load(document);
    if (root.IsNull()) {
      return fail(ErrorKind::Malformed, "there is nothing in it");
    }
    return Converter().convert(root, 0);
  } catch (const YAML::Exception& exception) {
    return malformed(exception.mark, exception.msg);
  }
}

}  // namespace scaler::yaml
