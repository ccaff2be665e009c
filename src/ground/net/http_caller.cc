#include "ground/net/http_caller.h"

#include <map>
#include <set>
#include <sys/epoll.h>
#include <utility>

#include "ground/base/check.h"
#include "ground/net/timer.h"

namespace scaler::net {

// The client polls its sockets itself. Here an epoll descriptor stands for all of them: the loop
// watches it, and a timer, and then lets the client poll once without waiting.
class HttpCaller::Impl final : public std::enable_shared_from_this<Impl> {
 public:
  Impl(EventLoop& loop, HttpClientOptions options)
      : loop_(loop),
        client_(std::move(options)),
        limit_(loop),
        sockets_(::epoll_create1(EPOLL_CLOEXEC)) {
    CHECK(sockets_ >= 0);
  }

  void watch() {
    watch_ = loop_.watch(sockets_, [this] { turn(); });
  }

  Ticket send(const HttpRequest& request, const RequestLimits& limits, Answered answered) {
    const Ticket ticket = client_.begin(request, limits);
    answered_.emplace(ticket, std::move(answered));
    turn_soon();
    return ticket;
  }

  void cancel(Ticket ticket) {
    client_.cancel(ticket);
    answered_.erase(ticket);
    turn_soon();
  }

 private:
  /// Not at once: whoever sends is told later, and several go in one turn.
  void turn_soon() {
    if (std::exchange(turn_comes_, true)) {
      return;
    }
    loop_.post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        self->turn();
      }
    });
  }

  void turn() {
    turn_comes_ = false;
    const auto self = shared_from_this();  // What is called may let the caller go.
    for (Finished& finished : client_.run(std::chrono::steady_clock::now())) {
      const auto found = answered_.extract(finished.ticket);
      if (found) {
        found.mapped()(std::move(finished));
      }
    }
    wait();
  }

  void wait() {
    const Awaited awaited = client_.awaited();
    std::set<int> gone = std::exchange(watched_, {});
    for (const pollfd& one : awaited.sockets) {
      watch_socket(one);
      gone.erase(one.fd);
      watched_.insert(one.fd);
    }
    for (const int socket : gone) {
      ::epoll_ctl(sockets_, EPOLL_CTL_DEL, socket, nullptr);  // Fails when it is closed: gone, too.
    }
    if (awaited.until == Deadline::max()) {
      limit_.cancel();
    } else {
      const auto left = awaited.until - std::chrono::steady_clock::now();
      limit_.start(std::max(std::chrono::ceil<Duration>(left), Duration::zero()),
                   [this] { turn(); });
    }
  }

  /// A closed descriptor leaves epoll by itself, and its number may be another socket's by now: so
  /// what is known of a number is not trusted.
  void watch_socket(const pollfd& one) const {
    epoll_event event{.events = (one.events & POLLOUT) != 0 ? EPOLLOUT : EPOLLIN,
                      .data = {.fd = one.fd}};
    if (::epoll_ctl(sockets_, EPOLL_CTL_MOD, one.fd, &event) != 0) {
      ::epoll_ctl(sockets_, EPOLL_CTL_ADD, one.fd, &event);
    }
  }

  EventLoop& loop_;
  HttpClient client_;
  Timer limit_;
  int sockets_;
  std::shared_ptr<void> watch_ = {};  ///< closes sockets_
  std::set<int> watched_ = {};
  std::map<Ticket, Answered> answered_ = {};
  bool turn_comes_ = false;
};

HttpCaller::HttpCaller(EventLoop& loop, HttpClientOptions options)
    : impl_(std::make_shared<Impl>(loop, std::move(options))) {
  impl_->watch();
}
HttpCaller::~HttpCaller() = default;

Ticket HttpCaller::send(const HttpRequest& request, const RequestLimits& limits,
                        Answered answered) {
  return impl_->send(request, limits, std::move(answered));
}

void HttpCaller::cancel(Ticket ticket) {
  impl_->cancel(ticket);
}

}  // namespace scaler::net
