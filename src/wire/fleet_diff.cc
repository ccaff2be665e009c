#include "wire/fleet_diff.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "ground/json/writer.h"
#include "scaler/core/names.h"
#include "scaler/core/queue_names.h"
#include "wire/policy.h"

namespace scaler {
namespace {

/// The services of a fleet, each to be found once.
class Fleet {
 public:
  Fleet(std::span<const ServiceSpec> specs, std::string_view default_region)
      : default_region_(default_region) {
    for (const ServiceSpec& spec : specs) {
      ServiceAddress address = address_of(spec);
      by_name_[{address.cluster, address.service}].push_back({std::move(address), &spec});
    }
  }

  /// The one that this is in the fleet, which is then no more in it; nullptr: none.
  const ServiceSpec* take(const ServiceSpec& spec) {
    const ServiceAddress address = address_of(spec);
    std::vector<Entry>& namesakes = by_name_[{address.cluster, address.service}];
    const auto found = std::ranges::find_if(
        namesakes, [&address](const Entry& entry) { return may_be_same(entry.first, address); });
    if (found == namesakes.end()) {
      return nullptr;
    }
    const ServiceSpec* const same = found->second;
    namesakes.erase(found);
    return same;
  }

 private:
  using Entry = std::pair<ServiceAddress, const ServiceSpec*>;

  /// Names that contradict each other were refused when the fleet was read.
  ServiceAddress address_of(const ServiceSpec& spec) const {
    ServiceAddress address =
        scaler::address_of(spec.id).value_or(ServiceAddress{.service = spec.id.service});
    if (address.region.empty()) {
      address.region = default_region_;
    }
    return address;
  }

  std::string default_region_;
  std::map<std::pair<std::string, std::string>, std::vector<Entry>> by_name_ = {};
};

bool is_same(const JobQueue& a, const JobQueue& b) {
  const Result<QueueAddress> first = parse_queue(a.url);
  const Result<QueueAddress> second = parse_queue(b.url);
  return first && second ? may_be_same(*first, *second) : a.url == b.url;
}

const JobQueue* find_queue(const std::vector<JobQueue>& queues, const JobQueue& queue) {
  const auto found = std::ranges::find_if(
      queues, [&queue](const JobQueue& other) { return is_same(queue, other); });
  return found == queues.end() ? nullptr : &*found;
}

std::string weight_of(const JobQueue* queue) {
  return queue == nullptr ? "" : fmt::format(R"("weight {}")", format_millionths(queue->weight));
}

void compare_queues(const ServiceSpec& before, const ServiceSpec& after,
                    std::vector<SettingChange>& changes) {
  const auto add = [&changes](const JobQueue& queue, std::string was, std::string is) {
    if (was != is) {
      changes.push_back({"queue " + queue.url, std::move(was), std::move(is)});
    }
  };
  for (const JobQueue& queue : before.queues) {
    add(queue, weight_of(&queue), weight_of(find_queue(after.queues, queue)));
  }
  for (const JobQueue& queue : after.queues) {
    if (find_queue(before.queues, queue) == nullptr) {
      add(queue, "", weight_of(&queue));
    }
  }
}

std::string value_of(const PolicyField& field, const ServiceSpec& spec) {
  std::string value = field_json(field, *spec.policy.operator->());
  return value == "null" ? "" : value;
}

std::string wake_of(const ServiceSpec& spec) {
  return !spec.wake ? "" : *spec.wake ? "true" : "false";
}

std::vector<SettingChange> compare(const ServiceSpec& before, const ServiceSpec& after) {
  std::vector<SettingChange> changes;
  compare_queues(before, after, changes);
  if (before.wake != after.wake) {
    changes.push_back({"wake", wake_of(before), wake_of(after)});
  }
  for (const PolicyField& field : policy_fields()) {
    std::string was = value_of(field, before);
    std::string is = value_of(field, after);
    if (was != is) {
      changes.push_back({std::string(field.name), std::move(was), std::move(is)});
    }
  }
  return changes;
}

std::string shown(const std::string& value) {
  return value.empty() ? "none" : unquoted(value);
}

void write_ids(json::Writer& out, std::string_view name, std::span<const ServiceId> ids) {
  out.name(name).begin_array();
  for (const ServiceId& id : ids) {
    out.begin_object().field("cluster", id.cluster).field("service", id.service).end_object();
  }
  out.end_array();
}

}  // namespace

FleetDiff compare_fleets(std::span<const ServiceSpec> before, std::span<const ServiceSpec> after,
                         std::string_view default_region) {
  FleetDiff diff;
  Fleet left(after, default_region);
  for (const ServiceSpec& spec : before) {
    const ServiceSpec* const other = left.take(spec);
    if (other == nullptr) {
      diff.removed.push_back(spec.id);
    } else if (auto changes = compare(spec, *other); !changes.empty()) {
      diff.changed.push_back({.id = spec.id, .settings = std::move(changes)});
    }
  }
  Fleet known(before, default_region);
  for (const ServiceSpec& spec : after) {
    if (known.take(spec) == nullptr) {
      diff.added.push_back(spec.id);
    }
  }
  return diff;
}

std::string diff_text(const FleetDiff& diff) {
  std::string text;
  for (const ServiceId& id : diff.removed) {
    text += fmt::format("- {}/{}\n", plain_name(id.cluster), id.service);
  }
  for (const FleetDiff::Changed& changed : diff.changed) {
    text += fmt::format("~ {}/{}\n", plain_name(changed.id.cluster), changed.id.service);
    for (const SettingChange& setting : changed.settings) {
      text += fmt::format("    {}: {} -> {}\n", setting.name, shown(setting.before),
                          shown(setting.after));
    }
  }
  for (const ServiceId& id : diff.added) {
    text += fmt::format("+ {}/{}\n", plain_name(id.cluster), id.service);
  }
  return text;
}

std::string diff_json(const FleetDiff& diff) {
  json::Writer out;
  out.begin_object();
  write_ids(out, "added", diff.added);
  write_ids(out, "removed", diff.removed);
  out.name("changed").begin_array();
  for (const FleetDiff::Changed& changed : diff.changed) {
    out.begin_object().field("cluster", changed.id.cluster).field("service", changed.id.service);
    out.name("settings").begin_array();
    for (const SettingChange& setting : changed.settings) {
      out.begin_object().field("name", setting.name);
      out.name("before").raw(setting.before.empty() ? "null" : setting.before);
      out.name("after").raw(setting.after.empty() ? "null" : setting.after).end_object();
    }
    out.end_array().end_object();
  }
  out.end_array().end_object();
  return std::move(out).text();
}

}  // namespace scaler
