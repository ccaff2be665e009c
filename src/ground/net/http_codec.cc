#include "ground/net/http_codec.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <fmt/core.h>

#include "ground/net/beast_input_impl.h"

namespace scaler::net {
namespace {

namespace http = boost::beast::http;

/// A body that grows by what arrives; Beast's own string_body first fills with zeros what it then
/// overwrites. The member names are those that Beast asks for.
struct GrowingBody {
  using value_type = std::string;  // NOLINT(readability-identifier-naming)
  class reader {                   // NOLINT(readability-identifier-naming)
   public:
    template <bool IsRequest, typename Fields>
    reader(http::header<IsRequest, Fields>& /*header*/, std::string& body) : body_(&body) {}
    void init(const boost::optional<std::uint64_t>& length, boost::system::error_code& error) {
      body_->reserve(std::min<std::uint64_t>(length.value_or(0), kReserveMax));
      error = {};
    }
    template <typename Buffers>
    std::size_t put(const Buffers& buffers, boost::system::error_code& error) {
      std::size_t size = 0;
      for (auto it = boost::asio::buffer_sequence_begin(buffers);
           it != boost::asio::buffer_sequence_end(buffers); ++it) {
        const boost::asio::const_buffer piece(*it);
        body_->append(static_cast<const char*>(piece.data()), piece.size());
        size += piece.size();
      }
      error = {};
      return size;
    }
    void finish(boost::system::error_code& error) { error = {}; }

   private:
    static constexpr std::uint64_t kReserveMax = 1U << 20U;  ///< a length is only a promise
    std::string* body_;
  };
};

using ReplyReader = http::response_parser<GrowingBody>;

constexpr std::uint32_t kReplyHeaderMax = 64U << 10U;
/// Servers send one, or one each few seconds while they work.
constexpr int kInterimMax = 100;

bool breaks_line(std::string_view text) {
  // Three searches of the C library's are a tenth of the instructions of one loop of ours.
  return text.contains('\r') || text.contains('\n') || text.contains('\0');
}

constexpr auto kTokenCharacters = [] {
  std::array<bool, 256> allowed = {};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    allowed.at(static_cast<unsigned char>(c)) = true;
  }
  return allowed;
}();

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return kTokenCharacters[static_cast<unsigned char>(c)];
  });
}

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

std::string authorization_line(const Proxy& proxy) {
  const std::string& value = proxy.authorization.reveal();
  return value.empty() ? "" : fmt::format("Proxy-Authorization: {}\r\n", value);
}

}  // namespace

std::string authority_of(const Origin& origin) {
  const bool six = origin.host.contains(':');
  return six ? fmt::format("[{}]:{}", origin.host, origin.port)
             : fmt::format("{}:{}", origin.host, origin.port);
}

std::string write_connect(const Origin& origin, const Proxy& proxy) {
  return fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n{1}\r\n", authority_of(origin),
                     authorization_line(proxy));
}

Result<std::string> write_request(const HttpRequest& request, const Proxy* proxy) {
  if (!is_token(request.method)) {
    return fail(ErrorKind::Malformed, "'" + request.method + "' is not an HTTP method");
  }
  if (!request.target.starts_with('/') || breaks_line(request.target) ||
      request.target.contains(' ') || breaks_line(request.origin.host)) {
    return fail(ErrorKind::Malformed, "not a request target or host");
  }
  constexpr std::size_t kUsual = 1024;  // A signed request without a session token has 600.
  std::string text;
  text.reserve(kUsual + request.body.size());
  const auto append = [&text](const auto&... parts) {
    (text.append(std::string_view(parts)), ...);
  };
  const std::string host = host_header(request.origin);
  append(request.method, " ");
  if (proxy != nullptr) {
    append(request.origin.scheme, "://", host);
  }
  append(request.target, " HTTP/1.1\r\nHost: ", host, "\r\n");
  if (proxy != nullptr) {
    append(authorization_line(*proxy));
  }
  for (const HttpHeader& header : request.headers) {
    if (!is_token(header.name) || breaks_line(header.value)) {
      return fail(ErrorKind::Malformed, "header '" + header.name + "' does not fit on one line");
    }
    append(header.name, ": ", header.value, "\r\n");
  }
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    append("Content-Length: ", std::to_string(request.body.size()), "\r\n");
  }
  append("\r\n", request.body);
  return text;
}

