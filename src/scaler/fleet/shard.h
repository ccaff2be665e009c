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

struct Shard {
  std::string place = {};   ///< by its key; empty: the deployment's own account and region
  std::string from = {};    ///< the first key that belongs to it
  std::string before = {};  ///< the first that does not any more; empty: there is none
  /// Of how many this is one, in its place: each may use that part of the place's rates.
  std::int64_t parts = 1;

  bool contains(std::string_view key) const {
    return key >= from && (before.empty() || key < before);
  }
  bool operator==(const Shard&) const = default;
};

/// A service's key: its ARN, or cluster and name.
std::string shard_key(const ServiceId& id);

struct FleetMember {
  std::string place = {};
  std::string key = {};
};

/// As few shards as hold no more than `most` services each, all of a place about as large.
std::vector<Shard> cut(std::vector<FleetMember> members, std::size_t most);

}  // namespace scaler
