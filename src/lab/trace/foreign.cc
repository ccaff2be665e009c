// What a file is that is no trace.
#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "lab/trace/formats.h"
#include "lab/trace/unpack.h"

namespace scaler::trace {
namespace {

struct Kind {
  std::string_view begins = {};
  std::string_view told = {};
};

using namespace std::string_view_literals;
constexpr std::array kKinds{
    Kind{"PK\x03\x04"sv,
         "it is a ZIP archive or an Excel workbook: unpack it, or save the table "
         "as CSV"sv},
    Kind{"\xd0\xcf\x11\xe0"sv, "it is an old Excel workbook: save the table as CSV"sv},
    Kind{"BZh"sv, "it is packed with bzip2: unpack it, or pack it with gzip or zstd"sv},
    Kind{"\xfd"
         "7zXZ"sv,
         "it is packed with xz: unpack it, or pack it with gzip or zstd"sv},
    Kind{"PAR1"sv, "it is Parquet: write it as CSV"sv},
    Kind{"%PDF"sv, "it is a PDF: give the table as CSV"sv},
    Kind{"\x89PNG"sv, "it is a picture: give the numbers behind it as CSV"sv},
    Kind{"\xff\xfe"sv,
         "it is UTF-16, as PowerShell writes it: save it as UTF-8 (Out-File -Encoding "
         "utf8)"sv},
    Kind{"\xfe\xff"sv, "it is UTF-16: save it as UTF-8"sv},
};

/// Of texts, after blanks.
constexpr std::array kTexts{
    Kind{"<"sv, "it is XML or HTML, perhaps a page that asks to sign in: give CSV or JSON"sv},
    Kind{"METRICDATARESULTS\t"sv,
         "it is the AWS CLI's text: print the metric with --output json"sv},
    Kind{"DATAPOINTS\t"sv, "it is the AWS CLI's text: print the metric with --output json"sv},
    Kind{"MetricDataResults:"sv, "it is the AWS CLI's YAML: print the metric with --output json"sv},
    Kind{"Datapoints:"sv, "it is the AWS CLI's YAML: print the metric with --output json"sv},
    Kind{"---"sv, "it is a table for people, or YAML: print it with --output json, or give CSV"sv},
    Kind{"# HELP "sv,
         "it is one page of Prometheus' metrics, not their history: ask Prometheus "
         "with /api/v1/query_range"sv},
    Kind{"# TYPE "sv,
         "it is one page of Prometheus' metrics, not their history: ask Prometheus "
         "with /api/v1/query_range"sv},
    Kind{"An error occurred ("sv, "it is an error of the AWS CLI: run its command again"sv},
    Kind{"usage: "sv, "it is the help of a command: run that command again"sv},
};

template <std::size_t Count>
Result<void> check_beginning(std::string_view text, const std::array<Kind, Count>& kinds) {
  const auto* const found = std::ranges::find_if(
      kinds, [text](const Kind& kind) { return text.starts_with(kind.begins); });
  return found == kinds.end() ? Result<void>()
                              : fail(ErrorKind::Malformed, std::string(found->told));
}

}  // namespace

Result<void> check_text(std::string_view text) {
  const std::string_view content = trimmed(text);
  if (content.empty()) {
    return fail(ErrorKind::Malformed,
                "it is empty: a time and a number are expected in each line, as in 2026-11-23 "
                "12:00,42");
  }
  if (packing_of(text) != Packing::None) {
    return fail(ErrorKind::Malformed, "it is packed twice: unpack it once");
  }
  TRY(check_beginning(text, kKinds));
  TRY(check_beginning(content, kTexts));
  constexpr std::size_t kTarMark = 257;
  if (text.size() > kTarMark && text.substr(kTarMark).starts_with("ustar")) {
    return fail(ErrorKind::Malformed, "it is a tar archive: unpack it and give the file in it");
  }
  const std::size_t zero = text.find('\0');
  if (zero != std::string_view::npos) {
    return fail(ErrorKind::Malformed,
                fmt::format("it is no text, for byte {} is zero: give CSV or JSON", zero));
  }
  return {};
}

}  // namespace scaler::trace
