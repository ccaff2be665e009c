#include "emulator/others/auto_scaling_api.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "emulator/others/kept_members.h"
#include "emulator/sqs/digests.h"
#include "ground/json/members.h"
#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

constexpr std::string_view kMissing = "ValidationException";

std::string owner_of(const Caller& caller) {
  return fmt::format("{}:{}", caller.region, caller.account);
}

/// Of targets that name none.
std::string service_role(const Caller& caller) {
  return fmt::format(
      "arn:aws:iam::{}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
      "AWSServiceRoleForApplicationAutoScaling_ECSService",
      caller.account);
}

json::Value text(std::string value) {
  return json::Value(std::move(value));
}

}  // namespace

/// One kind of what is kept, with its three operations.
struct AutoScalingApi::Kind {
  std::string_view put = {};
  std::string_view remove = {};
  std::string_view describe = {};
  std::string_view list = {};   ///< in the answer of `describe`
  std::string_view name = {};   ///< the field that names one of a target's; empty: there is one
  std::string_view names = {};  ///< the field of `describe` that asks for some
  std::string_view arn = {};
  std::string_view resource = {};  ///< in its ARN
  std::vector<Field> fields = {};  ///< of `put`, besides those that say where it belongs
};

const std::vector<AutoScalingApi::Kind>& AutoScalingApi::kinds() {
  using enum FieldKind;
  static const std::vector<Kind> table{
      {.put = "RegisterScalableTarget",
       .remove = "DeregisterScalableTarget",
       .describe = "DescribeScalableTargets",
       .list = "ScalableTargets",
       .names = "ResourceIds",
       .arn = "ScalableTargetARN",
       .resource = "scalable-target",
       .fields = {{"MinCapacity", Integer},
                  {"MaxCapacity", Integer},
                  {"RoleARN"},
                  {"SuspendedState", Any},
                  {"Tags", TextMap}}},
      {.put = "PutScalingPolicy",
       .remove = "DeleteScalingPolicy",
       .describe = "DescribeScalingPolicies",
       .list = "ScalingPolicies",
       .name = "PolicyName",
       .names = "PolicyNames",
       .arn = "PolicyARN",
       .resource = "scalingPolicy",
       .fields = {{"PolicyType"},
                  {"StepScalingPolicyConfiguration", Any},
                  {"TargetTrackingScalingPolicyConfiguration", Any},
                  {"PredictiveScalingPolicyConfiguration", Any}}},
      {.put = "PutScheduledAction",
       .remove = "DeleteScheduledAction",
       .describe = "DescribeScheduledActions",
       .list = "ScheduledActions",
       .name = "ScheduledActionName",
       .names = "ScheduledActionNames",
       .arn = "ScheduledActionARN",
       .resource = "scheduledAction",
       .fields = {{"Schedule"},
                  {"Timezone"},
                  {"StartTime", Any},
                  {"EndTime", Any},
                  {"ScalableTargetAction", Any}}}};
  return table;
}

std::vector<std::string_view> AutoScalingApi::operation_names() {
  std::vector<std::string_view> names;
  for (const Kind& kind : kinds()) {
    names.insert(names.end(), {kind.put, kind.remove, kind.describe});
  }
  return names;
}

ApiAnswer AutoScalingApi::handle(const JsonCall& call) {
  for (const Kind& kind : kinds()) {
    if (call.operation == kind.put) {
      return put(kind, call);
    }
    if (call.operation == kind.remove) {
      return remove(kind, call);
    }
    if (call.operation == kind.describe) {
      return describe(kind, call);
    }
  }
  return refuse("UnknownOperationException",
                fmt::format("Application Auto Scaling has no operation {} here.", call.operation));
}

namespace {

std::vector<Field> place_fields(std::string_view name) {
  std::vector<Field> fields{{"ServiceNamespace", FieldKind::Text, Presence::Required},
                            {"ResourceId", FieldKind::Text, Presence::Required},
                            {"ScalableDimension", FieldKind::Text, Presence::Required}};
  if (!name.empty()) {
    fields.push_back({name, FieldKind::Text, Presence::Required});
  }
  return fields;
}

template <typename Key>
Key key_of(const Input& input, const Caller& caller, std::string_view put, std::string_view name) {
  return {owner_of(caller),
          std::string(put),
          std::string(input.text("ServiceNamespace")),
          std::string(input.text("ResourceId")),
          std::string(input.text("ScalableDimension")),
          std::string(name.empty() ? std::string_view() : input.text(name))};
}

/// Of a scalable target: what the request says, else what was said before.
ApiResult<void> check_capacities(const Input& input, const json::Object& before) {
  const json::Value kept(before);
  const auto number = [&](std::string_view name) {
    return input.has(name) ? input.integer(name) : json::whole_in(kept, name);
  };
  const auto least = number("MinCapacity");
  const auto most = number("MaxCapacity");
  if (least && most && *least > *most) {
    return refuse("ValidationException", "Maximum capacity cannot be less than minimum capacity");
  }
  return {};
}

std::unexpected<ApiError> not_found(const Input& input) {
  return refuse("ObjectNotFoundException",
                fmt::format("No scalable target registered for service namespace: {}, resource ID: "
                            "{}, scalable dimension: {}",
                            input.text("ServiceNamespace"), input.text("ResourceId"),
                            input.text("ScalableDimension")));
}

}  // namespace

