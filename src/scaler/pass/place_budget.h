#pragma once
// PlaceBudget: what the rates of each place leave, handed out service by service. A place that has
// nothing left takes nothing from another.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "scaler/pass/item.h"

namespace scaler {

class PlaceBudget {
 public:
  using Allowed = std::function<std::size_t(const ServiceId&)>;

  /// `allowed` is asked once for each place, when its first service comes.
  explicit PlaceBudget(Allowed allowed) : allowed_(std::move(allowed)) {}

  std::size_t& left(const ServiceId& id) {
    const Place place = place_of(id);
    const auto found = left_.lower_bound(place);
    return found != left_.end() && found->first == place
               ? found->second
               : left_.emplace_hint(found, place, allowed_(id))->second;
  }
  /// Takes one of the place's; false when it has none left.
  bool take(const ServiceId& id) {
    std::size_t& there = left(id);
    return there > 0 && (--there, true);
  }

 private:
  Allowed allowed_;
  std::map<Place, std::size_t> left_ = {};  ///< the views are of ids that outlive this
};

/// Takes out of `from` whatever fits, in order, and no more than `most`; the others stay in theirs.
template <typename Fits>
std::vector<Item*> take_fitting(std::vector<Item*>& from, const Fits& fits,
                                std::size_t most = std::numeric_limits<std::size_t>::max()) {
  std::vector<Item*> taken;
  std::vector<Item*> rest;
  for (Item* item : from) {
    (taken.size() < most && fits(*item) ? taken : rest).push_back(item);
  }
  from = std::move(rest);
  return taken;
}

}  // namespace scaler
