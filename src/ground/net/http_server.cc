#include "ground/net/http_server.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "ground/net/address.h"
#include "ground/net/event_loop_impl.h"
#include "ground/net/most_connections.h"
#include "ground/net/server_connection_impl.h"
#include "ground/net/timer.h"

namespace scaler::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kStreams = 64;
constexpr Duration kAcceptPause = std::chrono::milliseconds(50);

bool lacks_room(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

class HttpServer::Impl final : public std::enable_shared_from_this<Impl> {
 public:
  Impl(EventLoop& loop, Handler handler, const ServerLimits& limits)
      : acceptor_(loop.impl().context()),
        pause_(loop),
        sweep_(loop),
        shared_(std::make_shared<ServerShared>(
            ServerShared{.loop = loop, .handler = std::move(handler), .limits = limits})) {
    if (limits.connections == 0) {
      shared_->limits.connections = most_connections();
    }
    if (limits.streams == 0) {
      shared_->limits.streams = std::min(kStreams, shared_->limits.connections / 2);
    }
  }

  error_code listen(const Address& address) {
    asio::ip::tcp::endpoint endpoint;
    std::memcpy(endpoint.data(), &address.storage, address.length);
    endpoint.resize(address.length);
    const int fd =
        ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      return {errno, boost::system::system_category()};
    }
    error_code error;
    protocol_ = endpoint.protocol();
    acceptor_.assign(protocol_, fd, error);
    if (error) {
      ::close(fd);
      return error;
    }
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.storage.ss_family == AF_INET6) {
      const int off = 0;  // Whatever the system's default is.
      ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
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
  std::vector<std::shared_ptr<ServerConnection>> open_connections() const {
    std::vector<std::shared_ptr<ServerConnection>> open;
    for (ServerConnection* connection : shared_->open) {
      open.push_back(connection->shared_from_this());
    }
    return open;
  }

  /// Looks for what takes too long, for as long as there are connections at all.
  void sweep_later() {
    const ServerLimits& limits = shared_->limits;
    const Duration shortest = std::min({limits.header, limits.body, limits.idle});
    sweep_.start(std::clamp(shortest / 4, Duration(10), Duration(1000)), [this] {
      const Deadline now = std::chrono::steady_clock::now();
      for (const auto& connection : open_connections()) {
        connection->check_time(now);
      }
      if (!shared_->open.empty()) {
        sweep_later();
      }
    });
  }

  bool full() const { return shared_->open.size() >= shared_->limits.connections; }

  /// Who is to go when there is no room: the longest idle, else the longest at its request or
  /// answer.
  ServerConnection* dispensable() const {
    ServerConnection* found = nullptr;
    const Deadline now = std::chrono::steady_clock::now();
    const auto rank = [](const ServerConnection& connection) {
      return std::pair(connection.phase() != ServerPhase::Idle, connection.since());
    };
    for (ServerConnection* connection : shared_->open) {
      if ((found == nullptr || rank(*connection) < rank(*found)) && connection->may_go(now)) {
        found = connection;
      }
    }
    return found;
  }

  bool make_room() const {
    ServerConnection* const gone = dispensable();
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
    pause_.start(kAcceptPause, [this] { wait_peer(); });
  }

  void take(int fd) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    asio::ip::tcp::socket socket(acceptor_.get_executor());
    error_code error;
    socket.assign(protocol_, fd, error);
    if (error) {
      ::close(fd);
      return;
    }
    std::make_shared<ServerConnection>(std::move(socket), shared_)->start();
    if (!sweep_.waits()) {
      sweep_later();
    }
  }

  asio::ip::tcp::acceptor acceptor_;
  asio::ip::tcp protocol_ = asio::ip::tcp::v4();
  Timer pause_;
  Timer sweep_;
  std::shared_ptr<ServerShared> shared_;
  int port_ = 0;
};

Result<std::unique_ptr<HttpServer>> HttpServer::listen(EventLoop& loop, int port, Handler handler,
                                                       ServerLimits limits,
                                                       const std::string& address) {
  const std::string what = "listen on " + address + " port " + std::to_string(port);
  if (port < 0 || port > 65535) {
    return fail(ErrorKind::Unavailable, what + ": a port is a number from 0 to 65535");
  }
  const std::vector<Address> addresses = fixed_addresses(address, port);
  if (addresses.empty()) {
    return fail(ErrorKind::Unavailable, what + ": that is no address of this machine");
  }
  auto impl = std::make_shared<Impl>(loop, std::move(handler), limits);
  if (const error_code error = impl->listen(addresses.front())) {
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
