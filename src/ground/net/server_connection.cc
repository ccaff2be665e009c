#include <cerrno>
#include <chrono>
#include <expected>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "ground/net/host_check.h"
#include "ground/net/server_connection_impl.h"
#include "ground/net/socket_errors.h"

namespace scaler::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// What is still read from a peer whose request was refused, so that the refusal reaches it:
/// closing with unread bytes resets the connection and may take the answer with it.
constexpr std::size_t kDrainMax = 64U << 20U;
constexpr Duration kDrainTime = std::chrono::seconds(2);

/// What a peer has for the next step of its request or answer while others wait for its place.
constexpr Duration kMoment = std::chrono::seconds(1);

/// What the system holds for the peer of an endless answer, and for how long it tries to deliver
/// that to one who has vanished.
constexpr int kStreamSystemBytes = 64 << 10;
constexpr int kStreamVanishedMs = 30'000;
/// What such a peer may send that nobody reads.
constexpr std::size_t kStreamInputMax = 64U << 10U;

HttpResponse refusal(const Refusal& refusal) {
  return {.status = refusal.status,
          .headers = {{.name = "Content-Type", .value = "text/plain"}},
          .body = "The request was refused: " + refusal.why + "\n"};
}

/// An answer without an end. It does not keep the connection.
class Stream final : public ResponseStream {
 public:
  explicit Stream(const std::shared_ptr<ServerConnection>& connection) : connection_(connection) {}
  ~Stream() override {
    if (const auto connection = connection_.lock()) {
      connection->end_stream();
    }
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  std::optional<std::size_t> waiting() const override {
    const auto connection = connection_.lock();
    return connection ? connection->unsent() : std::nullopt;
  }
  void send(std::string_view piece) override {
    if (const auto connection = connection_.lock()) {
      connection->send_more(piece);
    }
  }

 private:
  std::weak_ptr<ServerConnection> connection_;
};

/// The one answer that a handler owes. When the last copy of its Respond goes without having been
/// called, the connection is closed.
class Owed final {
 public:
  explicit Owed(std::shared_ptr<ServerConnection> connection)
      : connection_(std::move(connection)) {}
  ~Owed() {
    if (connection_) {
      connection_->close();
    }
  }
  Owed(const Owed&) = delete;
  Owed& operator=(const Owed&) = delete;

  void answer(const HttpResponse& response) {
    if (const auto connection = std::exchange(connection_, nullptr)) {
      connection->answer(response);
    }
  }

  std::shared_ptr<ResponseStream> begin_stream(const HttpResponse& head) {
    if (!connection_ || !connection_->begin_stream(head)) {
      return nullptr;
    }
    return std::make_shared<Stream>(std::exchange(connection_, nullptr));
  }

 private:
  std::shared_ptr<ServerConnection> connection_;
};

}  // namespace

bool ServerConnection::came_over_loopback() const {
  error_code error;
  const asio::ip::address address = socket_->local_endpoint(error).address();
  if (error) {
    return true;
  }
  // An IPv4 peer of a server for both kinds.
  const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  return mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback()
                : address.is_loopback();
}

void ServerConnection::close() {
  drain_timer_.cancel();
  socket_.reset();
  leave();
}

void ServerConnection::leave() {
  shared_->open.erase(this);
  if (std::exchange(streaming_, false)) {
    --shared_->streams;
  }
}

void ServerConnection::answer(const HttpResponse& response) {
  if (!socket_) {
    return;
  }
  awaiting_answer_ = false;
  append_response(output_, response, framing_);
  closing_ = !framing_.keep_alive;
  flush();
  advance();
}

bool ServerConnection::begin_stream(const HttpResponse& head) {
  if (!socket_ || framing_.head || shared_->streams >= shared_->limits.streams) {
    return false;
  }
  ++shared_->streams;
  streaming_ = true;
  awaiting_answer_ = false;
  const int fd = socket_->native_handle();
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kStreamSystemBytes, sizeof kStreamSystemBytes);
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kStreamVanishedMs, sizeof kStreamVanishedMs);
  framing_.keep_alive = false;
  framing_.endless = true;
  append_response(output_, head, framing_);
  note_phase();
  flush();
  if (socket_) {
    wait_readable();  // Which is how one hears that the peer has gone.
  }
  return true;
}

void ServerConnection::send_more(std::string_view piece) {
  if (!socket_ || !streaming_) {
    return;
  }
  if (output_.empty()) {
    since_ = std::chrono::steady_clock::now();
  }
  output_.erase(0, std::exchange(sent_, 0));
  output_ += piece;
  flush();
}

void ServerConnection::end_stream() {
  if (socket_ && streaming_) {
    closing_ = true;
    flush();
  }
}

std::optional<std::size_t> ServerConnection::unsent() const {
  return socket_ ? std::optional(output_.size() - sent_) : std::nullopt;
}

void ServerConnection::check_time(Deadline now) {
  const ServerLimits& limits = shared_->limits;
  const Duration limit = phase_ == ServerPhase::Header ? limits.header
                         : phase_ == ServerPhase::Body ? limits.body
                                                       : limits.idle;
  const bool resting = phase_ == ServerPhase::Streaming && output_.empty();
  if (!socket_ || phase_ == ServerPhase::Answering || resting || now - since_ < limit) {
    return;
  }
  if (phase_ == ServerPhase::Header || phase_ == ServerPhase::Body) {
    refuse({.status = 408, .why = "it did not arrive in time"});
    note_phase();
  } else {
    close();
  }
}

