#include "watch/page/history.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "ground/base/problems.h"

namespace scaler::page {
namespace {

/// The first of them are kept over time; what is wanted of a group is told now alone.
static_assert(kServiceCounts.size() == History::kCounts + 1);

constexpr std::size_t kErrorMax = 300;
/// Steps are few and their notes a line each; whatever has more of them is told without.
constexpr std::size_t kStepsMax = 8192;

std::int64_t milliseconds(Instant at) {
  return at.time_since_epoch().count();
}

std::string_view steps_of(const ServiceView& service) {
  return service.steps.size() > kStepsMax ? std::string_view() : service.steps;
}

std::uint32_t offset(std::size_t size) {
  return static_cast<std::uint32_t>(size);
}

}  // namespace

std::size_t History::Block::bytes() const {
  constexpr std::size_t kLinks = 2 * sizeof(void*);
  return sizeof *this + kLinks + points.capacity() * sizeof(Point) + text.capacity();
}

std::string_view History::Block::part(std::uint32_t begin, std::uint32_t end) const {
  return std::string_view(text).substr(begin, end - begin);
}

History::Point History::point_of(const ServiceView& service) {
  Point point{.from = milliseconds(*service.looked_at), .until = milliseconds(*service.looked_at)};
  for (std::size_t i = 0; i < kCounts; ++i) {
    point.counts.at(i) = (service.*kServiceCounts.at(i).member).value_or(-1);
  }
  return point;
}

bool History::says_the_same(const Block& block, const ServiceView& service) {
  const Point& last = block.points.back();
  return block.part(last.steps, last.action) == steps_of(service) &&
         block.part(last.action, last.error) == service.action &&
         block.part(last.error, last.end) == shortened(service.error, kErrorMax);
}

void History::add(std::string_view id, const ServiceView& service) {
  if (!service.looked_at) {
    return;
  }
  auto found = series_.find(id);
  if (found == series_.end()) {
    found = series_.emplace(id, Series{}).first;
  }
  Series& series = found->second;
  const Point point = point_of(service);
  if (!series.blocks.empty()) {
    Block& block = *series.blocks.back();
    if (point.until <= block.points.back().until) {
      return;
    }
    Point& last = block.points.back();
    if (last.counts == point.counts && says_the_same(block, service)) {
      last.until = point.until;
      return;
    }
  }
  append(open_block(found->first, series), point, service);
  ++series.points;
  keep_bounds(series);
}

History::Block& History::open_block(const std::string& id, Series& series) {
  const bool full = series.blocks.empty() || series.blocks.back()->points.size() == kBlockPoints ||
                    series.blocks.back()->text.size() >= kBlockText;
  if (full) {
    if (!series.blocks.empty()) {
      Block& sealed = *series.blocks.back();
      bytes_ -= sealed.bytes();
      sealed.points.shrink_to_fit();
      sealed.text.shrink_to_fit();
      bytes_ += sealed.bytes();
    }
    blocks_.push_back({.id = &id});
    series.blocks.push_back(std::prev(blocks_.end()));
    bytes_ += blocks_.back().bytes();
  }
  return *series.blocks.back();
}

void History::append(Block& block, Point point, const ServiceView& service) {
  bytes_ -= block.bytes();
  if (!block.points.empty() && says_the_same(block, service)) {
    const Point& last = block.points.back();
    point.steps = last.steps;
    point.action = last.action;
    point.error = last.error;
    point.end = last.end;
  } else {
    point.steps = offset(block.text.size());
    block.text += steps_of(service);
    point.action = offset(block.text.size());
    block.text += service.action;
    point.error = offset(block.text.size());
    block.text += shortened(service.error, kErrorMax);
    point.end = offset(block.text.size());
  }
  block.points.push_back(point);
  bytes_ += block.bytes();
}

void History::drop_oldest_of(Series& series) {
  const Blocks::iterator oldest = series.blocks.front();
  bytes_ -= oldest->bytes();
  series.points -= oldest->points.size();
  series.blocks.erase(series.blocks.begin());
  blocks_.erase(oldest);
}

void History::keep_bounds(Series& added) {
  while (added.points > bounds_.points && added.blocks.size() > 1) {
    drop_oldest_of(added);
  }
  while (bytes_ > bounds_.bytes && blocks_.size() > 1) {
    drop_oldest_of(series_.find(*blocks_.front().id)->second);
  }
}

void History::forget(std::string_view id) {
  const auto found = series_.find(id);
  if (found == series_.end()) {
    return;
  }
  while (!found->second.blocks.empty()) {
    drop_oldest_of(found->second);
  }
  series_.erase(found);
}

std::size_t History::points(std::string_view id) const {
  const auto found = series_.find(id);
  return found == series_.end() ? 0 : found->second.points;
}

void History::write(json::Writer& out, std::string_view id, std::int64_t later_than) const {
  struct Seen {
    const Block& block;
    const Point& point;
  };
  std::vector<Seen> seen;
  if (const auto found = series_.find(id); found != series_.end()) {
    for (const Blocks::iterator block : found->second.blocks) {
      for (const Point& point : block->points) {
        if (point.until > later_than) {
          seen.push_back({*block, point});
        }
      }
    }
  }
  const auto column = [&](std::string_view name, const auto& write_value) {
    out.name(name).begin_array();
    for (const Seen& one : seen) {
      write_value(one);
    }
    out.end_array();
  };
  column("from", [&](const Seen& one) { out.value(one.point.from); });
  column("until", [&](const Seen& one) { out.value(one.point.until); });
  for (std::size_t i = 0; i < kCounts; ++i) {
    column(kServiceCounts.at(i).name, [&](const Seen& one) {
      const std::int64_t count = one.point.counts.at(i);
      count < 0 ? out.null() : out.value(count);
    });
  }
  column("action",
         [&](const Seen& one) { out.value(one.block.part(one.point.action, one.point.error)); });
  column("error",
         [&](const Seen& one) { out.value(one.block.part(one.point.error, one.point.end)); });
  std::map<std::string_view, std::size_t> numbers;
  std::vector<std::string_view> decisions;
  column("steps", [&](const Seen& one) {
    const std::string_view steps = one.block.part(one.point.steps, one.point.action);
    const auto [number, is_new] = numbers.emplace(steps, decisions.size());
    if (is_new) {
      decisions.push_back(steps);
    }
    out.value(number->second);
  });
  out.name("decisions").begin_array();
  for (const std::string_view steps : decisions) {
    out.raw(steps.empty() ? "[]" : steps);
  }
  out.end_array();
}

}  // namespace scaler::page
