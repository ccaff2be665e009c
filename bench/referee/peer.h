#pragma once
// Peer: the server's end of one HTTP/1.1 connection, plain or TLS, on a blocking socket.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

namespace scaler::bench {

struct Request {
  std::string head = {};  ///< request line and headers, lines ended by CRLF
  std::string body = {};
};

/// The value of a header in `head`, looked up without regard to case; empty when it is not there.
std::string_view header_of(std::string_view head, std::string_view name);

class Peer {
 public:
  /// Takes the connected socket.
  explicit Peer(int socket) : socket_(socket) {}
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// The server's side of the handshake; false when it fails.
  bool shake_hands(SSL_CTX* context);
  bool resumed() const;
  /// The next request; nothing at the end of the stream, or when it breaks.
  std::optional<Request> read();
  bool write(std::string_view bytes);

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  bool fill();

  int socket_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  std::string pending_;  ///< bytes that no request has taken yet
};

/// Listens on a free port of loopback. Shape: the socket; `port` gets the port.
int listen_on_loopback(int& port);

/// "HTTP/1.1 200 OK" with the content type, headers (each ended by CRLF) and body.
std::string response_text(std::string_view status, std::string_view headers, std::string_view body);

}  // namespace scaler::bench
