#include <utility>

#include "ground/net/http_client_impl.h"

namespace scaler::net {
namespace {

using SteadyClock = std::chrono::steady_clock;

}  // namespace

Pool& HttpClient::Impl::pool_of(const Origin& origin, const std::string& name) {
  for (const auto& pool : pools_) {
    if (pool->origin == origin && pool->name == name) {
      return *pool;
    }
  }
  pools_.push_back(std::make_unique<Pool>());
  Pool& pool = *pools_.back();
  pool.origin = origin;
  pool.name = name;
  pool.proxy = options_.proxies.of(origin);
  if (pool.proxy.has_value()) {
    const Origin& peer = *pool.proxy == nullptr ? origin : (*pool.proxy)->origin;
    pool.host = &resolver_.host(peer.host, peer.port);
  }
  return pool;
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

void HttpClient::Impl::open(Exchange& exchange) {
  Pool& pool = *exchange.pool;
  auto connection = std::make_shared<Connection>(pool, options_.body_max);
  connection->addresses = pool.host->addresses;
  put_on(connection, exchange);
  if (const Result<void> opened = open_stream(*connection); !opened.has_value()) {
    try_next_address(connection, opened.error().message);
  }
}

Result<void> HttpClient::Impl::open_stream(Connection& connection) {
  static_cast<void>(TRY(tls_for(connection.pool->origin)));  // It is told before anybody is called.
  connection.stream = TRY(Stream::open(connection.addresses[connection.address]));
  connection.stage = ConnectionStage::Connecting;
  connection.awaited = IoStep::WantWrite;
  connection.set_up_until = SteadyClock::now() + options_.connect_timeout;
  return {};
}

void HttpClient::Impl::try_next_address(const ConnectionPointer& connection,
                                        const std::string& reason) {
  std::string why = reason;
  demote(*connection);
  while (++connection->address < connection->addresses.size()) {
    const Result<void> opened = open_stream(*connection);
    if (opened.has_value()) {
      return;
    }
    why = opened.error().message;
    demote(*connection);
  }
  resolver_.doubt(*connection->pool->host, SteadyClock::now());  // They may have changed.
  fail_connection(connection, ErrorKind::Unavailable, why);
}

/// Lets new connections try the other addresses first.
void HttpClient::Impl::demote(const Connection& connection) {
  if (connection.address < connection.addresses.size()) {
    Resolver::demote(*connection.pool->host, connection.addresses[connection.address]);
  }
}

void HttpClient::Impl::connected(const ConnectionPointer& connection) {
  if (connection->stream->finish_connect() != IoStep::Done) {
    try_next_address(connection, "connect: " + connection->stream->error());
    return;
  }
  const Pool& pool = *connection->pool;
  pool.host->doubtful = false;
  if (*pool.proxy == nullptr || pool.origin.scheme == "http") {
    return secure(connection);
  }
  connection->stage = ConnectionStage::Tunnelling;
  connection->set_up_until = SteadyClock::now() + longer_timeout();
  connection->sent = 0;
  connection->parser = ReplyParser(options_.body_max, ReplyParser::Reads::HeaderOnly);
  open_tunnel(connection);
}

/// Asks the proxy for the origin, and goes on when it has agreed.
void HttpClient::Impl::open_tunnel(const ConnectionPointer& connection) {
  const std::string request = write_connect(connection->pool->origin, **connection->pool->proxy);
  while (connection->sent < request.size()) {
    const IoResult result =
        connection->stream->write(std::string_view(request).substr(connection->sent));
    if (result.step == IoStep::WantWrite) {
      connection->awaited = IoStep::WantWrite;
      return;
    }
    if (result.step != IoStep::Done) {
      return fail_connection(connection, ErrorKind::Unavailable,
                             "CONNECT: " + connection->stream->error());
    }
    connection->sent += result.count;
  }
  read_tunnel_reply(connection);
}

void HttpClient::Impl::read_tunnel_reply(const ConnectionPointer& connection) {
  const IoResult result = connection->stream->read(buffer_);
  if (result.step == IoStep::WantRead) {
    connection->awaited = IoStep::WantRead;
    return;
  }
  if (result.step != IoStep::Done) {
    return fail_connection(connection, ErrorKind::Unavailable,
                           result.step == IoStep::Closed
                               ? "CONNECT: the proxy closed the connection"
                               : "CONNECT: " + connection->stream->error());
  }
  const Result<bool> done = connection->parser.feed({buffer_.data(), result.count});
  if (!done.has_value()) {
    return fail_connection(connection, done.error().kind, "CONNECT: " + done.error().message);
  }
  if (!*done) {
    connection->awaited = IoStep::WantRead;
    return;
  }
  const bool has_rest = connection->parser.has_rest();
  const HttpResponse response = connection->parser.take();
  if (response.status / 100 != 2) {
    const Error refusal = refusal_of(response);
    return fail_connection(connection, refusal.kind, refusal.message);
  }
  if (has_rest) {
    // Whoever speaks there before TLS has begun is not the origin.
    return fail_connection(connection, ErrorKind::Unavailable,
                           "CONNECT: the proxy sent more than its answer");
  }
  secure(connection);
}

/// The connection leads to the origin (or to who forwards to it): begins TLS where it is used.
void HttpClient::Impl::secure(const ConnectionPointer& connection) {
  const Origin& origin = connection->pool->origin;
  if (TlsContext* tls = tls_for(origin).value_or(nullptr); tls != nullptr) {
    connection->stream->encrypt(*tls, origin);
  }
  connection->stage = ConnectionStage::Handshaking;
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

Error refusal_of(const HttpResponse& response) {
  const std::string message = "the proxy answers HTTP " + std::to_string(response.status);
  // tinyproxy answers a wrong password with 401.
  if (response.status == kProxyWantsUser || response.status == 401) {
    return {ErrorKind::Unauthorized,
            message + ": it wants a user and a password, or others than its URL has"};
  }
  if (response.status >= 500 || response.status == 408 || response.status == 429) {
    return {ErrorKind::Unavailable, message};
  }
  return {ErrorKind::Malformed,
          message + (response.status == 403 ? ": it does not allow this host and port"
                                            : ": it is no proxy for this")};
}

/// Ends attempts to set up a connection that take too long.
void HttpClient::Impl::expire_set_up(Deadline now) {
  const std::vector<ConnectionPointer> connections = active_;
  for (const ConnectionPointer& connection : connections) {
    if (!setting_up(*connection) || now < connection->set_up_until) {
      continue;
    }
    if (connection->stage == ConnectionStage::Tunnelling) {
      fail_connection(
          connection, ErrorKind::Unavailable,
          "no answer of the proxy to CONNECT within " + format_duration(longer_timeout()));
      continue;
    }
    const bool connecting = connection->stage == ConnectionStage::Connecting;
    const std::string why = std::string(connecting ? "connect" : "TLS") + ": no answer within " +
                            format_duration(options_.connect_timeout);
    try_next_address(connection, why);
  }
}

}  // namespace scaler::net