ApiAnswer AutoScalingApi::put(const Kind& kind, const JsonCall& call) {
  std::vector<Field> fields = place_fields(kind.name);
  fields.insert(fields.end(), kind.fields.begin(), kind.fields.end());
  const Input input = TRY(Input::read(call.body, fields, kMissing));
  const Kind& target = kinds().front();
  if (&kind != &target && !kept_.contains(key_of<Key>(input, call.caller, target.put, ""))) {
    return not_found(input);
  }
  const Key key = key_of<Key>(input, call.caller, kind.put, kind.name);
  const bool fresh = !kept_.contains(key);
  if (&kind == &target && fresh && (!input.has("MinCapacity") || !input.has("MaxCapacity"))) {
    return refuse("ValidationException",
                  "MinCapacity and MaxCapacity are needed to register a new scalable target.");
  }
  if (&kind == &target) {
    TRY(check_capacities(input, fresh ? json::Object() : kept_.at(key)));
  }
  json::Object& kept = kept_[key];
  if (&kind == &target && fresh) {
    set_member(kept, "RoleARN", text(service_role(call.caller)));
  }
  for (const Field& field : fields) {
    const json::Value* const value = input.member(field.name);
    if (value != nullptr && field.name != "Tags") {
      set_member(kept, field.name, *value);
    }
  }
  const std::string arn =
      fmt::format("arn:aws:application-autoscaling:{}:{}:{}/{}", call.caller.region,
                  call.caller.account, kind.resource,
                  md5_hex(fmt::format("{}|{}|{}|{}", std::get<2>(key), std::get<3>(key),
                                      std::get<4>(key), std::get<5>(key))));
  set_member(kept, kind.arn, text(arn));
  if (fresh) {
    set_member(kept, "CreationTime", json::Value(world_.now().time_since_epoch().count() / 1000));
  }
  json::Writer writer;
  writer.begin_object();
  if (kind.name != "ScheduledActionName") {
    writer.field(kind.arn, arn);
  }
  if (kind.name == "PolicyName") {
    writer.name("Alarms").begin_array().end_array();
  }
  writer.end_object();
  return std::move(writer).text();
}

ApiAnswer AutoScalingApi::remove(const Kind& kind, const JsonCall& call) {
  const Input input = TRY(Input::read(call.body, place_fields(kind.name), kMissing));
  if (kept_.erase(key_of<Key>(input, call.caller, kind.put, kind.name)) == 0) {
    return not_found(input);
  }
  if (&kind == &kinds().front()) {
    // With the target goes what was made for it.
    for (const Kind& other : kinds()) {
      const Key own = key_of<Key>(input, call.caller, other.put, "");
      std::erase_if(kept_, [&](const auto& one) {
        Key of_target = one.first;
        std::get<5>(of_target) = "";
        return of_target == own;
      });
    }
  }
  return "{}";
}

ApiAnswer AutoScalingApi::describe(const Kind& kind, const JsonCall& call) const {
  std::vector<Field> fields{{"ServiceNamespace", FieldKind::Text, Presence::Required},
                            {"ScalableDimension"},
                            {"MaxResults", FieldKind::Integer},
                            {"NextToken"},
                            {kind.names, FieldKind::Texts}};
  if (!kind.name.empty()) {
    fields.push_back({"ResourceId"});
  }
  const Input input = TRY(Input::read(call.body, fields, kMissing));
  const auto names = input.texts(kind.names);
  json::Writer writer;
  writer.begin_object().name(kind.list).begin_array();
  for (const auto& [key, kept] : kept_) {
    const auto& [owner, put, space, resource, dimension, name] = key;
    const bool wanted =
        owner == owner_of(call.caller) && put == kind.put &&
        space == input.text("ServiceNamespace") &&
        (!input.has("ScalableDimension") || dimension == input.text("ScalableDimension")) &&
        (!input.has("ResourceId") || resource == input.text("ResourceId")) &&
        (names.empty() || listed(names, kind.name.empty() ? resource : name));
    if (wanted) {
      writer.value(json::Value(kept));
    }
  }
  writer.end_array().end_object();
  return std::move(writer).text();
}

}  // namespace scaler::emulator