struct ReplyParser::Impl {
  Impl(std::size_t limit, Reads wanted) : body_max(limit), reads(wanted) { begin(); }

  void begin() {
    parser.emplace();
    parser->skip(reads == Reads::HeaderOnly);
    parser->header_limit(kReplyHeaderMax);
    parser->body_limit(body_max);
  }
  Result<std::size_t> consume(std::string_view bytes);
  Result<void> count(std::size_t more);
  std::unexpected<Error> malformed(const boost::system::error_code& error) const;

  std::size_t body_max;
  Reads reads;
  std::optional<ReplyReader> parser = {};
  std::string pending = {};  ///< bytes that the parser has not taken yet
  std::size_t came = 0;
  int interim_replies = 0;
};

ReplyParser::ReplyParser(std::size_t body_max, Reads reads)
    : impl_(std::make_unique<Impl>(body_max, reads)) {}
ReplyParser::~ReplyParser() = default;
ReplyParser::ReplyParser(ReplyParser&&) noexcept = default;
ReplyParser& ReplyParser::operator=(ReplyParser&&) noexcept = default;

std::unexpected<Error> ReplyParser::Impl::malformed(const boost::system::error_code& error) const {
  if (error == http::error::body_limit) {
    return fail(ErrorKind::Malformed,
                "the reply's body is larger than " + std::to_string(body_max) + " bytes");
  }
  return fail(ErrorKind::Malformed, "the reply is not HTTP: " + error.message());
}

// Whoever reads until nothing more is there looks at no clock meanwhile, so what a fast peer may
// send has an end: interim replies and what stands around the pieces of a body count for nothing by
// the parser's own limits, and a peer that sent nothing else held a thread for ever.
Result<void> ReplyParser::Impl::count(std::size_t more) {
  came += more;
  if (came > 2 * (body_max + kReplyHeaderMax)) {
    return fail(ErrorKind::Malformed, "the reply is larger than twice its largest body, " +
                                          std::to_string(body_max) + " bytes");
  }
  return {};
}

/// How many of the bytes the parser has taken.
Result<std::size_t> ReplyParser::Impl::consume(std::string_view bytes) {
  std::size_t taken = 0;
  while (true) {
    boost::system::error_code error;
    taken += put_input(*parser, bytes.substr(taken), error);
    if (error) {
      return malformed(error);
    }
    if (!parser->is_done() || parser->get().result_int() / 100 != 1) {
      return taken;
    }
    if (parser->get().result_int() == 101) {
      return fail(ErrorKind::Malformed, "the reply is not HTTP: an upgrade nobody asked for");
    }
    if (++interim_replies > kInterimMax) {
      return fail(ErrorKind::Malformed,
                  "more than " + std::to_string(kInterimMax) + " interim replies and no other");
    }
    begin();
  }
}

Result<bool> ReplyParser::feed(std::string_view bytes) {
  TRY(impl_->count(bytes.size()));
  if (impl_->pending.empty()) {
    const std::size_t taken = TRY(impl_->consume(bytes));
    impl_->pending = bytes.substr(taken);
  } else {
    impl_->pending += bytes;
    const std::size_t taken = TRY(impl_->consume(impl_->pending));
    impl_->pending.erase(0, taken);
  }
  return impl_->parser->is_done();
}

Result<void> ReplyParser::end() {
  boost::system::error_code error;
  if (impl_->parser->got_some()) {
    impl_->parser->put_eof(error);
  }
  if (error || !impl_->parser->is_done()) {
    return fail(ErrorKind::Unavailable, impl_->parser->got_some()
                                            ? "the peer closed the connection within the reply"
                                            : "the peer closed the connection without a reply");
  }
  return {};
}

bool ReplyParser::has_rest() const {
  return !impl_->pending.empty();
}

bool ReplyParser::keeps_connection() const {
  return !has_rest() && impl_->parser->keep_alive() && !impl_->parser->need_eof();
}

HttpResponse ReplyParser::take() {
  auto message = impl_->parser->release();
  HttpResponse response{.status = static_cast<int>(message.result_int())};
  for (const auto& field : message) {
    response.headers.push_back({.name = std::string(view(field.name_string())),
                                .value = std::string(view(field.value()))});
  }
  response.body = std::move(message.body());
  return response;
}

}  // namespace scaler::net
