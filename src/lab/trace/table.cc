#include "lab/trace/table.h"

#include <algorithm>

#include "ground/base/text.h"

namespace scaler::trace {
namespace {

std::string_view unquoted(std::string_view cell) {
  cell = trimmed(cell);
  if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') {
    cell = trimmed(cell.substr(1, cell.size() - 2));
  }
  return cell;
}

/// Where the separator is that stands outside of quotes.
std::size_t end_of_cell(std::string_view line, char separator) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line.at(i) == '"') {
      quoted = !quoted;
    } else if (line.at(i) == separator && !quoted) {
      return i;
    }
  }
  return std::string_view::npos;
}

/// Of the first line: the comma is last, because the others may have it in their numbers.
char separator_of(std::string_view line) {
  for (const char separator : {';', '\t', ',', '|'}) {
    if (end_of_cell(line, separator) != std::string_view::npos) {
      return separator;
    }
  }
  return ',';
}

/// "(20 rows)", "20 rows in set (0.01 sec)", "Time: 0.512 ms".
bool is_footer(std::string_view line) {
  return (line.starts_with('(') && (line.ends_with(" rows)") || line.ends_with(" row)"))) ||
         (is_digit(line.front()) && line.ends_with(" sec)") &&
          (line.contains(" rows in set") || line.contains(" row in set"))) ||
         (line.starts_with("Time: ") && line.contains(" ms") && !line.contains(','));
}

/// "---+---", "|---|---|" and what stands below such a table.
bool is_frame(std::string_view line) {
  return (line.contains("---") && line.find_first_not_of("+-|: ") == std::string_view::npos) ||
         is_footer(line);
}

/// "| a | b |" -> " a | b ".
std::string_view without_frame(std::string_view line) {
  return line.size() > 2 && line.starts_with('|') && line.ends_with('|')
             ? line.substr(1, line.size() - 2)
             : line;
}

}  // namespace

bool Table::next() {
  while (lines_.next()) {
    // Tabs at the ends are empty cells where they separate.
    const std::string_view line = without_frame(trimmed(lines_.line()));
    if (line.empty() || line.front() == '#' || is_frame(line)) {
      continue;
    }
    if (separator_ == '\0') {
      // How spreadsheets are told what separates.
      if (line.size() == 5 && line.starts_with("sep=")) {
        separator_ = line.back();
        continue;
      }
      separator_ = separator_of(line);
    }
    take_apart(separator_ == '\t' ? lines_.line() : line);
    return true;
  }
  return false;
}

void Table::take_apart(std::string_view line) {
  cells_.clear();
  while (true) {
    const std::size_t at = end_of_cell(line, separator_);
    cells_.push_back(unquoted(line.substr(0, at)));
    if (at == std::string_view::npos) {
      return;
    }
    line.remove_prefix(at + 1);
  }
}

}  // namespace scaler::trace
