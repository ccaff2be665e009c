#pragma once
// What HttpClient consists of. http_client.cc has the requests, their limits and the loop;
// http_connections.cc has the connections and what happens on them, http_set_up.cc how they come
// to be.

#include <array>
#include <deque>
#include <map>
#include <optional>

#include "ground/net/address.h"
#include "ground/net/http_client.h"
#include "ground/net/http_codec.h"
#include "ground/net/most_connections.h"
#include "ground/net/proxy.h"
#include "ground/net/resolver.h"
#include "ground/net/stream.h"
#include "ground/net/tls.h"

namespace scaler::net {

struct Pool;
struct Connection;

/// One request under way, or (with an empty text) the wish for an open connection.
struct Exchange {
  Ticket ticket = 0;
  Pool* pool = nullptr;
  std::string text = {};  ///< the request as it is sent
  std::string what = {};  ///< for messages
  bool repeatable = true;
  bool collected = false;  ///< whoever began it fetches its result; run() does not tell it
  RequestLimits limits = {};
  Deadline left = {};
  std::optional<Result<HttpResponse>> result = {};
  Connection* connection = nullptr;  ///< that it is on, if any
  bool fresh_connection = false;     ///< a kept one has failed it already
  bool sent_before = false;          ///< a byte of it has gone, perhaps over another connection
};

enum class ConnectionStage { Connecting, Tunnelling, Handshaking, Sending, Receiving };

struct Connection {
  Connection(Pool& owner, std::size_t body_max) : pool(&owner), parser(body_max) {}

  Pool* pool;
  std::unique_ptr<Stream> stream = {};
  Exchange* exchange = nullptr;
  ConnectionStage stage = ConnectionStage::Connecting;
  std::vector<Address> addresses = {};  ///< to be tried, in this order
  std::size_t address = 0;              ///< which of them
  Deadline set_up_until = {};
  std::size_t sent = 0;  ///< bytes of the exchange's text, or of what opens the tunnel
  ReplyParser parser;
  bool reused = false;
  bool reply_begun = false;
  Deadline idle_since = {};
  IoStep awaited = IoStep::WantRead;  ///< what its socket is polled for
};

using ConnectionPointer = std::shared_ptr<Connection>;

inline bool setting_up(const Connection& connection) {
  return connection.stage < ConnectionStage::Sending;
}

/// RFC 9110, section 15.5.8.
constexpr int kProxyWantsUser = 407;

/// What a proxy's answer means that did not let a request through.
Error refusal_of(const HttpResponse& response);

/// Why an exchange ends that is over one of its limits.
std::unexpected<Error> too_late(const Exchange& exchange, Deadline now);

/// The connections of one origin.
struct Pool {
  Origin origin = {};
  std::string name = {};                     ///< RequestLimits::pool
  Result<const Proxy*> proxy = nullptr;      ///< null for direct connections
  Host* host = nullptr;                      ///< the origin's, or the proxy's
  std::optional<Deadline> name_by = {};      ///< how long those that wait wait for its addresses
  std::vector<ConnectionPointer> idle = {};  ///< the latest used last
  std::size_t active = 0;
  std::deque<Exchange*> waiting = {};
};

// `turn` polls the sockets once. A socket that is ready only advances its own connection; new ones
// are started between two polls, so nothing recurses.
class HttpClient::Impl {
 public:
  explicit Impl(HttpClientOptions options)
      : options_(std::move(options)), resolver_(options_.lookup) {
    if (options_.connections == 0) {
      options_.connections = most_connections();
    }
  }
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Ticket begin(const HttpRequest& request, const RequestLimits& limits);
  /// For collect().
  Exchange& add(const HttpRequest& request, const RequestLimits& limits);
  Exchange& add_connection(const Origin& origin, Deadline deadline);
  std::vector<Finished> run(Deadline until);
  Awaited awaited() const;
  /// Runs until this one has finished, and forgets it.
  Result<HttpResponse> collect(Exchange& exchange);
  void cancel(Ticket ticket);

 private:
  static constexpr std::size_t kReadBuffer = 16U << 10U;  // One TLS record.

  // http_client.cc
  Exchange& add(const Origin& origin, const RequestLimits& limits);
  void turn(Deadline until);
  void list_sockets(std::vector<pollfd>& sockets) const;
  void poll_until(Deadline limit);
  void finish(Exchange& exchange, Result<HttpResponse> result);
  Deadline next_limit(Deadline until) const;
  void expire(Deadline now);
  void expire(Exchange& exchange, Deadline now);
  void enter(Exchange& exchange);
  void refuse(Exchange& exchange, const Error& error);
  void fail_unresolved();
  void expire_names(Deadline now);

  // http_set_up.cc
  Pool& pool_of(const Origin& origin, const std::string& name);
  Result<TlsContext*> tls_for(const Origin& origin);
  void open(Exchange& exchange);
  Result<void> open_stream(Connection& connection);
  void try_next_address(const ConnectionPointer& connection, const std::string& reason);
  static void demote(const Connection& connection);
  void connected(const ConnectionPointer& connection);
  void open_tunnel(const ConnectionPointer& connection);
  void read_tunnel_reply(const ConnectionPointer& connection);
  void secure(const ConnectionPointer& connection);
  void shake_hands(const ConnectionPointer& connection);
  void expire_set_up(Deadline now);
  /// For what others do on our behalf: name servers and proxies.
  Duration longer_timeout() const { return options_.connect_timeout * 3 / 2; }

  // http_connections.cc
  void start_waiting();
  bool start(Pool& pool);
  bool make_room();
  void put_on(const ConnectionPointer& connection, Exchange& exchange);
  ConnectionPointer take_idle(Pool& pool, Duration longest_idle);
  void advance(const ConnectionPointer& connection);
  void begin_request(const ConnectionPointer& connection);
  void send_more(const ConnectionPointer& connection);
  void receive_more(const ConnectionPointer& connection);
  void peer_gone(const ConnectionPointer& connection, IoStep step);
  void complete(const ConnectionPointer& connection);
  void keep(const ConnectionPointer& connection);
  void fail_connection(const ConnectionPointer& connection, ErrorKind kind, const std::string& why);
  void release(Connection& connection);

  HttpClientOptions options_;
  Resolver resolver_;
  std::optional<Result<std::unique_ptr<TlsContext>>> tls_;
  std::vector<std::unique_ptr<Pool>> pools_;
  std::vector<ConnectionPointer> active_;
  std::vector<pollfd> polled_;  ///< one per active connection, while polling
  std::array<char, kReadBuffer> buffer_{};
  std::map<Ticket, Exchange> exchanges_;
  std::vector<Finished> finished_;  ///< not told yet
  Ticket last_ticket_ = 0;
  std::size_t outstanding_ = 0;                ///< exchanges without a result
  Deadline earliest_limit_ = Deadline::max();  ///< no exchange's limit passes before this
};

}  // namespace scaler::net
