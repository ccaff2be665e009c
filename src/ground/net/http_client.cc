#include "ground/net/http_client.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "ground/base/check.h"
#include "ground/net/http_client_impl.h"

namespace scaler::net {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::string via(const Pool& pool) {
  return pool.proxy.has_value() && *pool.proxy != nullptr
             ? " via the proxy " + to_string(**pool.proxy) + " of " + (*pool.proxy)->variable
             : "";
}

std::string describe(const HttpRequest& request) {
  // Without the query: it may hold what should not be logged.
  const std::string& target = request.target;
  return request.method + " " + request.origin.scheme + "://" + host_header(request.origin) +
         target.substr(0, target.find('?'));
}

/// What was waited for by then.
std::string_view unfinished(const Exchange& exchange) {
  if (exchange.connection == nullptr) {
    return exchange.pool->host->addresses.empty() ? ": no address from the name server"
                                                  : ": not sent";
  }
  if (exchange.connection->stage == ConnectionStage::Tunnelling) {
    return ": no answer of the proxy to CONNECT";
  }
  return setting_up(*exchange.connection) ? ": no connection" : ": not sent";
}

/// For poll(2), rounded up; -1 for no limit.
int milliseconds_until(Deadline limit) {
  if (limit == Deadline::max()) {
    return -1;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - SteadyClock::now());
  return static_cast<int>(
      std::clamp<std::int64_t>(left.count(), 0, std::numeric_limits<int>::max()));
}

/// When something has to be done about an exchange that has no result.
Deadline limit_of(const Exchange& exchange) {
  return exchange.sent_before ? exchange.limits.deadline
                              : std::min(exchange.limits.deadline, exchange.limits.leave_by);
}

}  // namespace

std::unexpected<Error> too_late(const Exchange& exchange, Deadline now) {
  if (exchange.sent_before) {
    return fail(ErrorKind::Unavailable, exchange.what + ": no reply before the deadline");
  }
  if (now >= exchange.limits.deadline) {
    return fail(ErrorKind::Unavailable,
                exchange.what + std::string(unfinished(exchange)) + " before the deadline");
  }
  return fail(ErrorKind::Overdue, exchange.what + ": not sent: its time has passed");
}

HttpClient::Impl::~Impl() {
  for (const auto& pool : pools_) {
    for (const ConnectionPointer& connection : pool->idle) {
      connection->stream->shutdown();
    }
  }
}

Exchange& HttpClient::Impl::add(const Origin& origin, const RequestLimits& limits) {
  const Ticket ticket = ++last_ticket_;
  Exchange& exchange = exchanges_[ticket];
  exchange.ticket = ticket;
  exchange.pool = &pool_of(origin, limits.pool);
  exchange.limits = limits;
  if (outstanding_++ == 0) {
    earliest_limit_ = Deadline::max();
  }
  earliest_limit_ = std::min(earliest_limit_, limit_of(exchange));
  return exchange;
}

Exchange& HttpClient::Impl::add(const HttpRequest& request, const RequestLimits& limits) {
  Exchange& exchange = add(request.origin, limits);
  exchange.what = describe(request) + via(*exchange.pool);
  exchange.repeatable = request.repeatable;
  const Proxy* proxy = exchange.pool->proxy.value_or(nullptr);
  // To an origin behind a tunnel a request goes as if there were no proxy.
  Result<std::string> text =
      write_request(request, request.origin.scheme == "http" ? proxy : nullptr);
  if (text.has_value()) {
    exchange.text = *std::move(text);
    enter(exchange);
  } else {
    refuse(exchange, text.error());
  }
  return exchange;
}

void HttpClient::Impl::refuse(Exchange& exchange, const Error& error) {
  exchange.result = fail(error, exchange.what);
  --outstanding_;
}

/// Lets it wait for a connection, unless there can be none.
void HttpClient::Impl::enter(Exchange& exchange) {
  if (exchange.pool->proxy.has_value()) {
    exchange.pool->waiting.push_back(&exchange);
  } else {
    refuse(exchange, exchange.pool->proxy.error());
  }
}

