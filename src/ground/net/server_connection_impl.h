#pragma once
// One connection of the HTTP server: bytes in, requests to the handler one after the other, answers
// out. For the sources of the server alone.

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "ground/net/http_server.h"
#include "ground/net/request_parser.h"
#include "ground/net/response_text.h"
#include "ground/net/timer.h"

namespace scaler::net {

inline constexpr std::size_t kServerReadSize = 64U << 10U;

/// What a connection is waiting for.
enum class ServerPhase { Idle, Header, Body, Answering, Streaming, Sending, Draining };

class ServerConnection;

/// What the connections of one server share; it outlives the server for as long as one of them
/// does.
struct ServerShared {
  EventLoop& loop;
  Handler handler = {};
  ServerLimits limits = {};
  std::vector<char> buffer = std::vector<char>(kServerReadSize);
  std::unordered_set<ServerConnection*> open = {};
  std::uint64_t accepted = 0;
  std::size_t streams = 0;  ///< answers without an end
};

/// One peer. Requests are answered one after the other: while an answer is owed, what the peer
/// sends stays in the socket, which also bounds what a peer can make the server keep.
class ServerConnection final : public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(boost::asio::ip::tcp::socket socket, std::shared_ptr<ServerShared> shared)
      : socket_(std::move(socket)), shared_(std::move(shared)) {
    shared_->open.insert(this);
  }
  ~ServerConnection() { leave(); }
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  void start() { wait_readable(); }

  /// Nothing of the event loop is kept after this: a Respond that is held longer may outlive the
  /// loop.
  void close();

  void answer(const HttpResponse& response);

  /// Begins an answer without an end; whether there was room for it.
  bool begin_stream(const HttpResponse& head);
  void send_more(std::string_view piece);
  void end_stream();
  /// What was not sent yet; nothing when the connection has been closed.
  std::optional<std::size_t> unsent() const;

  /// Whether the peer has closed its side, also when bytes of it are still unread.
  bool peer_gone();

  /// Whether it can be closed for a newcomer without breaking anything off: nobody whose answer the
  /// handler owes or goes on with, nobody whose bytes are still unread, and nobody who had no
  /// moment yet to send or to take any.
  bool may_go(Deadline now) const;

  ServerPhase phase() const { return phase_; }
  Deadline since() const { return since_; }

  /// Ends what has taken too long by now.
  void check_time(Deadline now);

 private:
  bool came_over_loopback() const;

  /// Counts as none of the server's from now on.
  void leave();

  ServerPhase phase_now() const;

  /// To be called when anything has moved.
  void note_phase();

  void wait_readable();

  void wait_writable();

  void on_readable();

  /// Goes on as far as it can: an answer that is owed or not yet sent stops it, missing bytes make
  /// it wait for more. Handlers may answer at once, from within; the outer call then goes on.
  void advance();

  bool can_take_request() const;

  /// True when a request was completed (and perhaps another one waits), false when bytes are
  /// missing.
  bool parse_one();

  void refuse(const Refusal& why);

  void dispatch();

  /// Writes what the socket takes; the rest waits for it to be writable.
  void flush();

  void finish();

  std::optional<boost::asio::ip::tcp::socket> socket_;  ///< nothing once closed
  bool over_loopback_ = came_over_loopback();
  std::shared_ptr<ServerShared> shared_;
  const std::uint64_t number_ = ++shared_->accepted;
  Timer drain_timer_{shared_->loop};
  RequestParser requests_;
  Framing framing_;
  std::string output_;
  std::size_t sent_ = 0;  ///< of output_
  std::size_t drained_ = 0;
  bool used_ = false;  ///< has sent a whole request
  bool advancing_ = false;
  bool awaiting_answer_ = false;
  bool streaming_ = false;
  bool waiting_readable_ = false;
  bool waiting_writable_ = false;
  bool closing_ = false;      ///< close once output_ is sent
  bool drain_after_ = false;  ///< but read what the peer is still sending first
  bool draining_ = false;
  ServerPhase phase_ = ServerPhase::Idle;
  Deadline since_ = std::chrono::steady_clock::now();  ///< when this phase began, or last moved
};

}  // namespace scaler::net
