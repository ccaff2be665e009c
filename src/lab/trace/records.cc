// JSON that lists records: an array of objects, one a line, or what CloudWatch Logs answers. They
// are the rows of a table, or hold the lines of this program's own log.
#include <algorithm>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "ground/json/writer.h"
#include "lab/trace/documents.h"
#include "lab/trace/formats.h"
#include "lab/trace/times.h"

namespace scaler::trace {
namespace {

/// Names and what stands there, as text.
using Record = std::vector<std::pair<std::string, std::string>>;

bool is_message(std::string_view name) {
  return name == "message" || name == "@message";
}

/// Lists and objects are no cells; but a log's message may have been taken apart already.
void add_cell(Record& record, const std::string& name, const json::Value& value) {
  const auto& data = value.data();
  if (const auto* const text = std::get_if<std::string>(&data)) {
    record.emplace_back(name, *text);
  } else if (is_message(name) || !(std::holds_alternative<json::Array>(data) ||
                                   std::holds_alternative<json::Object>(data))) {
    record.emplace_back(name, value.is_null() ? "" : json::Writer().value(value).text());
  }
}

/// {"timestamp": .., "count": ..}, or [{"field": "timestamp", "value": ..}, ..] as Logs Insights
/// has it.
Record record_of(const json::Value& value) {
  Record record;
  if (const auto* const object = std::get_if<json::Object>(&value.data())) {
    for (const auto& [name, member] : *object) {
      add_cell(record, name, member);
    }
  } else if (const auto* const fields = std::get_if<json::Array>(&value.data())) {
    for (const json::Value& field : *fields) {
      const json::Value* const name = field.find("field");
      const json::Value* const text = field.find("value");
      const auto* const told = name == nullptr ? nullptr : std::get_if<std::string>(&name->data());
      if (told != nullptr && text != nullptr) {
        add_cell(record, *told, *text);
      }
    }
  }
  return record;
}

/// The lists of `aws logs filter-log-events` and `get-query-results` stand in an object.
std::vector<Record> records_of(const std::vector<json::Value>& documents) {
  std::vector<Record> records;
  for (const json::Value& document : documents) {
    const json::Value* const events = document.find("events");
    const json::Value* const results = document.find("results");
    const json::Value* const list = events != nullptr ? events : results;
    const auto* const items = list == nullptr ? nullptr : std::get_if<json::Array>(&list->data());
    if (items == nullptr) {
      records.push_back(record_of(document));
    } else {
      std::ranges::transform(*items, std::back_inserter(records), record_of);
    }
  }
  return records;
}

/// The messages in which a pass may stand, one a line.
std::string journal_of(const std::vector<Record>& records) {
  std::string lines;
  for (const Record& record : records) {
    for (const auto& [name, text] : record) {
      if (is_message(name) && text.contains("\"queues\":")) {
        std::string line = text;
        std::ranges::replace(line, '\n', ' ');
        lines += line + "\n";
      }
    }
  }
  return lines;
}

bool any_cell(const std::vector<Record>& records, auto&& test) {
  return std::ranges::any_of(
      records, [&](const Record& record) { return std::ranges::any_of(record, test); });
}

Result<void> check_records(const std::vector<Record>& records) {
  if (any_cell(records, [](const auto& cell) { return is_message(cell.first); })) {
    return fail(ErrorKind::Malformed,
                "it is the JSON of a log, and no pass of this program is in it: give the log of "
                "its passes, or what arrived as a count for each time, as Logs Insights' stats "
                "count(*) by bin(1m) tells it");
  }
  const bool timed = any_cell(records, [](const auto& cell) {
    return parse_moment(cell.second, DateOrder::DayFirst) ||
           parse_moment(cell.second, DateOrder::MonthFirst);
  });
  return timed ? Result<void>()
               : fail(ErrorKind::Malformed,
                      "it is JSON, but none that is known: give what aws cloudwatch "
                      "get-metric-data or get-metric-statistics, Prometheus' /api/v1/query_range "
                      "or ecs-scaler trace print, or records with a time and a number");
}

/// Quoted, on one line.
std::string quoted_cell(std::string text) {
  std::erase(text, '"');
  std::ranges::replace(text, '\n', ' ');
  return "\"" + text + "\"";
}

/// The names of all cells. At most some hundred: each further cell is looked for among them, and
/// one record of a hundred thousand names took minutes.
Result<std::vector<std::string>> names_of(const std::vector<Record>& records) {
  constexpr std::size_t kNamesMax = 500;
  constexpr std::size_t kCellsMax = 20'000'000;
  std::vector<std::string> names;
  for (const Record& record : records) {
    for (const auto& cell : record) {
      if (std::ranges::find(names, cell.first) != names.end()) {
        continue;
      }
      names.push_back(cell.first);
      if (names.size() > kNamesMax || names.size() * records.size() > kCellsMax) {
        return fail(ErrorKind::Malformed,
                    "its records have too many fields: give those of the time and the number "
                    "alone");
      }
    }
  }
  return names;
}

/// The records as CSV, whose columns are all names that there are.
Result<std::string> table_of(const std::vector<Record>& records) {
  const std::vector<std::string> names = TRY(names_of(records));
  std::string text;
  const auto add_line = [&](auto&& cell) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      text += (i == 0 ? "" : ",") + quoted_cell(cell(names.at(i)));
    }
    text += '\n';
  };
  add_line([](const std::string& name) { return name; });
  for (const Record& record : records) {
    add_line([&record](const std::string& name) {
      const auto found = std::ranges::find(record, name, &Record::value_type::first);
      return found == record.end() ? std::string() : found->second;
    });
  }
  return text;
}

}  // namespace

Result<Trace> read_records(std::string_view text, const ReadOptions& options) {
  const std::vector<Record> records = records_of(TRY(parse_documents(text)));
  if (const std::string lines = journal_of(records); !lines.empty()) {
    return read_journal(lines, options);
  }
  TRY(check_records(records));
  const std::string table = TRY(table_of(records));
  Trace trace = TRY(read_csv(table, options, {.kind = "record", .front = 1}));
  trace.format = Format::Records;
  return trace;
}

}  // namespace scaler::trace
