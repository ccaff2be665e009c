#include "scaler/fleet/shard.h"

#include <algorithm>
#include <span>
#include <tuple>

namespace scaler {
namespace {

void cut_place(std::span<FleetMember> members, std::size_t most, std::vector<Shard>& shards) {
  const std::size_t parts = (members.size() + most - 1) / most;
  for (std::size_t part = 0; part < parts; ++part) {
    const auto first = [&](std::size_t which) {
      return which == 0 || which == parts ? "" : members[which * members.size() / parts].key;
    };
    shards.push_back({.place = members.front().place,
                      .from = first(part),
                      .before = first(part + 1),
                      .parts = static_cast<std::int64_t>(parts)});
  }
}

}  // namespace

std::string shard_key(const ServiceId& id) {
  return id.service.starts_with("arn:") ? id.service : id.cluster + "/" + id.service;
}

std::vector<Shard> cut(std::vector<FleetMember> members, std::size_t most) {
  std::ranges::sort(members, {},
                    [](const FleetMember& member) { return std::tie(member.place, member.key); });
  std::vector<Shard> shards;
  for (auto first = members.begin(); first != members.end();) {
    const auto end = std::find_if(first, members.end(), [&](const FleetMember& member) {
      return member.place != first->place;
    });
    cut_place(std::span(first, end), most, shards);
    first = end;
  }
  return shards;
}

}  // namespace scaler
