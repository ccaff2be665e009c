#pragma once
// Shard: a part of a fleet that one invocation looks after. A fleet is cut by the names of its
// services in their order, so that those of one cluster stay together and whoever knows a service
// knows whose it is, also one that was not there when the fleet was cut.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scaler/pass/ports.h"

namespace scaler {

/// A service of a fleet, for whoever cuts it.
struct FleetMember {
  std::string place = {};  ///< as whom it is reached, and in which region
  std::string key = {};    ///< its ARN, or cluster and name
};
FleetMember member_of(const ServiceId& id);

struct Shard {
  std::string place = {};   ///< the one whose services it holds; empty: those of all
  std::string from = {};    ///< the first key that belongs to it
  std::string before = {};  ///< the first that does not any more; empty: there is none
  /// Of how many this is one, in its place: each may use that part of the place's rates.
  std::int64_t parts = 1;

  bool contains(const FleetMember& member) const {
    return (place.empty() || member.place == place) && member.key >= from &&
           (before.empty() || member.key < before);
  }
  /// Whether its services may be reached so; without a region they may be in any.
  bool is_in(const AccountRole& role, std::string_view region) const;
  bool operator==(const Shard&) const = default;
};

/// The names of clusters of which other shards may hold services, too.
std::vector<std::string> split_clusters(const Shard& shard);

/// Shards of no more than `most` services each. Services of one cluster, which may share instances,
/// stand in one shard, unless they are too many: then the cluster is cut in parts about as large.
std::vector<Shard> cut(std::vector<FleetMember> members, std::size_t most);

}  // namespace scaler
