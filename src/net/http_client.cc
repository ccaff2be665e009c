#include "net/http_client.h"

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <optional>
#include <poll.h>
#include <utility>

#include "base/check.h"
#include "net/address.h"
#include "net/http_codec.h"
#include "net/stream.h"
#include "net/tls.h"

namespace scaler::net {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kReadBuffer = 16U << 10U;  // One TLS record.
/// No server closes a connection that has been idle for so short a time.
constexpr Duration kSurelyOpen = std::chrono::seconds(1);

/// One request of a call, or (without a request) the wish for an open connection.
struct Exchange {
  const HttpRequest* request = nullptr;
  std::string text = {};  ///< the request as it is sent
  std::optional<Result<HttpResponse>> result = {};
  bool fresh_connection = false;  ///< a kept one has failed it already
};

enum class Stage { Connecting, Handshaking, Sending, Receiving };

struct Pool;

struct Connection {
  Connection(Pool& owner, std::size_t body_max) : pool(&owner), parser(body_max) {}

  Pool* pool;
  std::unique_ptr<Stream> stream = {};
  Exchange* exchange = nullptr;
  Stage stage = Stage::Connecting;
  std::size_t address = 0;  ///< of the pool's addresses
  Deadline set_up_until = {};
  std::size_t sent = 0;  ///< bytes of the exchange's text
  ReplyParser parser;
  bool reused = false;
  bool reply_begun = false;
  Deadline idle_since = {};
  IoStep awaited = IoStep::WantRead;  ///< what its socket is polled for
};

using ConnectionPointer = std::shared_ptr<Connection>;

/// The connections of one origin.
struct Pool {
  Origin origin = {};
  std::vector<Address> addresses = {};       ///< kept while they work, the good one first
  std::vector<ConnectionPointer> idle = {};  ///< the latest used last
  std::size_t active = 0;
  std::deque<Exchange*> waiting = {};
};

std::string describe(const Exchange& exchange, const Pool& pool) {
  const std::string where = pool.origin.scheme + "://" + host_header(pool.origin);
  if (exchange.request == nullptr) {
    return "connect to " + where;
  }
  // Without the query: it may hold what should not be logged.
  const std::string& target = exchange.request->target;
  return exchange.request->method + " " + where + target.substr(0, target.find('?'));
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

bool setting_up(const Connection& connection) {
  return connection.stage == Stage::Connecting || connection.stage == Stage::Handshaking;
}

}  // namespace

// One call at a time: `run` polls the sockets until no exchange is left. A socket that is ready
// only advances its own connection; new ones are started between two polls, so nothing recurses.
class HttpClient::Impl {
 public:
  explicit Impl(HttpClientOptions options) : options_(std::move(options)) {}
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void enqueue(const Origin& origin, Exchange& exchange);
  void run(Deadline deadline);

 private:
  Pool& pool_of(const Origin& origin);
  Result<TlsContext*> tls_for(const Origin& origin);

  void start_waiting();
  void start(Pool& pool, Exchange& exchange);
  ConnectionPointer take_idle(Pool& pool, Duration longest_idle);
  void open(Pool& pool, Exchange& exchange);
  Result<void> open_stream(Connection& connection);
  void try_next_address(const ConnectionPointer& connection, const std::string& reason);

  void advance(const ConnectionPointer& connection);
  void connected(const ConnectionPointer& connection);
  void shake_hands(const ConnectionPointer& connection);
  void begin_request(const ConnectionPointer& connection);
  void send_more(const ConnectionPointer& connection);
  void receive_more(const ConnectionPointer& connection);
  void peer_gone(const ConnectionPointer& connection, IoStep step);
  void complete(const ConnectionPointer& connection);
  void keep(const ConnectionPointer& connection);

  void fail_connection(const ConnectionPointer& connection, ErrorKind kind, const std::string& why);
  void finish(Exchange& exchange, Result<HttpResponse> result);
  void release(const ConnectionPointer& connection);
  void poll_until(Deadline limit);
  Deadline next_limit(Deadline deadline) const;
  void expire(Deadline now, Deadline deadline);

