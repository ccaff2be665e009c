#include "ground/net/stream.h"

#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "ground/net/socket_errors.h"

namespace scaler::net {
namespace {

std::string error_text(int error) {
  return std::generic_category().message(error);
}

}  // namespace

Result<std::unique_ptr<Stream>> Stream::open(const Address& address) {
  const int socket =
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) {
    return fail(ErrorKind::Unavailable, "open a socket: " + error_text(errno));
  }
  std::unique_ptr<Stream> stream(new Stream(socket));
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* raw = reinterpret_cast<const sockaddr*>(&address.storage);
  if (::connect(socket, raw, address.length) != 0 && errno != EINPROGRESS) {
    return fail(ErrorKind::Unavailable, "connect: " + error_text(errno));
  }
  return stream;
}

void Stream::encrypt(TlsContext& tls, const Origin& origin) {
  tls_ = std::make_unique<TlsSession>(tls, socket_, origin);
}

Stream::~Stream() {
  tls_.reset();
  ::close(socket_);
}

IoResult Stream::failed(int error) {
  error_ = error_text(error);
  return {.step = IoStep::Failed};
}

IoResult Stream::checked(IoResult result) {
  if (result.step == IoStep::Failed) {
    error_ = tls_->error();
  }
  return result;
}

IoStep Stream::finish_connect() {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
    error = errno;
  }
  return error == 0 ? IoStep::Done : failed(error).step;
}

IoStep Stream::handshake() {
  return tls_ == nullptr ? IoStep::Done : checked({.step = tls_->handshake()}).step;
}

IoResult Stream::read(std::span<char> buffer) {
  if (tls_ != nullptr) {
    return checked(tls_->read(buffer));
  }
  const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (count > 0) {
    return {.step = IoStep::Done, .count = static_cast<std::size_t>(count)};
  }
  if (count == 0) {
    return {.step = IoStep::Closed};
  }
  return would_block(errno) ? IoResult{.step = IoStep::WantRead} : failed(errno);
}

IoResult Stream::write(std::string_view bytes) {
  if (tls_ != nullptr) {
    return checked(tls_->write(bytes));
  }
  const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count >= 0) {
    return {.step = IoStep::Done, .count = static_cast<std::size_t>(count)};
  }
  return would_block(errno) ? IoResult{.step = IoStep::WantWrite} : failed(errno);
}

bool Stream::quiet() {
  // One byte is enough: whatever a server sends unasked makes the connection unfit. Under TLS this
  // also takes in the session tickets that came after the last reply.
  std::array<char, 1> byte{};
  return read(byte).step == IoStep::WantRead;
}

void Stream::shutdown() {
  if (tls_ != nullptr) {
    tls_->shutdown();
  }
}

}  // namespace scaler::net
