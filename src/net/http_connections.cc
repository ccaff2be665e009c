#include <algorithm>
#include <utility>

#include "net/http_client_impl.h"

namespace scaler::net {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// No server closes a connection that has been idle for so short a time.
constexpr Duration kSurelyOpen = std::chrono::seconds(1);

}  // namespace

Pool& HttpClient::Impl::pool_of(const Origin& origin) {
  for (const auto& pool : pools_) {
    if (pool->origin == origin) {
      return *pool;
    }
  }
  pools_.push_back(std::make_unique<Pool>());
  pools_.back()->origin = origin;
  return *pools_.back();
}

Result<TlsContext*> HttpClient::Impl::tls_for(const Origin& origin) {
  if (origin.scheme == "http") {
    return nullptr;
  }
  if (!tls_) {
    tls_ = TlsContext::create(options_.ca_bundle);
  }
  if (!tls_->has_value()) {
    return std::unexpected(tls_->error());
  }
  return (*tls_)->get();
}

void HttpClient::Impl::start_waiting() {
  for (const auto& pool : pools_) {
    while (!pool->waiting.empty() && pool->active < options_.connections_per_origin) {
      Exchange& exchange = *pool->waiting.front();
      pool->waiting.pop_front();
      start(exchange);
    }
  }
}

void HttpClient::Impl::start(Exchange& exchange) {
  if (!exchange.fresh_connection) {
    const Duration longest_idle = exchange.repeatable ? options_.idle_timeout : kSurelyOpen;
    if (const ConnectionPointer connection = take_idle(*exchange.pool, longest_idle)) {
      put_on(connection, exchange);
      connection->reused = true;
      begin_request(connection);
      return;
    }
  }
  open(exchange);
}

void HttpClient::Impl::put_on(const ConnectionPointer& connection, Exchange& exchange) {
  connection->exchange = &exchange;
  exchange.connection = connection.get();
  ++connection->pool->active;
  active_.push_back(connection);
}

ConnectionPointer HttpClient::Impl::take_idle(Pool& pool, Duration longest_idle) {
  const Deadline now = SteadyClock::now();
  while (!pool.idle.empty()) {
    const ConnectionPointer connection = pool.idle.back();
    pool.idle.pop_back();
    if (now - connection->idle_since < longest_idle && connection->stream->quiet()) {
      return connection;
    }
  }
  return nullptr;
}

void HttpClient::Impl::open(Exchange& exchange) {
  Pool& pool = *exchange.pool;
  if (pool.addresses.empty()) {
    Result<std::vector<Address>> addresses = resolve(pool.origin.host, pool.origin.port);
    if (!addresses.has_value()) {
      // A name that does not resolve fails for all who wait: looking it up again for each of them
      // could block for minutes.
      finish(exchange, fail(addresses.error(), exchange.what));
      for (Exchange* other : std::exchange(pool.waiting, {})) {
        finish(*other, fail(addresses.error(), other->what));
      }
      return;
    }
    pool.addresses = *std::move(addresses);
  }
  auto connection = std::make_shared<Connection>(pool, options_.body_max);
  put_on(connection, exchange);
  if (const Result<void> opened = open_stream(*connection); !opened.has_value()) {
    try_next_address(connection, opened.error().message);
  }
}

Result<void> HttpClient::Impl::open_stream(Connection& connection) {
  const Pool& pool = *connection.pool;
  TlsContext* tls = TRY(tls_for(pool.origin));
  connection.stream = TRY(Stream::open(pool.addresses[connection.address], pool.origin, tls));
  connection.stage = Stage::Connecting;
  connection.awaited = IoStep::WantWrite;
  connection.set_up_until = SteadyClock::now() + options_.connect_timeout;
  return {};
}

void HttpClient::Impl::try_next_address(const ConnectionPointer& connection,
                                        const std::string& reason) {
  std::string why = reason;
  while (++connection->address < connection->pool->addresses.size()) {
    const Result<void> opened = open_stream(*connection);
    if (opened.has_value()) {
      return;
    }
    why = opened.error().message;
  }
  connection->pool->addresses.clear();  // They may have changed: look again next time.
  fail_connection(connection, ErrorKind::Unavailable, why);
}

void HttpClient::Impl::advance(const ConnectionPointer& connection) {
  switch (connection->stage) {
    case Stage::Connecting:
      return connected(connection);
    case Stage::Handshaking:
      return shake_hands(connection);
    case Stage::Sending:
      return send_more(connection);
    case Stage::Receiving:
      return receive_more(connection);
  }
}

void HttpClient::Impl::connected(const ConnectionPointer& connection) {
  if (connection->stream->finish_connect() != IoStep::Done) {
    try_next_address(connection, "connect: " + connection->stream->error());
    return;
  }
  std::vector<Address>& addresses = connection->pool->addresses;
  if (connection->address > 0 && connection->address < addresses.size()) {
    std::swap(addresses.front(), addresses[connection->address]);
  }
  connection->stage = Stage::Handshaking;
  connection->set_up_until = SteadyClock::now() + options_.connect_timeout;
  shake_hands(connection);
}