Ticket HttpClient::Impl::begin(const HttpRequest& request, const RequestLimits& limits) {
  Exchange& exchange = add(request, limits);
  const Ticket ticket = exchange.ticket;
  if (exchange.result.has_value()) {
    finished_.push_back({.ticket = ticket, .response = *std::move(exchange.result)});
    exchanges_.erase(ticket);
  }
  return ticket;
}

Exchange& HttpClient::Impl::add_connection(const Origin& origin, Deadline deadline) {
  Exchange& exchange = add(origin, {.deadline = deadline});
  exchange.what = "connect to " + origin.scheme + "://" + host_header(origin) + via(*exchange.pool);
  exchange.collected = true;
  enter(exchange);
  return exchange;
}

void HttpClient::Impl::finish(Exchange& exchange, Result<HttpResponse> result) {
  CHECK(!exchange.result.has_value());
  --outstanding_;
  exchange.connection = nullptr;
  if (exchange.collected) {
    exchange.result = std::move(result);
    return;
  }
  finished_.push_back(
      {.ticket = exchange.ticket, .response = std::move(result), .left = exchange.left});
  exchanges_.erase(exchange.ticket);
}

void HttpClient::Impl::cancel(Ticket ticket) {
  std::erase_if(finished_, [ticket](const Finished& one) { return one.ticket == ticket; });
  const auto found = exchanges_.find(ticket);
  if (found == exchanges_.end()) {
    return;
  }
  Exchange& exchange = found->second;
  if (exchange.connection != nullptr) {
    release(*exchange.connection);
  } else {
    std::erase(exchange.pool->waiting, &exchange);
  }
  --outstanding_;
  exchanges_.erase(found);
}

Deadline HttpClient::Impl::next_limit(Deadline until) const {
  Deadline limit = std::min({until, earliest_limit_, resolver_.next_limit()});
  for (const ConnectionPointer& connection : active_) {
    if (setting_up(*connection)) {
      limit = std::min(limit, connection->set_up_until);
    }
  }
  for (const auto& pool : pools_) {
    limit = std::min(limit, pool->name_by.value_or(limit));
  }
  return limit;
}

/// The active connections' sockets, in their order, and then that of the look-ups, if any.
void HttpClient::Impl::list_sockets(std::vector<pollfd>& sockets) const {
  for (const ConnectionPointer& connection : active_) {
    const bool write = connection->awaited == IoStep::WantWrite;
    sockets.push_back({.fd = connection->stream->socket(),
                       .events = static_cast<short>(write ? POLLOUT : POLLIN),
                       .revents = 0});
  }
  if (const int lookups = resolver_.socket(); lookups >= 0) {
    sockets.push_back({.fd = lookups, .events = POLLIN, .revents = 0});
  }
}

Awaited HttpClient::Impl::awaited() const {
  Awaited awaited{.until = next_limit(Deadline::max())};
  list_sockets(awaited.sockets);
  return awaited;
}

/// Waits for the active connections' sockets and for look-ups, and goes on with what is ready.
void HttpClient::Impl::poll_until(Deadline limit) {
  polled_.clear();
  list_sockets(polled_);
  if (::poll(polled_.data(), polled_.size(), milliseconds_until(limit)) <= 0) {
    return;
  }
  std::vector<ConnectionPointer> ready;
  for (std::size_t i = 0; i < active_.size(); ++i) {
    if (polled_[i].revents != 0) {
      ready.push_back(active_[i]);
    }
  }
  if (polled_.size() > active_.size() && resolver_.collect(SteadyClock::now())) {
    fail_unresolved();
  }
  for (const ConnectionPointer& connection : ready) {
    advance(connection);
  }
}

/// Ends what waits for a name that was looked up in vain.
void HttpClient::Impl::fail_unresolved() {
  for (const auto& pool : pools_) {
    if (pool->host != nullptr && pool->host->failure) {
      for (Exchange* exchange : std::exchange(pool->waiting, {})) {
        finish(*exchange, fail(*pool->host->failure, exchange->what));
      }
    }
  }
  resolver_.forget_failures();
}

void HttpClient::Impl::expire(Exchange& exchange, Deadline now) {
  const std::unexpected<Error> error = too_late(exchange, now);
  if (Connection* const connection = exchange.connection; connection != nullptr) {
    if (setting_up(*connection)) {
      demote(*connection);
    }
    release(*connection);
  } else {
    std::erase(exchange.pool->waiting, &exchange);
  }
  finish(exchange, error);
}

