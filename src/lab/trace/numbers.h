#pragma once
// Numbers of messages, in the ways in which spreadsheets of several countries write them.

#include <string>
#include <string_view>

#include "ground/base/result.h"

namespace scaler::trace {

/// What stands before decimals and what between thousands; blanks and apostrophes may always stand
/// between thousands.
struct NumberStyle {
  char decimal = '.';
  char group = '\0';  ///< none
};

/// Finds the style of a column out of all its cells: "1,234" alone could be either.
class NumberStyles {
 public:
  void see(std::string_view cell);
  /// `dots_may_group`: in a file where commas may be decimals, because they separate no columns.
  NumberStyle style(bool dots_may_group) const;
  /// A cell for which the style matters; empty: there is none.
  const std::string& example() const { return example_; }

 private:
  struct Evidence {
    bool groups = false;    ///< only a mark of thousands can stand so
    bool decimals = false;  ///< only one of decimals can
    bool either = false;
  };
  Evidence comma_ = {};
  Evidence dot_ = {};
  bool ungrouped_ = false;  ///< a number of a thousand and more stands there without any mark
  std::string example_ = {};
};

/// Errors: Malformed, quoting the cell.
Result<double> parse_messages(std::string_view cell, const NumberStyle& style = {});
/// Errors: Malformed for what is no number of messages.
Result<double> check_messages(double value, std::string_view quoted);

/// "", "NaN", "null", "-", ...: there is a row, but no value.
bool is_gap(std::string_view cell);

}  // namespace scaler::trace
