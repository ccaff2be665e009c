#include "ground/net/response_text.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include <boost/beast/http/status.hpp>

namespace scaler::net {
namespace {

namespace http = boost::beast::http;

bool has_no_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  const auto clean = [](char c) { return c == '\r' || c == '\n' || c == '\0' ? ' ' : c; };
  std::ranges::transform(name, std::back_inserter(out), clean);
  out += ": ";
  std::ranges::transform(value, std::back_inserter(out), clean);
  out += "\r\n";
}

}  // namespace

void append_response(std::string& out, const HttpResponse& response, const Framing& framing) {
  const int status = response.status >= 100 && response.status <= 999 ? response.status : 500;
  const auto reason = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
  out.append(framing.http10 ? "HTTP/1.0 " : "HTTP/1.1 ").append(std::to_string(status));
  out.append(" ").append(reason.data(), reason.size()).append("\r\n");
  for (const HttpHeader& header : response.headers) {
    append_header(out, header.name, header.value);
  }
  if (!has_no_body(status) && !framing.endless) {
    append_header(out, "Content-Length", std::to_string(response.body.size()));
  }
  if (!framing.keep_alive) {
    append_header(out, "Connection", "close");
  } else if (framing.http10) {
    append_header(out, "Connection", "keep-alive");
  }
  out += "\r\n";
  if (!framing.head && !has_no_body(status)) {
    out += response.body;
  }
}

}  // namespace scaler::net
