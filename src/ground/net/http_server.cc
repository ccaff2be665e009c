#include "ground/net/http_server.h"

#include <algorithm>
#include <cerrno>
#include <expected>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <unordered_set>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "ground/base/problems.h"
#include "ground/net/event_loop_impl.h"
#include "ground/net/host_check.h"
#include "ground/net/response_text.h"

namespace scaler::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kReadSize = 64U << 10U;
/// What is still read from a peer whose request was refused, so that the refusal reaches it:
/// closing with unread bytes resets the connection and may take the answer with it.
constexpr std::size_t kDrainMax = 64U << 20U;
constexpr Duration kDrainTime = std::chrono::seconds(2);
constexpr Duration kAcceptPause = std::chrono::milliseconds(50);

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

bool lacks_room(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

HttpResponse refusal(const Refusal& refusal) {
  return {.status = refusal.status,
          .headers = {{.name = "Content-Type", .value = "text/plain"}},
          .body = "The request was refused: " + refusal.why + "\n"};
}

/// Why a request is none for a server on loopback; nothing when it is one.
std::optional<std::string> why_foreign(const ServerRequest& request) {
  if (const auto host = foreign_host(request.headers)) {
    return "its host is '" + shortened(*host) +
           "', but this server is for localhost and addresses only";
  }
  if (request.method == "GET" || request.method == "HEAD") {
    return std::nullopt;  // It changes nothing, and the page cannot read the answer.
  }
  const auto page = foreign_page(request.headers);
  return page ? std::optional("it comes from a web page of another server, '" + shortened(*page) +
                              "', which may change nothing here")
              : std::nullopt;
}

/// What a connection is waiting for.
enum class Phase { Idle, Header, Body, Handler, Sending, Draining };

std::size_t default_connections() {
  constexpr std::size_t kMost = 1024;
  rlimit files = {};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) {
    return kMost;
  }
  // The other half is for what the process does itself.
  return std::clamp<std::size_t>(files.rlim_cur / 2, 1, kMost);
}

class Connection;

/// What the connections of one server share; it outlives the server for as long as one of them
/// does.
struct Shared {
  Handler handler = {};
  ServerLimits limits = {};
  std::vector<char> buffer = std::vector<char>(kReadSize);
  std::unordered_set<Connection*> open = {};
};

