#include "emulator/front/pages.h"

#include <utility>

#include "ground/base/text.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"

namespace scaler::emulator {

net::HttpResponse page(int status, std::string body) {
  return {.status = status,
          .headers = {{.name = "Content-Type", .value = "application/json"}},
          .body = std::move(body)};
}

net::HttpResponse page_error(int status, std::string_view message) {
  json::Writer writer;
  writer.begin_object().field("message", message).end_object();
  return page(status, std::move(writer).text());
}

Result<QueueChange> read_queue_change(const std::string& text) {
  constexpr double kLagMax = 3600;
  const json::Value document = TRY(json::parse(text));
  const json::Reader root(document, "$");
  TRY(root.only_fields({"queue", "count_lag"}));
  const json::Reader queue = TRY(root.field("queue"));
  const json::Reader lag = TRY(root.field("count_lag"));
  QueueChange change;
  change.queue = TRY(queue.string());
  const double seconds = TRY(lag.number());
  if (seconds < 0 || seconds > kLagMax) {
    return fail(ErrorKind::Malformed, lag.path() + ": not from 0 to 3600 seconds");
  }
  change.count_lag = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  return change;
}

Result<ResetWish> read_reset(const std::string& text) {
  ResetWish wish;
  if (text.empty()) {
    return wish;
  }
  const json::Value document = TRY(json::parse(text));
  const json::Reader root(document, "$");
  TRY(root.only_fields({"empty"}));
  if (const auto empty = root.optional_field("empty")) {
    wish.empty = TRY(empty->boolean());
  }
  return wish;
}

std::optional<std::uint64_t> parse_after(std::string_view query) {
  constexpr std::string_view kName = "after=";
  if (query.empty()) {
    return 0;
  }
  if (!query.starts_with(kName)) {
    return std::nullopt;
  }
  return number_of<std::uint64_t>(query.substr(kName.size()));
}

}  // namespace scaler::emulator