  HttpClientOptions options_;
  std::optional<Result<std::unique_ptr<TlsContext>>> tls_;
  std::vector<std::unique_ptr<Pool>> pools_;
  std::vector<ConnectionPointer> active_;
  std::vector<pollfd> polled_;  ///< one per active connection, while polling
  std::array<char, kReadBuffer> buffer_{};
  std::size_t outstanding_ = 0;
};

HttpClient::Impl::~Impl() {
  for (const auto& pool : pools_) {
    for (const ConnectionPointer& connection : pool->idle) {
      connection->stream->shutdown();
    }
  }
}

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

void HttpClient::Impl::enqueue(const Origin& origin, Exchange& exchange) {
  ++outstanding_;
  Pool& pool = pool_of(origin);
  if (exchange.request != nullptr) {
    Result<std::string> text = write_request(*exchange.request);
    if (!text.has_value()) {
      finish(exchange, fail(std::move(text).error(), describe(exchange, pool)));
      return;
    }
    exchange.text = *std::move(text);
  }
  pool.waiting.push_back(&exchange);
}

void HttpClient::Impl::start_waiting() {
  for (const auto& pool : pools_) {
    while (!pool->waiting.empty() && pool->active < options_.connections_per_origin) {
      Exchange& exchange = *pool->waiting.front();
      pool->waiting.pop_front();
      start(*pool, exchange);
    }
  }
}

void HttpClient::Impl::start(Pool& pool, Exchange& exchange) {
  if (!exchange.fresh_connection) {
    const bool repeatable = exchange.request == nullptr || exchange.request->repeatable;
    const Duration longest_idle = repeatable ? options_.idle_timeout : kSurelyOpen;
    if (const ConnectionPointer connection = take_idle(pool, longest_idle)) {
      connection->exchange = &exchange;
      connection->reused = true;
      begin_request(connection);
      return;
    }
  }
  open(pool, exchange);
}

ConnectionPointer HttpClient::Impl::take_idle(Pool& pool, Duration longest_idle) {
  const Deadline now = SteadyClock::now();
  while (!pool.idle.empty()) {
    const ConnectionPointer connection = pool.idle.back();
    pool.idle.pop_back();
    if (now - connection->idle_since < longest_idle && connection->stream->quiet()) {
      ++pool.active;
      active_.push_back(connection);
      return connection;
    }
  }
  return nullptr;
}

void HttpClient::Impl::open(Pool& pool, Exchange& exchange) {
  if (pool.addresses.empty()) {
    Result<std::vector<Address>> addresses = resolve(pool.origin.host, pool.origin.port);
    if (!addresses.has_value()) {
      // A name that does not resolve fails for all who wait: looking it up again for each of them
      // could block for minutes.
      finish(exchange, fail(addresses.error(), describe(exchange, pool)));
      for (Exchange* other : std::exchange(pool.waiting, {})) {
        finish(*other, fail(addresses.error(), describe(*other, pool)));
      }
      return;
    }
    pool.addresses = *std::move(addresses);
  }
  auto connection = std::make_shared<Connection>(pool, options_.body_max);
  connection->exchange = &exchange;
  ++pool.active;
  active_.push_back(connection);
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
  if (connection->exchange->request == nullptr) {
    finish(*connection->exchange, HttpResponse{});
    keep(connection);
    return;
  }
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
  const bool may_go_again = exchange.request->repeatable || connection->sent == 0;
  if (connection->reused && !connection->reply_begun && !exchange.fresh_connection &&
      may_go_again) {
    exchange.fresh_connection = true;
    release(connection);
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
    release(connection);
  }
}

void HttpClient::Impl::keep(const ConnectionPointer& connection) {
  connection->exchange = nullptr;
  connection->idle_since = SteadyClock::now();
  --connection->pool->active;
  std::erase(active_, connection);
  connection->pool->idle.push_back(connection);
}

void HttpClient::Impl::release(const ConnectionPointer& connection) {
  connection->exchange = nullptr;
  connection->stream.reset();
  --connection->pool->active;
  std::erase(active_, connection);
}

void HttpClient::Impl::fail_connection(const ConnectionPointer& connection, ErrorKind kind,
                                       const std::string& why) {
  Exchange& exchange = *connection->exchange;
  const std::string what = describe(exchange, *connection->pool);
  finish(exchange, fail(kind, what + ": " + why));
  release(connection);
}

void HttpClient::Impl::finish(Exchange& exchange, Result<HttpResponse> result) {
  CHECK(!exchange.result.has_value());
  exchange.result = std::move(result);
  --outstanding_;
}

Deadline HttpClient::Impl::next_limit(Deadline deadline) const {
  Deadline limit = deadline;
  for (const ConnectionPointer& connection : active_) {
    if (setting_up(*connection)) {
      limit = std::min(limit, connection->set_up_until);
    }
  }
  return limit;
}

/// Waits for the active connections' sockets, and advances those that are ready.
void HttpClient::Impl::poll_until(Deadline limit) {
  polled_.clear();
  for (const ConnectionPointer& connection : active_) {
    const bool write = connection->awaited == IoStep::WantWrite;
    polled_.push_back({.fd = connection->stream->socket(),
                       .events = static_cast<short>(write ? POLLOUT : POLLIN),
                       .revents = 0});
  }
  if (::poll(polled_.data(), polled_.size(), milliseconds_until(limit)) <= 0) {
    return;
  }
  std::vector<ConnectionPointer> ready;
  for (std::size_t i = 0; i < polled_.size(); ++i) {
    if (polled_[i].revents != 0) {
      ready.push_back(active_[i]);
    }
  }
  for (const ConnectionPointer& connection : ready) {
    advance(connection);
  }
}

void HttpClient::Impl::expire(Deadline now, Deadline deadline) {
  const std::vector<ConnectionPointer> connections = active_;
  for (const ConnectionPointer& connection : connections) {
    if (now >= deadline) {
      fail_connection(connection, ErrorKind::Unavailable, "no reply before the deadline");
    } else if (setting_up(*connection) && now >= connection->set_up_until) {
      const bool connecting = connection->stage == Stage::Connecting;
      const std::string why = std::string(connecting ? "connect" : "TLS") + ": no answer within " +
                              format_duration(options_.connect_timeout);
      try_next_address(connection, why);
    }
  }
  if (now < deadline) {
    return;
  }
  for (const auto& pool : pools_) {
    for (Exchange* exchange : std::exchange(pool->waiting, {})) {
      finish(*exchange, fail(ErrorKind::Unavailable,
                             describe(*exchange, *pool) + ": not sent before the deadline"));
    }
  }
}

void HttpClient::Impl::run(Deadline deadline) {
  start_waiting();
  while (outstanding_ > 0) {
    const Deadline limit = next_limit(deadline);
    poll_until(limit);
    if (limit != Deadline::max() && SteadyClock::now() >= limit) {
      expire(SteadyClock::now(), deadline);
    }
    start_waiting();
  }
}

HttpClient::HttpClient(HttpClientOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

HttpClient::~HttpClient() = default;

std::vector<Result<HttpResponse>> HttpClient::send(std::span<const HttpRequest> requests,
                                                   Deadline deadline) {
  std::vector<Exchange> exchanges(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    exchanges[i].request = &requests[i];
    impl_->enqueue(requests[i].origin, exchanges[i]);
  }
  impl_->run(deadline);
  std::vector<Result<HttpResponse>> results;
  results.reserve(exchanges.size());
  for (Exchange& exchange : exchanges) {
    results.push_back(*std::move(exchange.result));
  }
  return results;
}

Result<HttpResponse> HttpClient::send(const HttpRequest& request, Deadline deadline) {
  return std::move(send(std::span(&request, 1), deadline).front());
}

void HttpClient::connect(std::span<const Origin> origins, Deadline deadline) {
  std::vector<Exchange> exchanges(origins.size());
  for (std::size_t i = 0; i < origins.size(); ++i) {
    impl_->enqueue(origins[i], exchanges[i]);
  }
  impl_->run(deadline);
}

}  // namespace scaler::net
