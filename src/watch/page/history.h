#pragma once
// History: what the looks at each service told, in bounded memory. Looks that tell the same are one
// point, so that a service at rest costs nothing.

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ground/json/writer.h"
#include "watch/fleet_status.h"

namespace scaler::page {

struct HistoryBounds {
  std::size_t bytes = 64U << 20U;  ///< of all services; whose points are the oldest loses them
  std::size_t points = 4096;       ///< of one service
};

class History {
 public:
  explicit History(HistoryBounds bounds = {}) : bounds_(bounds) {}

  /// A look that is no newer than the last one of this service adds nothing.
  void add(std::string_view id, const ServiceView& service);
  void forget(std::string_view id);

  /// The points of a service whose last look is later, as columns: "from" and "until" (milliseconds
  /// since 1970: the first and the last look that told so), the counts (null: not known), "action",
  /// "error", and "steps", which are indices into "decisions", for many points have the same.
  void write(json::Writer& out, std::string_view id, std::int64_t later_than) const;

  /// What the points take, the names of the services aside.
  std::size_t bytes() const { return bytes_; }
  std::size_t points(std::string_view id) const;

  /// visible, in_flight, delayed, desired, running, pending, instances.
  static constexpr std::size_t kCounts = 7;

 private:
  struct Point {
    std::int64_t from = 0;
    std::int64_t until = 0;
    std::array<std::int64_t, kCounts> counts = {};  ///< -1: not known
    std::uint32_t steps = 0;                        ///< where they begin in the block's text
    std::uint32_t action = 0;                       ///< where steps end and this begins, and so on
    std::uint32_t error = 0;
    std::uint32_t end = 0;
  };
  /// So many points of one service, one after the other, that come and go together.
  struct Block {
    const std::string* id = nullptr;
    std::vector<Point> points = {};
    std::string text = {};
    std::size_t bytes() const;
    std::string_view part(std::uint32_t begin, std::uint32_t end) const;
  };
  using Blocks = std::list<Block>;
  struct Series {
    std::vector<Blocks::iterator> blocks = {};  ///< the oldest first
    std::size_t points = 0;
  };

  static constexpr std::size_t kBlockPoints = 32;
  static constexpr std::size_t kBlockText = 8192;

  static Point point_of(const ServiceView& service);
  /// Whether the block's last point has these steps, this action and this error.
  static bool says_the_same(const Block& block, const ServiceView& service);
  Block& open_block(const std::string& id, Series& series);
  void append(Block& block, Point point, const ServiceView& service);
  void drop_oldest_of(Series& series);
  void keep_bounds(Series& added);

  HistoryBounds bounds_;
  Blocks blocks_ = {};  ///< of all services, in the order in which they were begun
  std::map<std::string, Series, std::less<>> series_ = {};
  std::size_t bytes_ = 0;
};

}  // namespace scaler::page
