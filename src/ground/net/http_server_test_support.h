#pragma once
// A raw client and a server on a thread of its own, for the tests of the server.

#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <future>
#include <memory>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "ground/net/http_server.h"

namespace scaler::net {

inline constexpr int kPatienceMs = 10'000;

/// A raw client: bytes out, bytes in, every wait bounded.
class Peer {
 public:
  explicit Peer(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr generic = {};
    static_assert(sizeof generic == sizeof address);
    std::memcpy(&generic, &address, sizeof address);
    connected_ = ::connect(fd_, &generic, sizeof generic) == 0;
    const timeval patience = {.tv_sec = kPatienceMs / 1000, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  ~Peer() { ::close(fd_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  bool connected() const { return connected_; }

  bool send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t size = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (size <= 0) {
        return false;
      }
      text.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }

  void half_close() const { ::shutdown(fd_, SHUT_WR); }

  /// The next answer as it stood on the wire, header and body; "" when the connection ended first.
  std::string answer(bool head = false) {
    std::size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) {
        return {};
      }
    }
    std::size_t size = end + 4;
    const std::size_t length = input_.find("Content-Length: ");
    if (!head && length < end) {
      size += static_cast<std::size_t>(std::atoi(input_.c_str() + length + 16));
    }
    while (input_.size() < size) {
      if (!more()) {
        return {};
      }
    }
    std::string text = input_.substr(0, size);
    input_.erase(0, size);
    return text;
  }

  /// So many bytes of what follows; fewer when the connection ended first.
  std::string take(std::size_t size) {
    while (input_.size() < size && more()) {
    }
    std::string text = input_.substr(0, size);
    input_.erase(0, size);
    return text;
  }

  /// True when the other side closes the connection without sending anything more.
  bool ended() {
    char byte = 0;
    return input_.empty() && ::recv(fd_, &byte, 1, 0) == 0;
  }

  /// True when nothing has come for the time of one poll.
  bool silent() const {
    pollfd entry = {.fd = fd_, .events = POLLIN, .revents = 0};
    return input_.empty() && ::poll(&entry, 1, 20) == 0;
  }

 private:
  bool more() {
    std::array<char, 65536> buffer = {};
    const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (size <= 0) {
      return false;
    }
    input_.append(buffer.data(), static_cast<std::size_t>(size));
    return true;
  }

  int fd_;
  bool connected_ = false;
  std::string input_;
};

/// A server on a thread of its own. "/later" is held back until release(), "/never" is dropped.
class HttpServerTest : public testing::Test {
 public:
  ~HttpServerTest() override {
    thread_ = {};
    server_.reset();
  }

 protected:
  explicit HttpServerTest(ServerLimits limits = {}) {
    auto server = HttpServer::listen(
        loop_, 0,
        [this](const ServerRequest& request, const Respond& respond) { handle(request, respond); },
        limits);
    EXPECT_TRUE(server.has_value());
    server_ = std::move(*server);
    thread_ = std::jthread([this](const std::stop_token& stop) { loop_.run(stop); });
  }

  void handle(const ServerRequest& request, const Respond& respond) {
    ++handled_;
    if (request.target == "/later") {
      abandoned_ = request.abandoned;
      held_.push_back(respond);
    } else if (request.target == "/twice") {
      respond({.status = 200, .body = "first"});
      respond({.status = 200, .body = "second"});
    } else if (request.target == "/large") {
      respond({.status = 200, .body = std::string(4U << 20U, 'x')});
    } else if (request.target == "/empty") {
      respond({.status = 204, .body = "ignored"});
    } else if (request.target != "/never") {
      std::string text = request.method + " " + request.target + " [" + request.body + "]";
      text += find_header(request.headers, "x-name").value_or("");
      respond({.status = 200,
               .headers = {{.name = "X-Reply", .value = "a\r\nInjected: b"}},
               .body = std::move(text)});
    }
  }

  /// Runs on the loop's thread and waits for it.
  void on_loop(const std::function<void()>& function) {
    std::promise<void> done;
    auto ready = done.get_future();
    loop_.post([&] {
      function();
      done.set_value();
    });
    ASSERT_EQ(ready.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  }

  void release_all(const std::string& body) {
    on_loop([this, &body] {
      for (const Respond& respond : std::exchange(held_, {})) {
        respond({.status = 200, .body = body});
      }
    });
  }

  /// Waits until so many requests reached the handler.
  bool wait_handled(int count) {
    const Deadline deadline = after(std::chrono::seconds(10));
    while (handled_ < count && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    return handled_ >= count;
  }

  EventLoop loop_;
  std::unique_ptr<HttpServer> server_;
  std::vector<Respond> held_;
  std::function<bool()> abandoned_;  ///< of the latest one held back
  std::atomic<int> handled_ = 0;
  std::jthread thread_;
};

inline constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n";

}  // namespace scaler::net