bool ServerConnection::may_go(Deadline now) const {
  const bool reading =
      phase_ == ServerPhase::Idle || phase_ == ServerPhase::Header || phase_ == ServerPhase::Body;
  if (!socket_ || phase_ == ServerPhase::Answering || phase_ == ServerPhase::Streaming) {
    return false;
  }
  error_code error;
  if (reading && socket_->available(error) > 0) {
    return false;
  }
  return (phase_ == ServerPhase::Idle && used_) || now - since_ >= kMoment;
}

bool ServerConnection::peer_gone() {
  if (!socket_) {
    return true;
  }
  pollfd peer{.fd = socket_->native_handle(), .events = POLLRDHUP, .revents = 0};
  return ::poll(&peer, 1, 0) > 0;
}

ServerPhase ServerConnection::phase_now() const {
  if (draining_) {
    return ServerPhase::Draining;
  }
  if (streaming_) {
    return ServerPhase::Streaming;
  }
  if (awaiting_answer_) {
    return ServerPhase::Answering;
  }
  if (!output_.empty()) {
    return ServerPhase::Sending;
  }
  if (!requests_.begun()) {
    return ServerPhase::Idle;
  }
  return requests_.has_header() ? ServerPhase::Body : ServerPhase::Header;
}

void ServerConnection::note_phase() {
  const ServerPhase now = phase_now();
  // The time of a request that comes byte by byte goes on, that of anything else begins anew.
  const bool request = now == ServerPhase::Header || now == ServerPhase::Body;
  if (now != phase_ || !request) {
    since_ = std::chrono::steady_clock::now();
  }
  phase_ = now;
}

void ServerConnection::wait_readable() {
  if (std::exchange(waiting_readable_, true)) {
    return;
  }
  socket_->async_wait(asio::socket_base::wait_read,
                      [self = shared_from_this()](const error_code& error) {
                        self->waiting_readable_ = false;
                        if (!error && self->socket_) {
                          self->on_readable();
                        }
                      });
}

void ServerConnection::wait_writable() {
  socket_->async_wait(asio::socket_base::wait_write,
                      [self = shared_from_this()](const error_code& error) {
                        self->waiting_writable_ = false;
                        if (!error && self->socket_) {
                          self->flush();
                          self->advance();
                        }
                      });
}

void ServerConnection::on_readable() {
  std::vector<char>& buffer = shared_->buffer;
  const ssize_t size = ::recv(socket_->native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (size < 0 && would_block(errno)) {
    wait_readable();
  } else if (size <= 0) {
    close();
  } else if (draining_ || streaming_) {
    drained_ += static_cast<std::size_t>(size);
    drained_ > (draining_ ? kDrainMax : kStreamInputMax) ? close() : wait_readable();
  } else {
    requests_.append({buffer.data(), static_cast<std::size_t>(size)});
    advance();
  }
}

void ServerConnection::advance() {
  if (advancing_) {
    return;
  }
  advancing_ = true;
  const auto self = shared_from_this();
  bool progress = true;
  while (progress && can_take_request()) {
    progress = parse_one();
  }
  advancing_ = false;
  note_phase();
  if (can_take_request()) {
    wait_readable();
  }
}

bool ServerConnection::can_take_request() const {
  return socket_.has_value() && !awaiting_answer_ && !streaming_ && !closing_ && output_.empty();
}

bool ServerConnection::parse_one() {
  const std::expected<bool, Refusal> complete = requests_.parse();
  if (!complete) {
    refuse(complete.error());
    return true;
  }
  if (!*complete) {
    if (requests_.wants_encouragement()) {
      output_ += "HTTP/1.1 100 Continue\r\n\r\n";
      flush();
    }
    return false;
  }
  dispatch();
  return true;
}

void ServerConnection::refuse(const Refusal& why) {
  framing_ = {.keep_alive = false};
  append_response(output_, refusal(why), framing_);
  closing_ = true;
  drain_after_ = true;
  flush();
}

void ServerConnection::flush() {
  while (socket_ && sent_ < output_.size()) {
    const ssize_t size = ::send(socket_->native_handle(), output_.data() + sent_,
                                output_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size >= 0) {
      sent_ += static_cast<std::size_t>(size);
      note_phase();
    } else if (would_block(errno)) {
      if (!std::exchange(waiting_writable_, true)) {
        wait_writable();
      }
      return;
    } else if (errno != EINTR) {
      close();
      return;
    }
  }
  output_.clear();
  sent_ = 0;
  if (socket_ && closing_) {
    finish();
  }
}

void ServerConnection::finish() {
  if (!drain_after_) {
    close();
    return;
  }
  if (std::exchange(draining_, true)) {
    return;
  }
  error_code ignored;
  socket_->shutdown(asio::socket_base::shutdown_send, ignored);
  drain_timer_.start(kDrainTime, [this] { shared_from_this()->close(); });
  wait_readable();
}

void ServerConnection::dispatch() {
  framing_ = requests_.framing();
  ServerRequest request = requests_.take();
  used_ = true;
  awaiting_answer_ = true;
  note_phase();
  if (auto why = why_foreign(request.method, request.headers, over_loopback_)) {
    answer(refusal({.status = 403, .why = *std::move(why)}));
    return;
  }
  request.connection = number_;
  request.abandoned = [peer = weak_from_this()] {
    const auto connection = peer.lock();
    return connection == nullptr || connection->peer_gone();
  };
  auto owed = std::make_shared<Owed>(shared_from_this());
  // A request that is kept keeps no connection open.
  request.stream = [weak = std::weak_ptr(owed)](const HttpResponse& head) {
    const auto owes = weak.lock();
    return owes ? owes->begin_stream(head) : nullptr;
  };
  // The handler may destroy its own server: Shared, and with it the function, lives on here.
  const auto shared = shared_;
  shared->handler(std::move(request), [owed = std::move(owed)](const HttpResponse& response) {
    owed->answer(response);
  });
}

}  // namespace scaler::net
