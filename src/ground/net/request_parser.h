#pragma once
// RequestParser: HTTP/1.1 requests from pieces as they arrive, one after the other. No sockets.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ground/net/http.h"
#include "ground/net/response_stream.h"
#include "ground/net/response_text.h"

namespace scaler::net {

struct ServerRequest {
  std::string method = {};
  std::string target = {};  ///< path and query as they came
  HttpHeaders headers = {};
  std::string body = {};
  /// Of a server's request: on which connection it came; no two of one server are the same.
  std::uint64_t connection = 0;
  /// Of a server's request: whether nobody waits for the answer any more.
  std::function<bool()> abandoned = [] { return false; };
  /// Of a server's request: begins an answer without an end, instead of the one answer that is
  /// owed; the head's body is its beginning. Nothing for a HEAD request, and when there is no room
  /// for one more of these (ServerLimits::streams): then the answer is still owed.
  std::function<std::shared_ptr<ResponseStream>(const HttpResponse& head)> stream =
      [](const HttpResponse&) { return std::shared_ptr<ResponseStream>(); };
};

/// Why a request is not served: an HTTP status and a few words.
struct Refusal {
  int status = 400;
  std::string why = {};
};

class RequestParser {
 public:
  RequestParser();
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  void append(std::string_view bytes);
  /// True when a request is complete and can be taken, false when bytes are missing. Nothing may be
  /// asked of the parser after a refusal.
  std::expected<bool, Refusal> parse();

  /// Of the request that is not complete yet: whether any byte of it has come, and whether its
  /// header has.
  bool begun() const;
  bool has_header() const;
  /// Whether it says "Expect: 100-continue" and waits for that; true once.
  bool wants_encouragement();

  /// Of a complete request: how its answer is framed.
  Framing framing() const;
  ServerRequest take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace scaler::net
