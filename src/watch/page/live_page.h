#pragma once
// LivePage: the page that shows a fleet while it is scaled, and its data: "/", "/api/fleet",
// "/api/service" and "/events". Whoever scales, or plays AWS, feeds it with a FleetStatus; it
// changes nothing. One page for the controller, `emulate` and `demo`.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ground/net/event_loop.h"
#include "ground/net/request_parser.h"
#include "ground/net/timer.h"
#include "watch/page/feed.h"
#include "watch/page/history.h"

namespace scaler::page {

struct PageOptions {
  std::string shows = {};  ///< for people: whose fleet it is
  Duration every = {};     ///< how far apart passes are; the page says when one is overdue
  HistoryBounds history = {};
  FeedBounds feed = {};
};

/// For use on the loop's thread.
class LivePage {
 public:
  LivePage(net::EventLoop& loop, PageOptions options);

  /// After a pass, or a look; services that were not looked at anew stay as they are.
  void show(const std::shared_ptr<const FleetStatus>& status);

  /// The target's path, without its query, is one of the page's.
  static bool handles(std::string_view target);
  /// Answers a GET or HEAD request whose target it handles.
  void answer(const net::ServerRequest& request,
              const std::function<void(net::HttpResponse)>& respond);

  /// What the answers have in common: nothing may be loaded from elsewhere, nothing is kept.
  static net::HttpHeaders headers(std::string type);

 private:
  struct Listener {
    std::shared_ptr<net::ResponseStream> stream = {};
    std::uint64_t next = 0;  ///< the event that it gets next
  };

  net::HttpResponse fleet() const;
  net::HttpResponse service(std::string_view query) const;
  bool begin_events(const net::ServerRequest& request, std::string_view query);
  void feed_listeners();
  void beat_later();

  PageOptions options_;
  History history_;
  Feed feed_;
  std::vector<Listener> listeners_ = {};
  net::Timer beat_;
};

}  // namespace scaler::page
