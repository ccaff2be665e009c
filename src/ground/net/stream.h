#pragma once
// Stream: a connecting or connected non-blocking TCP socket, plain or TLS, as steps that never
// wait. Who waits for the socket, and for how long, is the caller's business (http_client.cc).

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ground/base/result.h"
#include "ground/net/address.h"
#include "ground/net/tls.h"

namespace scaler::net {

class Stream {
 public:
  /// Starts connecting, plain. Errors: Unavailable.
  static Result<std::unique_ptr<Stream>> open(const Address& address);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  int socket() const { return socket_; }
  bool encrypted() const { return tls_ != nullptr; }
  /// To be called when the socket has become writable after open().
  IoStep finish_connect();
  /// From here on all is TLS with the origin, beginning with handshake().
  void encrypt(TlsContext& tls, const Origin& origin);
  /// Done at once on a plain connection.
  IoStep handshake();
  IoResult read(std::span<char> buffer);
  IoResult write(std::string_view bytes);
  /// Whether nothing has arrived and the peer has not closed: a kept connection may be used again.
  bool quiet();
  /// Ends a connection that is in order; the destructor closes without a word.
  void shutdown();
  /// What the last Failed was.
  const std::string& error() const { return error_; }

 private:
  explicit Stream(int socket) : socket_(socket) {}
  IoResult failed(int error);
  IoResult checked(IoResult result);

  int socket_;
  std::unique_ptr<TlsSession> tls_ = {};
  std::string error_ = {};
};

}  // namespace scaler::net
