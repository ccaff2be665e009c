#include "guard/messages/query_form.h"

#include <algorithm>
#include <map>

#include "ground/base/text.h"
#include "ground/net/url.h"

namespace scaler::guard {
namespace {

std::string decoded(std::string_view text) {
  std::string blanks(text);
  std::ranges::replace(blanks, '+', ' ');
  return net::percent_decode(blanks);
}

}  // namespace

QueryForm read_form(std::string_view text) {
  QueryForm form;
  for (const std::string_view part : split(text, "&")) {
    if (part.empty()) {
      continue;
    }
    const std::size_t equals = std::min(part.find('='), part.size());
    form.emplace_back(decoded(part.substr(0, equals)),
                      decoded(part.substr(std::min(equals + 1, part.size()))));
  }
  return form;
}

std::optional<std::string_view> form_value(const QueryForm& form, std::string_view name) {
  const auto found =
      std::ranges::find_if(form, [name](const auto& one) { return one.first == name; });
  return found == form.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

std::vector<QueryForm> form_entries(const QueryForm& form, std::string_view list) {
  const std::string begin = std::string(list) + ".";
  std::map<int, QueryForm> entries;
  for (const auto& [name, value] : form) {
    if (!name.starts_with(begin)) {
      continue;
    }
    const std::string_view rest = std::string_view(name).substr(begin.size());
    const std::size_t dot = rest.find('.');
    const std::optional<int> number = number_of<int>(rest.substr(0, dot));
    if (number && dot != std::string_view::npos) {
      entries[*number].emplace_back(rest.substr(dot + 1), value);
    }
  }
  std::vector<QueryForm> result;
  for (auto& [number, entry] : entries) {
    result.push_back(std::move(entry));
  }
  return result;
}

std::vector<std::string_view> elements(std::string_view xml, std::string_view name) {
  const std::string open = "<" + std::string(name) + ">";
  const std::string close = "</" + std::string(name) + ">";
  std::vector<std::string_view> found;
  while (true) {
    const std::size_t begin = xml.find(open);
    if (begin == std::string_view::npos) {
      return found;
    }
    xml.remove_prefix(begin + open.size());
    const std::size_t end = xml.find(close);
    if (end == std::string_view::npos) {
      return found;
    }
    found.push_back(xml.substr(0, end));
    xml.remove_prefix(end + close.size());
  }
}

}  // namespace scaler::guard
