#include "watch/page/live_page.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <fmt/core.h>

#include "ground/base/text.h"
#include "ground/net/host_check.h"
#include "ground/net/url.h"
#include "watch/page/document.h"
#include "watch/page/row.h"

namespace scaler::page {
namespace {

/// A proxy between page and server may end what is silent, and who has gone is found out.
constexpr Duration kBeat = std::chrono::seconds(15);
/// What may wait for a page that reads slowly; then it gets events more rarely.
constexpr std::size_t kWaitingMax = 64U << 10U;

constexpr std::string_view kPage = "/";
constexpr std::string_view kFleet = "/api/fleet";
constexpr std::string_view kService = "/api/service";
constexpr std::string_view kEvents = "/events";
constexpr auto kPaths = std::to_array({kPage, kFleet, kService, kEvents});

constexpr const char* kJson = "application/json; charset=utf-8";
constexpr const char* kPlain = "text/plain; charset=utf-8";

struct Target {
  std::string_view path = {};
  std::string_view query = {};
};

Target parts_of(std::string_view target) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  return {.path = target.substr(0, mark),
          .query = target.substr(std::min(mark + 1, target.size()))};
}

/// The value of a query's parameter, "" when it is not there.
std::string parameter(std::string_view query, std::string_view name) {
  for (const std::string_view pair : split(query, "&")) {
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      return net::percent_decode(pair.substr(equals + 1));
    }
  }
  return {};
}

net::HttpResponse answer_with(int status, const char* type, std::string body) {
  return {.status = status, .headers = LivePage::headers(type), .body = std::move(body)};
}

/// Of no process before this one.
std::string new_epoch() {
  return fmt::format("{:x}", system_clock().now().time_since_epoch().count());
}

}  // namespace

LivePage::LivePage(net::EventLoop& loop, PageOptions options)
    : options_(std::move(options)),
      history_(options_.history),
      feed_(new_epoch(), options_.feed),
      beat_(loop) {}

net::HttpHeaders LivePage::headers(std::string type) {
  return {{"Content-Type", std::move(type)},
          {"Cache-Control", "no-store"},
          {"X-Content-Type-Options", "nosniff"},
          {"Referrer-Policy", "no-referrer"},
          {"Content-Security-Policy", document_policy()}};
}

void LivePage::show(const std::shared_ptr<const FleetStatus>& status) {
  for (const ServiceView& service : status->services) {
    history_.add(row_id(service), service);
  }
  for (const std::string& gone : feed_.show(status)) {
    history_.forget(gone);
  }
  feed_listeners();
}

bool LivePage::handles(std::string_view target) {
  return std::ranges::find(kPaths, parts_of(target).path) != kPaths.end();
}

void LivePage::answer(const net::ServerRequest& request,
                      const std::function<void(net::HttpResponse)>& respond) {
  const auto [path, query] = parts_of(request.target);
  if (path == kPage) {
    respond(answer_with(200, "text/html; charset=utf-8", document()));
  } else if (const auto foreign = net::foreign_page(request.headers)) {
    // Nor could it read the answer; but it could take all the room that there is for events.
    respond(answer_with(403, kPlain, "this is told to the page of this server alone\n"));
  } else if (path == kFleet) {
    respond(fleet());
  } else if (path == kService) {
    respond(service(query));
  } else if (request.method == "HEAD") {
    respond(answer_with(200, "text/event-stream", ""));
  } else if (!begin_events(request, query)) {
    net::HttpResponse full = answer_with(503, kPlain, "as many pages listen as may\n");
    full.headers.push_back({"Retry-After", "5"});
    respond(std::move(full));
  }
}

net::HttpResponse LivePage::fleet() const {
  json::Writer out;
  out.begin_object().field("shows", options_.shows).field("every_ms", options_.every.count());
  out.field("revision", feed_.revision());
  write_head(out, feed_.status());
  out.name("services").begin_array();
  for (const ServiceView& service : feed_.status().services) {
    write_row(out, service);
  }
  out.end_array().end_object();
  return answer_with(200, kJson, std::move(out).text() + "\n");
}

net::HttpResponse LivePage::service(std::string_view query) const {
  const std::string id = parameter(query, "id");
  const std::string since = parameter(query, "since");
  const auto later_than =
      since.empty() ? std::numeric_limits<std::int64_t>::min() : number_of<std::int64_t>(since);
  if (id.empty() || !later_than) {
    return answer_with(400, kPlain,
                       "the query must be id=<a service's id of /api/fleet>, and may have "
                       "since=<milliseconds since 1970>\n");
  }
  const ServiceView* const view = feed_.find(id);
  if (view == nullptr) {
    return answer_with(404, kPlain, "there is no such service\n");
  }
  json::Writer out;
  out.begin_object().name("service");
  write_row(out, *view);
  out.name("points").begin_object();
  history_.write(out, id, *later_than);
  out.end_object().end_object();
  return answer_with(200, kJson, std::move(out).text() + "\n");
}

bool LivePage::begin_events(const net::ServerRequest& request, std::string_view query) {
  const auto last = net::find_header(request.headers, "last-event-id");
  const std::string known = last ? std::string(*last) : parameter(query, "since");
  const auto next = feed_.after(known);
  net::HttpResponse head = answer_with(200, "text/event-stream", "retry: 2000\n\n");
  if (!next) {
    head.body += feed_.reset();
  }
  auto stream = request.stream(head);
  if (stream == nullptr) {
    return false;
  }
  listeners_.push_back({.stream = std::move(stream), .next = next.value_or(feed_.end())});
  feed_listeners();
  if (!beat_.waits()) {
    beat_later();
  }
  return true;
}

void LivePage::feed_listeners() {
  for (Listener& listener : listeners_) {
    while (listener.next < feed_.end() &&
           listener.stream->waiting().value_or(kWaitingMax) < kWaitingMax) {
      const Feed::Event event = feed_.event(listener.next);
      listener.stream->send(*event.text);
      listener.next = event.number + 1;
    }
  }
  std::erase_if(listeners_,
                [](const Listener& listener) { return !listener.stream->waiting().has_value(); });
}

void LivePage::beat_later() {
  beat_.start(kBeat, [this] {
    for (const Listener& listener : listeners_) {
      if (listener.stream->waiting() == 0U) {
        listener.stream->send(": still here\n\n");
      }
    }
    feed_listeners();
    if (!listeners_.empty()) {
      beat_later();
    }
  });
}

}  // namespace scaler::page
