#pragma once
// A CSV text as lines of cells, and where its columns are.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/trace/formats.h"

namespace scaler::trace {

/// The lines that hold cells: without blank lines, comments (#) and the frames that psql, mysql and
/// Markdown draw.
class Table {
 public:
  explicit Table(std::string_view text) : lines_(text) {}
  bool next();
  /// As they stand there, without quotes and blanks around them.
  const std::vector<std::string_view>& cells() const { return cells_; }
  std::size_t line() const { return lines_.number(); }
  char separator() const { return separator_; }

 private:
  void take_apart(std::string_view line);

  Lines lines_;
  char separator_ = '\0';  ///< not known yet
  std::vector<std::string_view> cells_ = {};
};

struct Columns {
  std::vector<std::string> header = {};  ///< empty: there is none
  std::size_t front = 0;                 ///< lines in front of the data, the header's included
  std::size_t count = 0;
  std::size_t at = 0;
  std::optional<std::size_t> clock = {};  ///< the time of the day, if `at` holds the date alone
  std::size_t value = 0;
  std::optional<std::size_t> length = {};  ///< seconds that a row stands for
  std::vector<std::size_t> labels = {};    ///< what else a row tells: its queue, ..
  bool told_apart = false;                 ///< rows of one time need the labels
  bool counts_up = false;                  ///< the name of the value says so
  bool events = false;                     ///< nothing counts: each row is one message
  std::string remark = {};
};

/// Looks at the header and the first rows. Errors: Malformed, naming the columns.
Result<Columns> find_columns(std::string_view text, std::string_view wanted);

}  // namespace scaler::trace
