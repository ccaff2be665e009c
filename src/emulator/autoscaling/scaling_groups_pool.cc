#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "emulator/autoscaling/scaling_groups_api.h"
#include "ground/base/text.h"
#include "ground/json/members.h"

// The part of ScalingGroupsApi that keeps warm pools.

namespace scaler::emulator {
namespace {

constexpr std::string_view kPool = "WarmPoolConfiguration";
constexpr std::array<std::string_view, 3> kStates{{"Stopped", "Running", "Hibernated"}};

void forget(json::Object& shown) {
  std::erase_if(shown, [](const auto& member) { return member.first == kPool; });
}

}  // namespace

ApiAnswer ScalingGroupsApi::put_warm_pool(const Input& input, const Caller&) {
  world::InstanceGroup* const group = TRY(find_group(input));
  const std::string state(input.has("PoolState") ? input.text("PoolState") : kStates.front());
  if (!listed(kStates, state)) {
    return validation_error("PoolState must be Stopped, Running or Hibernated.");
  }
  const std::int64_t prepared = input.integer("MaxGroupPreparedCapacity").value_or(-1);
  const std::int64_t least = input.integer("MinSize").value_or(0);
  if (prepared < -1 || least < 0) {
    return validation_error("The sizes of a warm pool cannot be negative.");
  }
  Kept& kept = kept_[group->name()];
  kept.pool_is_bounded = prepared >= 0;
  json::Object told{{"MinSize", json::Value(least)}, {"PoolState", json::Value(state)}};
  if (kept.pool_is_bounded) {
    told.emplace_back("MaxGroupPreparedCapacity", json::Value(prepared));
  }
  if (const json::Value* const reuse = input.member("InstanceReusePolicy")) {
    told.emplace_back("InstanceReusePolicy", *reuse);
  }
  forget(kept.shown);
  kept.shown.emplace_back(std::string(kPool), json::Value(std::move(told)));
  world::GroupSettings settings = group->settings();
  settings.warm_pool = world::WarmPool{
      .prepared_max = prepared < 0 ? settings.max : prepared, .min = least, .start = times_.agent};
  group->change(std::move(settings), world_.now());
  return std::string();
}

ApiAnswer ScalingGroupsApi::delete_warm_pool(const Input& input, const Caller&) {
  world::InstanceGroup* const group = TRY(find_group(input));
  if (!group->settings().warm_pool) {
    return validation_error("No warm pool found for Auto Scaling group " + group->name());
  }
  forget(kept_[group->name()].shown);
  world::GroupSettings settings = group->settings();
  settings.warm_pool.reset();
  group->change(std::move(settings), world_.now());
  return std::string();
}

ApiAnswer ScalingGroupsApi::describe_warm_pool(const Input& input, const Caller& caller) {
  constexpr std::int64_t kMost = 50;
  const world::InstanceGroup* const group = TRY(find_group(input));
  const auto& pool = group->warm_pool();
  const std::int64_t limit = input.integer("MaxRecords").value_or(kMost);
  const auto first =
      number_of<std::int64_t>(input.has("NextToken") ? input.text("NextToken") : "0");
  if (limit < 1 || limit > kMost) {
    return validation_error(fmt::format("MaxRecords must be between 1 and {}.", kMost));
  }
  if (!first || *first < 0 || *first > std::ssize(pool)) {
    return refuse("InvalidNextToken", "The token is not valid.");
  }
  json::Writer writer;
  writer.begin_object();
  std::string state;
  for (const auto& [name, value] : kept(*group).shown) {
    if (name == kPool) {
      writer.field(name, value);
      state = json::text_in(value, "PoolState");
    }
  }
  writer.name("Instances").begin_array();
  const std::int64_t end = std::min(std::ssize(pool), *first + limit);
  for (std::int64_t i = *first; i < end; ++i) {
    const auto& prepared = pool[static_cast<std::size_t>(i)];
    writer.begin_object()
        .field("InstanceId", prepared.id)
        .field("InstanceType", group->settings().instance_type)
        .field("LifecycleState",
               "Warmed:" + (prepared.ready_at > world_.now() ? std::string("Pending") : state))
        .field("HealthStatus", "Healthy");
    write_zone(writer, caller.region, prepared.zone);
    writer.end_object();
  }
  writer.end_array();
  if (end < std::ssize(pool)) {
    writer.field("NextToken", fmt::format("{}", end));
  }
  writer.end_object();
  return std::move(writer).text();
}

}  // namespace scaler::emulator
