#include "referee/peer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/core.h>
#include <openssl/err.h>

#include "ground/base/check.h"

namespace scaler::bench {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::size_t length_of(std::string_view head) {
  const std::string_view text = header_of(head, "content-length");
  std::size_t length = 0;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

}  // namespace

std::string_view header_of(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon == name.size() && std::ranges::equal(line.substr(0, colon), name, {}, lower, lower)) {
      const std::string_view value = line.substr(colon + 1);
      return value.substr(std::min(value.find_first_not_of(' '), value.size()));
    }
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 2);
  }
  return {};
}

Peer::~Peer() {
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_.get()) == 1) {
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  ssl_.reset();
  ::close(socket_);
}

bool Peer::shake_hands(SSL_CTX* context) {
  ssl_.reset(SSL_new(context));
  SSL_set_fd(ssl_.get(), socket_);
  const bool done = SSL_accept(ssl_.get()) == 1;
  ERR_clear_error();
  return done;
}

bool Peer::resumed() const {
  return ssl_ != nullptr && SSL_session_reused(ssl_.get()) == 1;
}

bool Peer::fill() {
  std::array<char, 1U << 14U> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): a buffer.
  const auto size = static_cast<int>(buffer.size());
  const ssize_t count = ssl_ ? SSL_read(ssl_.get(), buffer.data(), size)
                             : ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (count <= 0) {
    ERR_clear_error();
    return false;
  }
  pending_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

std::optional<Request> Peer::read() {
  std::size_t end = pending_.find("\r\n\r\n");
  while (end == std::string::npos) {
    if (!fill()) {
      return std::nullopt;
    }
    end = pending_.find("\r\n\r\n");
  }
  const std::size_t body = end + 4;
  const std::size_t length = length_of(std::string_view(pending_).substr(0, end));
  while (pending_.size() < body + length) {
    if (!fill()) {
      return std::nullopt;
    }
  }
  Request request{.head = pending_.substr(0, end + 2), .body = pending_.substr(body, length)};
  pending_.erase(0, body + length);
  return request;
}

bool Peer::write(std::string_view bytes) {
  const auto size = static_cast<int>(bytes.size());
  const ssize_t count = ssl_ ? SSL_write(ssl_.get(), bytes.data(), size)
                             : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  ERR_clear_error();
  return count == static_cast<ssize_t>(bytes.size());
}

int listen_on_loopback(int& port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // Accepted sockets inherit it.
  CHECK(::bind(socket, reinterpret_cast<sockaddr*>(&address), length) == 0);
  CHECK(::listen(socket, 128) == 0);
  CHECK(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  port = ntohs(address.sin_port);
  return socket;
}

std::string response_text(std::string_view status, std::string_view headers,
                          std::string_view body) {
  return fmt::format("HTTP/1.1 {}\r\n{}Content-Length: {}\r\n\r\n{}", status, headers, body.size(),
                     body);
}

}  // namespace scaler::bench
