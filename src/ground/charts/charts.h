#pragma once
// What a page needs to draw charts over time: dygraphs with its licence, and chart.js beside this
// file, which says how these charts look and behave. For a script and a style element.

#include <string>

namespace scaler::charts {

const std::string& script();
const std::string& style();

}  // namespace scaler::charts
