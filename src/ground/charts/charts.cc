#include "ground/charts/charts.h"

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

}  // namespace

const std::string& script() {
  static const std::string text = std::string("/*!\n")
                                      .append(copyright())
                                      .append("*/\n")
                                      .append(without_source_map(dygraph_min_js()))
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
