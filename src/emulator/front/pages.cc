#include "emulator/front/pages.h"

#include <utility>

#include <fmt/core.h>

#include "emulator/front/group_wishes.h"
#include "emulator/front/route.h"
#include "emulator/front/status.h"
#include "ground/base/text.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

constexpr std::string_view kPages = "/_emulator/";

}  // namespace

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

/// {"documented": true}: calls beyond the rates that AWS documents are throttled from now on.
Result<bool> read_rates(const std::string& text) {
  const json::Value document = TRY(json::parse(text));
  const json::Reader root(document, "$");
  TRY(root.only_fields({"documented"}));
  const json::Reader wish = TRY(root.field("documented"));
  return wish.boolean();
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

bool OwnPages::handles(std::string_view target) {
  return target.starts_with(kPages);
}

net::HttpResponse OwnPages::answer(const net::ServerRequest& request) const {
  const std::string_view target = std::string_view(request.target).substr(kPages.size());
  const std::size_t mark = target.find('?');
  const std::string_view name = target.substr(0, mark);
  if (name == "faults") {
    return faults(request);
  }
  if (name == "rates") {
    return rates(request);
  }
  const bool changes = name == "queues" || name == "reset" || name == "groups";
  if (!changes && name != "status" && name != "events") {
    return page_error(
        404, "there are /_emulator/status, events, faults, groups, queues, rates and reset");
  }
  if (request.method != (changes ? "POST" : "GET")) {
    return page_error(405, changes ? "only POST" : "only GET");
  }
  if (changes) {
    return changed(request.body, name == "queues"  ? &OwnPages::change_queue
                                 : name == "reset" ? &OwnPages::start_anew
                                                   : &OwnPages::change_group);
  }
  if (name == "status") {
    return page(200, status());
  }
  const auto after =
      parse_after(mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1));
  return after ? page(200, write_events(world, *after))
               : page_error(400, "the query must be after=<number>");
}

net::HttpResponse OwnPages::faults(const net::ServerRequest& request) const {
  if (request.method == "DELETE") {
    front.faults().clear();
    front.release_hanging();
  } else if (request.method == "POST") {
    if (const auto added = front.faults().add(request.body, operation_names()); !added) {
      return page_error(400, added.error().message);
    }
  } else if (request.method != "GET") {
    return page_error(405, "only GET, POST and DELETE");
  }
  json::Writer writer;
  writer.begin_object().name("faults");
  front.faults().write(writer);
  writer.end_object();
  return page(200, std::move(writer).text());
}

net::HttpResponse OwnPages::rates(const net::ServerRequest& request) const {
  if (request.method == "POST") {
    const Result<bool> wish = read_rates(request.body);
    if (!wish) {
      return page_error(400, wish.error().message);
    }
    front.rates().observe(*wish);
  } else if (request.method != "GET") {
    return page_error(405, "only GET and POST");
  }
  json::Writer writer;
  front.rates().write(writer);
  return page(200, std::move(writer).text());
}

/// The status when it is done; else what is wrong, by its kind.
net::HttpResponse OwnPages::changed(const std::string& text,
                                    Result<void> (OwnPages::*change)(const std::string&)
                                        const) const {
  const Result<void> done = (this->*change)(text);
  if (done.has_value()) {
    return page(200, status());
  }
  const ErrorKind kind = done.error().kind;
  const int code = kind == ErrorKind::Malformed ? 400 : kind == ErrorKind::NotFound ? 404 : 500;
  return page_error(code, done.error().message);
}

Result<void> OwnPages::start_anew(const std::string& text) const {
  return reset(TRY(read_reset(text)));
}

Result<void> OwnPages::change_group(const std::string& text) const {
  return grant_group_wish(world, text);
}

Result<void> OwnPages::change_queue(const std::string& text) const {
  const QueueChange change = TRY(read_queue_change(text));
  world::Queue* queue = world.find_queue(change.queue);
  if (queue == nullptr) {
    return fail(ErrorKind::NotFound, fmt::format("there is no queue '{}'", change.queue));
  }
  world::QueueSettings settings = queue->settings();
  settings.count_lag = change.count_lag;
  queue->change_settings(std::move(settings), world.now());
  return {};
}

}  // namespace scaler::emulator
