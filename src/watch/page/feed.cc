#include "watch/page/feed.h"

#include <utility>

#include <fmt/core.h>

#include "ground/base/text.h"
#include "ground/json/writer.h"
#include "watch/page/row.h"

namespace scaler::page {
namespace {

std::map<std::string, std::size_t, std::less<>> places_of(const FleetStatus& status) {
  std::map<std::string, std::size_t, std::less<>> places;
  for (std::size_t i = 0; i < status.services.size(); ++i) {
    places.emplace(row_id(status.services[i]), i);
  }
  return places;
}

/// JSON stands on one line, so it needs no splitting.
std::string event_text(std::string_view revision, std::string_view kind, std::string_view data) {
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", revision, kind, data);
}

}  // namespace

std::vector<std::string> Feed::show(std::shared_ptr<const FleetStatus> status) {
  const auto before = std::exchange(status_, std::move(status));
  const auto places_before = std::exchange(places_, places_of(*status_));
  ++end_;
  json::Writer out;
  out.begin_object();
  write_head(out, *status_);
  out.name("services").begin_array();
  for (const auto& [id, place] : places_) {
    const auto found = places_before.find(id);
    const ServiceView& service = status_->services[place];
    if (found == places_before.end() || !same_row(before->services[found->second], service)) {
      write_row(out, service);
    }
  }
  out.end_array().name("gone").begin_array();
  std::vector<std::string> gone;
  for (const auto& [id, place] : places_before) {
    if (!places_.contains(id)) {
      out.value(id);
      gone.push_back(id);
    }
  }
  out.end_array().end_object();
  const bool large = out.text().size() > bounds_.event;
  keep(large ? reset() : event_text(revision(), "pass", out.text()));
  return gone;
}

void Feed::keep(std::string text) {
  bytes_ += text.size();
  events_.push_back(std::make_shared<const std::string>(std::move(text)));
  while (bytes_ > bounds_.window && events_.size() > 1) {
    bytes_ -= events_.front()->size();
    events_.pop_front();
  }
}

const ServiceView* Feed::find(std::string_view id) const {
  const auto found = places_.find(id);
  return found == places_.end() ? nullptr : &status_->services[found->second];
}

std::string Feed::revision() const {
  return fmt::format("{}-{}", epoch_, end_);
}

std::optional<std::uint64_t> Feed::after(std::string_view revision) const {
  const std::size_t dash = revision.rfind('-');
  if (dash == std::string_view::npos || revision.substr(0, dash) != epoch_) {
    return std::nullopt;
  }
  const auto number = number_of<std::uint64_t>(revision.substr(dash + 1));
  if (!number || *number > end_ || *number + events_.size() < end_) {
    return std::nullopt;
  }
  return number;
}

Feed::Event Feed::event(std::uint64_t number) const {
  const std::uint64_t first = end_ - events_.size();
  if (number < first) {
    return {.number = end_ - 1, .text = std::make_shared<const std::string>(reset())};
  }
  return {.number = number, .text = events_.at(number - first)};
}

std::string Feed::reset() const {
  return event_text(revision(), "reset", "{}");
}

}  // namespace scaler::page
