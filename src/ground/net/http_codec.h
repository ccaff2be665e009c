#pragma once
// HTTP/1.1 as bytes: a request to text, and a reply from pieces as they arrive. No sockets.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "ground/base/result.h"
#include "ground/net/http.h"
#include "ground/net/proxy.h"

namespace scaler::net {

/// The request as it goes over the wire, with Host and Content-Length; to a proxy that forwards it,
/// unless that is null.
/// Errors: Malformed for a method, target or header that would break out of its line.
Result<std::string> write_request(const HttpRequest& request, const Proxy* proxy = nullptr);

/// "host:port", with brackets round IPv6.
std::string authority_of(const Origin& origin);

/// What makes a proxy open a tunnel to the origin (RFC 9110, section 9.3.6).
std::string write_connect(const Origin& origin, const Proxy& proxy);

/// Reads one reply. Interim replies (1xx) are passed over.
class ReplyParser {
 public:
  enum class Reads { All, HeaderOnly };

  explicit ReplyParser(std::size_t body_max, Reads reads = Reads::All);
  ~ReplyParser();
  ReplyParser(ReplyParser&&) noexcept;
  ReplyParser& operator=(ReplyParser&&) noexcept;

  /// Takes the next bytes, at least one; true when the reply is complete.
  /// Errors: Malformed for bytes that are no HTTP reply, a body over the limit, or much else than a
  ///         body.
  Result<bool> feed(std::string_view bytes);
  /// The peer has closed the connection: completes a reply whose body ends there.
  /// Errors: Unavailable when the reply is not complete.
  Result<void> end();
  /// Of a complete reply: whether bytes came after it.
  bool has_rest() const;
  /// Of a complete reply: whether the connection may carry another request.
  bool keeps_connection() const;
  HttpResponse take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace scaler::net
