#include "ground/net/request_parser.h"

#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "ground/net/beast_input_impl.h"

namespace scaler::net {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;
using RequestReader = http::request_parser<http::string_body>;

constexpr std::uint32_t kHeaderMax = 64U << 10U;
constexpr std::uint64_t kBodyMax = 8U << 20U;

std::unexpected<Refusal> refuse(const error_code& error) {
  const int status = error == http::error::body_limit     ? 413
                     : error == http::error::header_limit ? 431
                                                          : 400;
  return std::unexpected(Refusal{.status = status, .why = error.message()});
}

}  // namespace

struct RequestParser::Impl {
  /// RFC 9112, 2.2: empty lines before a request line are ignored.
  void skip_empty_lines() {
    while (consumed < input.size() && (input[consumed] == '\r' || input[consumed] == '\n')) {
      ++consumed;
    }
  }
  void compact() {
    input.erase(0, consumed);
    consumed = 0;
  }
  std::size_t left() const { return input.size() - consumed; }

  std::optional<RequestReader> parser = {};
  std::string input = {};
  std::size_t consumed = 0;  ///< of input
  bool encouraged = false;
};

RequestParser::RequestParser() : impl_(std::make_unique<Impl>()) {}
RequestParser::~RequestParser() = default;

void RequestParser::append(std::string_view bytes) {
  impl_->input.append(bytes);
}

std::expected<bool, Refusal> RequestParser::parse() {
  Impl& self = *impl_;
  if (!self.parser) {
    self.skip_empty_lines();
    if (self.left() == 0) {
      self.compact();
      return false;
    }
    self.parser.emplace();
    self.parser->header_limit(kHeaderMax);
    self.parser->body_limit(kBodyMax);
  }
  error_code error;
  self.consumed +=
      put_input(*self.parser, std::string_view(self.input).substr(self.consumed), error);
  if (error) {
    return refuse(error);
  }
  if (self.parser->is_done()) {
    return true;
  }
  self.compact();
  return false;
}

bool RequestParser::begun() const {
  return impl_->parser.has_value();
}

bool RequestParser::has_header() const {
  return impl_->parser && impl_->parser->is_header_done();
}

bool RequestParser::wants_encouragement() {
  if (impl_->encouraged || !has_header() || impl_->parser->get().version() < 11) {
    return false;
  }
  impl_->encouraged = true;
  return boost::beast::iequals(impl_->parser->get()[http::field::expect], "100-continue");
}

Framing RequestParser::framing() const {
  return {.head = impl_->parser->get().method() == http::verb::head,
          .keep_alive = impl_->parser->get().keep_alive(),
          .http10 = impl_->parser->get().version() < 11};
}

ServerRequest RequestParser::take() {
  http::request<http::string_body>& message = impl_->parser->get();
  ServerRequest request = {.method = std::string(message.method_string()),
                           .target = std::string(message.target())};
  for (const auto& field : message.base()) {
    request.headers.push_back(
        {.name = std::string(field.name_string()), .value = std::string(field.value())});
  }
  request.body = std::move(message.body());
  impl_->parser.reset();
  impl_->encouraged = false;
  return request;
}

}  // namespace scaler::net
