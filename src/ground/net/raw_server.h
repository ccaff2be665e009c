#pragma once
// A server of raw bytes for tests: what a peer may do that no HTTP server would.

#include <atomic>
#include <functional>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "ground/base/check.h"
#include "ground/net/http.h"

namespace scaler::net {

/// A server of raw bytes: each accepted connection is served by `serve` on a thread of its own.
class RawServer {
 public:
  using Serve = std::function<void(int socket, int number)>;

  explicit RawServer(Serve serve) : serve_(std::move(serve)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    CHECK(::listen(listener_, 128) == 0);
    socklen_t length = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~RawServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    for (const int socket : sockets_) {
      ::shutdown(socket, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) {
      thread.join();
    }
    for (const int socket : sockets_) {
      ::close(socket);
    }
  }

  Origin origin() const { return {.scheme = "http", .host = "127.0.0.1", .port = port_}; }
  int accepted() const { return accepted_; }

 private:
  void accept_all() {
    while (true) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) {
        return;
      }
      sockets_.push_back(socket);
      threads_.emplace_back([this, socket, number = accepted_++] { serve_(socket, number); });
    }
  }

  Serve serve_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> accepted_ = 0;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// Reads one request with its body; empty at the end of the stream.
inline std::string read_whole_request(int socket) {
  std::string text;
  const auto read_byte = [socket, &text] {
    char byte = 0;
    const bool read = ::recv(socket, &byte, 1, 0) == 1;
    text += byte;
    return read;
  };
  while (!text.ends_with("\r\n\r\n")) {
    if (!read_byte()) {
      return "";
    }
  }
  const std::size_t length = text.find("Content-Length: ");
  const std::size_t body = length == std::string::npos ? 0 : std::stoul(text.substr(length + 16));
  for (std::size_t i = 0; i < body; ++i) {
    if (!read_byte()) {
      return "";
    }
  }
  return text;
}

/// False at the end of the stream.
inline bool read_request(int socket) {
  return !read_whole_request(socket).empty();
}

inline void write_text(int socket, std::string_view text) {
  ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
}

/// Ends the connection with a reset; the descriptor stays open.
inline void reset(int socket) {
  const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
  CHECK(::connect(socket, &nobody, sizeof nobody) == 0);
}

inline RawServer::Serve answering(std::string reply) {
  return [reply = std::move(reply)](int socket, int) {
    while (read_request(socket)) {
      write_text(socket, reply);
    }
  };
}

}  // namespace scaler::net