void HttpClient::Impl::shake_hands(const ConnectionPointer& connection) {
  const IoStep step = connection->stream->handshake();
  switch (step) {
    case IoStep::Done:
      return begin_request(connection);
    case IoStep::WantRead:
    case IoStep::WantWrite:
      connection->awaited = step;
      return;
    case IoStep::Closed:
      return fail_connection(connection, ErrorKind::Unavailable,
                             "TLS: the peer closed the connection");
    case IoStep::Failed:
      return fail_connection(connection, ErrorKind::Unavailable,
                             "TLS: " + connection->stream->error());
  }
}

void HttpClient::Impl::begin_request(const ConnectionPointer& connection) {
  Exchange& exchange = *connection->exchange;
  if (exchange.text.empty()) {
    finish(exchange, HttpResponse{});
    keep(connection);
    return;
  }
  const Deadline now = SteadyClock::now();
  if (now > exchange.limits.leave_by || now >= exchange.limits.deadline) {
    finish(exchange, too_late(exchange, now));
    keep(connection);
    return;
  }
  exchange.left = now;
  connection->sent = 0;
  connection->parser = ReplyParser(options_.body_max);
  connection->reply_begun = false;
  connection->stage = Stage::Sending;
  send_more(connection);
}

void HttpClient::Impl::send_more(const ConnectionPointer& connection) {
  const std::string_view text = connection->exchange->text;
  while (connection->sent < text.size()) {
    const IoResult result = connection->stream->write(text.substr(connection->sent));
    switch (result.step) {
      case IoStep::Done:
        connection->sent += result.count;
        connection->exchange->sent_before = true;
        break;
      case IoStep::WantRead:
      case IoStep::WantWrite:
        connection->awaited = result.step;
        return;
      case IoStep::Closed:
      case IoStep::Failed:
        return peer_gone(connection, IoStep::Failed);
    }
  }
  connection->stage = Stage::Receiving;
  connection->awaited = IoStep::WantRead;
}

void HttpClient::Impl::receive_more(const ConnectionPointer& connection) {
  while (true) {
    const IoResult result = connection->stream->read(buffer_);
    if (result.step == IoStep::WantRead || result.step == IoStep::WantWrite) {
      connection->awaited = result.step;
      return;
    }
    if (result.step != IoStep::Done) {
      return peer_gone(connection, result.step);
    }
    connection->reply_begun = true;
    const Result<bool> done = connection->parser.feed({buffer_.data(), result.count});
    if (!done.has_value()) {
      return fail_connection(connection, done.error().kind, done.error().message);
    }
    if (*done) {
      return complete(connection);
    }
    if (!connection->stream->encrypted() && result.count < buffer_.size()) {
      connection->awaited = IoStep::WantRead;
      return;  // The socket is empty: spare the read that says so.
    }
  }
}

void HttpClient::Impl::peer_gone(const ConnectionPointer& connection, IoStep step) {
  Exchange& exchange = *connection->exchange;
  Pool& pool = *connection->pool;
  const bool may_go_again = exchange.repeatable || connection->sent == 0;
  if (connection->reused && !connection->reply_begun && !exchange.fresh_connection &&
      may_go_again) {
    exchange.fresh_connection = true;
    exchange.connection = nullptr;
    release(*connection);
    pool.waiting.push_front(&exchange);
    return;
  }
  if (step == IoStep::Failed) {
    fail_connection(connection, ErrorKind::Unavailable, connection->stream->error());
    return;
  }
  if (const Result<void> ended = connection->parser.end(); !ended.has_value()) {
    fail_connection(connection, ended.error().kind, ended.error().message);
    return;
  }
  complete(connection);
}

void HttpClient::Impl::complete(const ConnectionPointer& connection) {
  const bool reusable = connection->parser.keeps_connection();
  finish(*connection->exchange, connection->parser.take());
  if (reusable) {
    keep(connection);
  } else {
    connection->stream->shutdown();
    release(*connection);
  }
}

void HttpClient::Impl::keep(const ConnectionPointer& connection) {
  connection->exchange = nullptr;
  connection->idle_since = SteadyClock::now();
  --connection->pool->active;
  std::erase(active_, connection);
  connection->pool->idle.push_back(connection);
}

void HttpClient::Impl::release(Connection& connection) {
  connection.exchange = nullptr;
  connection.stream.reset();
  --connection.pool->active;
  std::erase_if(active_, [&connection](const auto& one) { return one.get() == &connection; });
}

void HttpClient::Impl::fail_connection(const ConnectionPointer& connection, ErrorKind kind,
                                       const std::string& why) {
  Exchange& exchange = *connection->exchange;
  std::string message = exchange.what + ": " + why;
  finish(exchange, fail(kind, std::move(message)));
  release(*connection);
}

/// Ends attempts to set up a connection that take too long.
void HttpClient::Impl::expire_set_up(Deadline now) {
  const std::vector<ConnectionPointer> connections = active_;
  for (const ConnectionPointer& connection : connections) {
    if (setting_up(*connection) && now >= connection->set_up_until) {
      const bool connecting = connection->stage == Stage::Connecting;
      const std::string why = std::string(connecting ? "connect" : "TLS") + ": no answer within " +
                              format_duration(options_.connect_timeout);
      try_next_address(connection, why);
    }
  }
}

}  // namespace scaler::net
