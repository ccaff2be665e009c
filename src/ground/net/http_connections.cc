#include <algorithm>
#include <utility>

#include "ground/net/http_client_impl.h"

namespace scaler::net {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// No server closes a connection that has been idle for so short a time.
constexpr Duration kSurelyOpen = std::chrono::seconds(1);

}  // namespace

void HttpClient::Impl::start_waiting() {
  for (const auto& pool : pools_) {
    while (!pool->waiting.empty() && pool->active < options_.connections_per_origin &&
           start(*pool)) {
    }
  }
}

/// Puts the first that waits on a connection; false while there can be none.
bool HttpClient::Impl::start(Pool& pool) {
  Exchange& exchange = *pool.waiting.front();
  if (!exchange.fresh_connection) {
    const Duration longest_idle = exchange.repeatable ? options_.idle_timeout : kSurelyOpen;
    if (const ConnectionPointer connection = take_idle(pool, longest_idle)) {
      pool.waiting.pop_front();
      put_on(connection, exchange);
      connection->reused = true;
      begin_request(connection);
      return true;
    }
  }
  const Deadline now = SteadyClock::now();
  if (!resolver_.ready(*pool.host, now)) {
    pool.name_by = pool.name_by.value_or(now + longer_timeout());
    if (pool.host->failure) {
      fail_unresolved();
    }
    return false;
  }
  pool.name_by.reset();
  if (!make_room()) {
    return false;  // Until one of those in use has done its work.
  }
  pool.waiting.pop_front();
  open(exchange);
  return true;
}

// What one pool keeps for its next requests must not keep another from its first: with some dozens
// of places the kept connections of a few took all of the process's descriptors, and the rest could
// open none from then on. False when all that there may be are in use.
bool HttpClient::Impl::make_room() {
  std::size_t open = active_.size();
  Pool* rests = nullptr;
  for (const auto& pool : pools_) {
    open += pool->idle.size();
    if (!pool->idle.empty() &&
        (rests == nullptr || pool->idle.front()->idle_since < rests->idle.front()->idle_since)) {
      rests = pool.get();
    }
  }
  if (open < options_.connections) {
    return true;
  }
  if (rests == nullptr) {
    return false;
  }
  rests->idle.front()->stream->shutdown();
  rests->idle.erase(rests->idle.begin());
  return true;
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

void HttpClient::Impl::advance(const ConnectionPointer& connection) {
  switch (connection->stage) {
    case ConnectionStage::Connecting:
      return connected(connection);
    case ConnectionStage::Tunnelling:
      return open_tunnel(connection);
    case ConnectionStage::Handshaking:
      return shake_hands(connection);
    case ConnectionStage::Sending:
      return send_more(connection);
    case ConnectionStage::Receiving:
      return receive_more(connection);
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
  connection->stage = ConnectionStage::Sending;
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
  connection->stage = ConnectionStage::Receiving;
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

// A server closes a kept connection whenever it likes, also while a request is on its way there,
// and a function that was frozen for minutes finds its connections closed when it goes on. Told as
// errors, these would be failed calls of servers that are well. So a request over a kept connection
// goes once more, over a new one, as long as no byte of a reply has come. One that must not be
// carried out twice (its token is good for one use) goes again only if none of it had left: the
// server may have closed after it had carried it out.
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
  Exchange& exchange = *connection->exchange;
  HttpResponse response = connection->parser.take();
  const Proxy* proxy = *connection->pool->proxy;
  if (proxy != nullptr && response.status == kProxyWantsUser) {
    finish(exchange, fail(refusal_of(response), exchange.what));
  } else {
    finish(exchange, std::move(response));
  }
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
  if (setting_up(*connection)) {
    demote(*connection);
  }
  Exchange& exchange = *connection->exchange;
  std::string message = exchange.what + ": " + why;
  finish(exchange, fail(kind, std::move(message)));
  release(*connection);
}

}  // namespace scaler::net
