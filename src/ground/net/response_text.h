#pragma once
// An HTTP/1.1 answer as bytes, with what the server adds to it: Content-Length and Connection.

#include <string>

#include "ground/net/http.h"

namespace scaler::net {

/// How an answer follows from its request.
struct Framing {
  bool head = false;  ///< the answer to a HEAD request has no body
  bool keep_alive = true;
  bool http10 = false;
  bool endless = false;  ///< the body goes on until the connection closes
};

/// A status outside 100..999 becomes 500; a header line cannot be ended early by its value.
void append_response(std::string& out, const HttpResponse& response, const Framing& framing);

}  // namespace scaler::net