/// Ends attempts that wait for a name for too long. The look-up goes on, for the next ones.
void HttpClient::Impl::expire_names(Deadline now) {
  for (const auto& pool : pools_) {
    if (!pool->name_by || now < *pool->name_by) {
      continue;
    }
    pool->name_by.reset();
    for (Exchange* exchange : std::exchange(pool->waiting, {})) {
      finish(*exchange,
             fail(ErrorKind::Unavailable, exchange->what + ": no address of " + pool->host->name +
                                              " from the name server within " +
                                              format_duration(longer_timeout())));
    }
  }
}

/// Ends what is over its limits.
void HttpClient::Impl::expire(Deadline now) {
  expire_set_up(now);
  expire_names(now);
  if (now < earliest_limit_) {
    return;
  }
  earliest_limit_ = Deadline::max();
  for (auto next = exchanges_.begin(); next != exchanges_.end();) {
    Exchange& exchange = (next++)->second;  // What follows may erase it.
    if (exchange.result.has_value()) {
      continue;
    }
    const Deadline limit = limit_of(exchange);
    if (limit != Deadline::max() && now >= limit) {
      expire(exchange, now);
    } else {
      earliest_limit_ = std::min(earliest_limit_, limit);
    }
  }
}

/// One poll, and what comes of it.
void HttpClient::Impl::turn(Deadline until) {
  const Deadline limit = next_limit(until);
  poll_until(limit);
  if (limit != Deadline::max()) {
    if (const Deadline now = SteadyClock::now(); now >= limit) {
      expire(now);
    }
  }
  start_waiting();
}

std::vector<Finished> HttpClient::Impl::run(Deadline until) {
  start_waiting();
  while (finished_.empty() && (outstanding_ > 0 || until != Deadline::max())) {
    turn(until);
    if (until != Deadline::max() && SteadyClock::now() >= until) {
      break;
    }
  }
  return std::exchange(finished_, {});
}

Result<HttpResponse> HttpClient::Impl::collect(Exchange& exchange) {
  if (!exchange.result.has_value()) {
    start_waiting();
  }
  while (!exchange.result.has_value()) {
    turn(Deadline::max());
  }
  Result<HttpResponse> result = *std::move(exchange.result);
  exchanges_.erase(exchange.ticket);
  return result;
}

HttpClient::HttpClient(HttpClientOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

HttpClient::~HttpClient() = default;

Ticket HttpClient::begin(const HttpRequest& request, const RequestLimits& limits) {
  return impl_->begin(request, limits);
}

std::vector<Finished> HttpClient::run(Deadline until) {
  return impl_->run(until);
}

Awaited HttpClient::awaited() const {
  return impl_->awaited();
}

void HttpClient::cancel(Ticket ticket) {
  impl_->cancel(ticket);
}

std::vector<Result<HttpResponse>> HttpClient::send(std::span<const HttpRequest> requests,
                                                   Deadline deadline) {
  std::vector<Exchange*> exchanges;
  exchanges.reserve(requests.size());
  for (const HttpRequest& request : requests) {
    exchanges.push_back(&impl_->add(request, {.deadline = deadline}));
    exchanges.back()->collected = true;
  }
  std::vector<Result<HttpResponse>> results;
  results.reserve(exchanges.size());
  for (Exchange* exchange : exchanges) {
    results.push_back(impl_->collect(*exchange));
  }
  return results;
}

Result<HttpResponse> HttpClient::send(const HttpRequest& request, Deadline deadline) {
  return std::move(send(std::span(&request, 1), deadline).front());
}

void HttpClient::connect(std::span<const Origin> origins, Deadline deadline) {
  std::vector<Exchange*> exchanges;
  exchanges.reserve(origins.size());
  for (const Origin& origin : origins) {
    exchanges.push_back(&impl_->add_connection(origin, deadline));
  }
  for (Exchange* exchange : exchanges) {
    static_cast<void>(impl_->collect(*exchange));
  }
}

}  // namespace scaler::net
