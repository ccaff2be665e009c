#include "scaler/fleet/shard.h"

#include <algorithm>
#include <span>
#include <tuple>

#include "scaler/core/names.h"

namespace scaler {
namespace {

using Members = std::span<const FleetMember>;

std::string place_named(const AccountRole& role, std::string_view region) {
  return (role.arn.empty() ? "own" : role.arn) + (region.empty() ? "" : " " + std::string(region));
}

/// "c/" of "c/s", and as much of an ARN.
std::string_view cluster_part(std::string_view key) {
  return key.substr(0, key.rfind('/') + 1);
}

/// Those of the first cluster.
Members first_cluster(Members members) {
  const auto end = std::ranges::find_if(members, [&](const FleetMember& member) {
    return cluster_part(member.key) != cluster_part(members.front().key);
  });
  return members.first(static_cast<std::size_t>(end - members.begin()));
}

/// The keys at which shards after the first begin.
std::vector<std::string> borders(Members members, std::size_t most) {
  std::vector<std::string> keys;
  for (std::size_t held = 0; !members.empty();) {
    const Members cluster = first_cluster(members);
    if (held > 0 && held + cluster.size() > most) {
      keys.emplace_back(cluster_part(cluster.front().key));
      held = 0;
    }
    const std::size_t parts = (cluster.size() + most - 1) / most;
    for (std::size_t part = 1; part < parts; ++part) {
      keys.push_back(cluster[part * cluster.size() / parts].key);
    }
    held = parts > 1 ? most : held + cluster.size();
    members = members.subspan(cluster.size());
  }
  return keys;
}

void cut_place(Members members, std::size_t most, std::vector<Shard>& shards) {
  const std::vector<std::string> keys = borders(members, most);
  for (std::size_t part = 0; part <= keys.size(); ++part) {
    shards.push_back({.place = members.front().place,
                      .from = part == 0 ? "" : keys[part - 1],
                      .before = part == keys.size() ? "" : keys[part],
                      .parts = static_cast<std::int64_t>(keys.size() + 1)});
  }
}

}  // namespace

bool Shard::is_in(const AccountRole& role, std::string_view region) const {
  return place.empty() || place == place_named(role, region) ||
         (region.empty() && place.starts_with(place_named(role, "") + " "));
}

/// Services that are given by their names stand in the region that they name, and no other.
FleetMember member_of(const ServiceId& id) {
  const auto arn = parse_arn(id.service);
  const std::string& region = arn ? arn->region : id.region;
  return {.place = place_named(id.role, region),
          .key = arn ? id.service : id.cluster + "/" + id.service};
}

std::vector<std::string> split_clusters(const Shard& shard) {
  std::vector<std::string> names;
  for (const std::string& border : {shard.from, shard.before}) {
    std::string_view part = cluster_part(border);
    if (part.size() < border.size() && !part.empty()) {
      part.remove_suffix(1);
      names.emplace_back(plain_name(part));
    }
  }
  return names;
}

std::vector<Shard> cut(std::vector<FleetMember> members, std::size_t most) {
  std::ranges::sort(members, {},
                    [](const FleetMember& member) { return std::tie(member.place, member.key); });
  std::vector<Shard> shards;
  for (auto first = members.begin(); first != members.end();) {
    const auto end = std::find_if(first, members.end(), [&](const FleetMember& member) {
      return member.place != first->place;
    });
    cut_place(Members(first, end), most, shards);
    first = end;
  }
  return shards;
}

}  // namespace scaler
