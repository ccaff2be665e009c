#pragma once
// Feed: what changed in the fleet from one look to the next, as server-sent events that a page can
// join at any of the last revisions, in bounded memory.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "watch/fleet_status.h"

namespace scaler::page {

struct FeedBounds {
  std::size_t event = 256U << 10U;    ///< bytes; what is more tells pages to begin anew
  std::size_t window = 1024U << 10U;  ///< bytes of the events that are kept
};

class Feed {
 public:
  /// `epoch` tells this process's revisions from those of the one before it: a word.
  explicit Feed(std::string epoch, FeedBounds bounds = {})
      : epoch_(std::move(epoch)), bounds_(bounds) {}

  /// The fleet as it is now. What changed becomes an event, also when that is nothing: a page
  /// hears so that there was a pass. Returns the services that are gone, by their rows' ids.
  std::vector<std::string> show(std::shared_ptr<const FleetStatus> status);

  const FleetStatus& status() const { return *status_; }
  /// Nothing: there is no such service.
  const ServiceView* find(std::string_view id) const;

  /// "<epoch>-17": what a page that knows all so far says when it asks for more.
  std::string revision() const;

  /// The number of the first event that a page wants which knows that revision; nothing when it has
  /// to begin anew.
  std::optional<std::uint64_t> after(std::string_view revision) const;
  std::uint64_t end() const { return end_; }
  /// The event of that number; one that says to begin anew, and number end() - 1, when it is no
  /// longer kept.
  struct Event {
    std::uint64_t number = 0;
    std::shared_ptr<const std::string> text = {};
  };
  Event event(std::uint64_t number) const;
  std::string reset() const;

 private:
  void keep(std::string text);

  std::string epoch_;
  FeedBounds bounds_;
  std::shared_ptr<const FleetStatus> status_ = std::make_shared<FleetStatus>();
  std::map<std::string, std::size_t, std::less<>> places_ = {};  ///< in status_
  std::deque<std::shared_ptr<const std::string>> events_ = {};
  std::uint64_t end_ = 0;  ///< the number of the next event
  std::size_t bytes_ = 0;  ///< of events_
};

}  // namespace scaler::page
