#include "lab/trace/documents.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "lab/trace/formats.h"
#include "lab/trace/times.h"

namespace scaler::trace {
namespace {

/// The end of the object or array that begins at the text's front; npos when it does not end, or
/// when something else stands there, which is the text's last document whatever follows it.
std::size_t document_end(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text.at(i);
    if (in_string) {
      i += c == '\\' ? 1 : 0;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

}  // namespace

Result<std::vector<json::Value>> parse_documents(std::string_view text) {
  std::vector<json::Value> documents;
  for (int number = 1; !trimmed(text).empty(); ++number) {
    text = trimmed(text);
    const std::size_t end = document_end(text);
    Result<json::Value> value = json::parse(text.substr(0, end));
    if (!value) {
      return end == std::string_view::npos
                 ? fail(ErrorKind::Malformed,
                        "its JSON ends too early: copy the whole file, or print it again")
                 : fail(std::move(value).error(), fmt::format("document {}", number));
    }
    if (auto* const several = std::get_if<json::Array>(&value->data())) {
      std::ranges::move(*several, std::back_inserter(documents));
    } else {
      documents.push_back(*std::move(value));
    }
    text.remove_prefix(std::min(end, text.size()));
  }
  return documents;
}

Result<Instant> read_moment(const json::Reader& value) {
  if (const Result<double> number = value.number()) {
    Result<Instant> at = unix_time(*number);
    return at ? at : fail(std::move(at).error(), value.path());
  }
  const std::string text = TRY(value.string());
  const Result<ReadMoment> moment = parse_moment(text);
  if (!moment) {
    return fail(moment.error(), value.path());
  }
  return moment->at;
}

}  // namespace scaler::trace