/// One peer. Requests are answered one after the other: while an answer is owed, what the peer
/// sends stays in the socket, which also bounds what a peer can make the server keep.
class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::ip::tcp::socket socket, std::shared_ptr<Shared> shared)
      : socket_(std::move(socket)), shared_(std::move(shared)) {
    shared_->open.insert(this);
  }
  ~Connection() { shared_->open.erase(this); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() { wait_readable(); }

  /// Nothing of the event loop is kept after this: a Respond that is held longer may outlive the
  /// loop.
  void close() {
    drain_timer_.reset();
    socket_.reset();
    shared_->open.erase(this);
  }

  void answer(const HttpResponse& response) {
    if (!socket_) {
      return;
    }
    awaiting_answer_ = false;
    append_response(output_, response, framing_);
    closing_ = !framing_.keep_alive;
    flush();
    advance();
  }

  Phase phase() const { return phase_; }
  Deadline since() const { return since_; }

  /// Ends what has taken too long by now.
  void check_time(Deadline now) {
    const ServerLimits& limits = shared_->limits;
    const Duration limit = phase_ == Phase::Header ? limits.header
                           : phase_ == Phase::Body ? limits.body
                                                   : limits.idle;
    if (!socket_ || phase_ == Phase::Handler || now - since_ < limit) {
      return;
    }
    if (phase_ == Phase::Header || phase_ == Phase::Body) {
      refuse({.status = 408, .why = "it did not arrive in time"});
      note_phase();
    } else {
      close();
    }
  }

 private:
  Phase phase_now() const {
    if (draining_) {
      return Phase::Draining;
    }
    if (awaiting_answer_) {
      return Phase::Handler;
    }
    if (!output_.empty()) {
      return Phase::Sending;
    }
    if (!requests_.begun()) {
      return Phase::Idle;
    }
    return requests_.has_header() ? Phase::Body : Phase::Header;
  }

  /// To be called when anything has moved.
  void note_phase() {
    const Phase now = phase_now();
    // The time of a request that comes byte by byte goes on, that of anything else begins anew.
    const bool request = now == Phase::Header || now == Phase::Body;
    if (now != phase_ || !request) {
      since_ = std::chrono::steady_clock::now();
    }
    phase_ = now;
  }

  void wait_readable() {
    if (std::exchange(waiting_readable_, true)) {
      return;
    }
    socket_->async_wait(asio::socket_base::wait_read,
                        [self = shared_from_this()](const error_code& error) {
                          self->waiting_readable_ = false;
                          if (!error && self->socket_) {
                            self->on_readable();
                          }
                        });
  }

  void wait_writable() {
    socket_->async_wait(asio::socket_base::wait_write,
                        [self = shared_from_this()](const error_code& error) {
                          self->waiting_writable_ = false;
                          if (!error && self->socket_) {
                            self->flush();
                            self->advance();
                          }
                        });
  }

  void on_readable() {
    std::vector<char>& buffer = shared_->buffer;
    const ssize_t size =
        ::recv(socket_->native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && (would_block(errno) || errno == EINTR)) {
      wait_readable();
    } else if (size <= 0) {
      close();
    } else if (draining_) {
      drained_ += static_cast<std::size_t>(size);
      drained_ > kDrainMax ? close() : wait_readable();
    } else {
      requests_.append({buffer.data(), static_cast<std::size_t>(size)});
      advance();
    }
  }

  /// Goes on as far as it can: an answer that is owed or not yet sent stops it, missing bytes make
  /// it wait for more. Handlers may answer at once, from within; the outer call then goes on.
  void advance() {
    if (advancing_) {
      return;
    }
    advancing_ = true;
    const auto self = shared_from_this();
    bool progress = true;
    while (progress && can_take_request()) {
      progress = parse_one();
    }
    advancing_ = false;
    note_phase();
    if (can_take_request()) {
      wait_readable();
    }
  }

  bool can_take_request() const {
    return socket_.has_value() && !awaiting_answer_ && !closing_ && output_.empty();
  }

  /// True when a request was completed (and perhaps another one waits), false when bytes are
  /// missing.
  bool parse_one() {
    const std::expected<bool, Refusal> complete = requests_.parse();
    if (!complete) {
      refuse(complete.error());
      return true;
    }
    if (!*complete) {
      if (requests_.wants_encouragement()) {
        output_ += "HTTP/1.1 100 Continue\r\n\r\n";
        flush();
      }
      return false;
    }
    dispatch();
    return true;
  }

  void refuse(const Refusal& why) {
    framing_ = {.keep_alive = false};
    append_response(output_, refusal(why), framing_);
    closing_ = true;
    drain_after_ = true;
    flush();
  }

  void dispatch();

  /// Writes what the socket takes; the rest waits for it to be writable.
  void flush() {
    while (socket_ && sent_ < output_.size()) {
      const ssize_t size = ::send(socket_->native_handle(), output_.data() + sent_,
                                  output_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (size >= 0) {
        sent_ += static_cast<std::size_t>(size);
        note_phase();
      } else if (would_block(errno)) {
        if (!std::exchange(waiting_writable_, true)) {
          wait_writable();
        }
        return;
      } else if (errno != EINTR) {
        close();
        return;
      }
    }
    output_.clear();
    sent_ = 0;
    if (socket_ && closing_) {
      finish();
    }
  }

  void finish() {
    if (!drain_after_) {
      close();
      return;
    }
    if (std::exchange(draining_, true)) {
      return;
    }
    error_code ignored;
    socket_->shutdown(asio::socket_base::shutdown_send, ignored);
    drain_timer_.emplace(socket_->get_executor(), kDrainTime);
    drain_timer_->async_wait([weak = weak_from_this()](const error_code& error) {
      const auto self = weak.lock();
      if (!error && self) {
        self->close();
      }
    });
    wait_readable();
  }

  std::optional<asio::ip::tcp::socket> socket_;  ///< nothing once closed
  std::optional<asio::steady_timer> drain_timer_;
  std::shared_ptr<Shared> shared_;
  RequestParser requests_;
  Framing framing_;
  std::string output_;
  std::size_t sent_ = 0;  ///< of output_
  std::size_t drained_ = 0;
  bool advancing_ = false;
  bool awaiting_answer_ = false;
  bool waiting_readable_ = false;
  bool waiting_writable_ = false;
  bool closing_ = false;      ///< close once output_ is sent
  bool drain_after_ = false;  ///< but read what the peer is still sending first
  bool draining_ = false;
  Phase phase_ = Phase::Idle;
  Deadline since_ = std::chrono::steady_clock::now();  ///< when this phase began, or last moved
};

/// The one answer that a handler owes. When the last copy of its Respond goes without having been
/// called, the connection is closed.
class Owed final {
 public:
  explicit Owed(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~Owed() {
    if (connection_) {
      connection_->close();
    }
  }
  Owed(const Owed&) = delete;
  Owed& operator=(const Owed&) = delete;

  void answer(const HttpResponse& response) {
    if (const auto connection = std::exchange(connection_, nullptr)) {
      connection->answer(response);
    }
  }

 private:
  std::shared_ptr<Connection> connection_;
};

void Connection::dispatch() {
  framing_ = requests_.framing();
  ServerRequest request = requests_.take();
  awaiting_answer_ = true;
  note_phase();
  if (auto why = why_foreign(request)) {
    answer(refusal({.status = 403, .why = *std::move(why)}));
    return;
  }
  auto owed = std::make_shared<Owed>(shared_from_this());
  // The handler may destroy its own server: Shared, and with it the function, lives on here.
  const auto shared = shared_;
  shared->handler(std::move(request), [owed = std::move(owed)](const HttpResponse& response) {
    owed->answer(response);
  });
}

}  // namespace

class HttpServer::Impl final : public std::enable_shared_from_this<Impl> {
 public:
  Impl(EventLoop& loop, Handler handler, const ServerLimits& limits)
      : acceptor_(loop.impl().context()),
        pause_(loop.impl().context()),
        sweep_(loop.impl().context()),
        shared_(std::make_shared<Shared>()) {
    shared_->handler = std::move(handler);
    shared_->limits = limits;
    if (limits.connections == 0) {
      shared_->limits.connections = default_connections();
    }
  }

  error_code listen(int port) {
    const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(),
                                           static_cast<std::uint16_t>(port));
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      return {errno, boost::system::system_category()};
    }
    error_code error;
    acceptor_.assign(asio::ip::tcp::v4(), fd, error);
    if (error) {
      ::close(fd);
      return error;
    }
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    acceptor_.bind(endpoint, error);
    if (!error) {
      acceptor_.listen(asio::socket_base::max_listen_connections, error);
    }
    if (!error) {
      port_ = acceptor_.local_endpoint(error).port();
      wait_peer();
    }
    return error;
  }

  int port() const { return port_; }

  void close() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    sweep_.cancel();
    for (const auto& connection : open_connections()) {
      connection->close();
    }
  }

 private:
  std::vector<std::shared_ptr<Connection>> open_connections() const {
    std::vector<std::shared_ptr<Connection>> open;
    for (Connection* connection : shared_->open) {
      open.push_back(connection->shared_from_this());
    }
    return open;
  }

  /// Looks for what takes too long, for as long as there are connections at all.
  void sweep_later() {
    const ServerLimits& limits = shared_->limits;
    const Duration shortest = std::min({limits.header, limits.body, limits.idle});
    sweep_.expires_after(std::clamp(shortest / 4, Duration(10), Duration(1000)));
    sweep_.async_wait([self = shared_from_this()](const error_code& error) {
      if (error || !self->acceptor_.is_open()) {
        return;
      }
      const Deadline now = std::chrono::steady_clock::now();
      for (const auto& connection : self->open_connections()) {
        connection->check_time(now);
      }
      self->sweeping_ = !self->shared_->open.empty();
      if (self->sweeping_) {
        self->sweep_later();
      }
    });
  }

  bool full() const { return shared_->open.size() >= shared_->limits.connections; }

  /// Who is to go when there is no room: the longest idle, else the longest at its request or
  /// answer; nobody whose answer the handler owes.
  Connection* dispensable() const {
    Connection* found = nullptr;
    const auto rank = [](const Connection& connection) {
      return std::pair(connection.phase() != Phase::Idle, connection.since());
    };
    for (Connection* connection : shared_->open) {
      if (connection->phase() != Phase::Handler &&
          (found == nullptr || rank(*connection) < rank(*found))) {
        found = connection;
      }
    }
    return found;
  }

  bool make_room() const {
    Connection* const gone = dispensable();
    if (gone != nullptr) {
      gone->shared_from_this()->close();
    }
    return gone != nullptr;
  }

  void wait_peer() {
    acceptor_.async_wait(asio::socket_base::wait_read,
                         [self = shared_from_this()](const error_code& error) {
                           if (!error && self->acceptor_.is_open()) {
                             self->accept_all();
                           }
                         });
  }

  void accept_all() {
    while (true) {
      if (full() && dispensable() == nullptr) {
        accept_later();
        return;
      }
      const int fd =
          ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        if (full()) {
          make_room();
        }
        take(fd);
      } else if (lacks_room(errno)) {
        if (!make_room()) {
          accept_later();
          return;
        }
      } else if (errno != ECONNABORTED && errno != EINTR) {
        wait_peer();
        return;
      }
    }
  }

  /// No room, and nobody who could go: the peer stays in the backlog, which would wake the loop at
  /// once again.
  void accept_later() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error && self->acceptor_.is_open()) {
        self->wait_peer();
      }
    });
  }

  void take(int fd) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    asio::ip::tcp::socket socket(acceptor_.get_executor());
    error_code error;
    socket.assign(asio::ip::tcp::v4(), fd, error);
    if (error) {
      ::close(fd);
      return;
    }
    std::make_shared<Connection>(std::move(socket), shared_)->start();
    if (!std::exchange(sweeping_, true)) {
      sweep_later();
    }
  }

  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  asio::steady_timer sweep_;
  std::shared_ptr<Shared> shared_;
  int port_ = 0;
  bool sweeping_ = false;
};

Result<std::unique_ptr<HttpServer>> HttpServer::listen(EventLoop& loop, int port, Handler handler,
                                                       ServerLimits limits) {
  const std::string what = "listen on 127.0.0.1:" + std::to_string(port);
  if (port < 0 || port > 65535) {
    return fail(ErrorKind::Unavailable, what + ": a port is a number from 0 to 65535");
  }
  auto impl = std::make_shared<Impl>(loop, std::move(handler), limits);
  if (const error_code error = impl->listen(port)) {
    return fail(ErrorKind::Unavailable, what + ": " + error.message());
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() {
  impl_->close();
}

int HttpServer::port() const {
  return impl_->port();
}

}  // namespace scaler::net
