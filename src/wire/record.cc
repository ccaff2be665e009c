#include "wire/record.h"

#include <array>
#include <limits>
#include <utility>

#include "wire/decision.h"
#include "wire/observation.h"

namespace scaler {
namespace {

constexpr std::string_view kAt = "at";
constexpr std::string_view kCluster = "cluster";
constexpr std::string_view kServiceName = "service_name";
constexpr std::string_view kRegion = "region";
constexpr std::string_view kAccount = "account";
constexpr std::string_view kQueues = "queues";
constexpr std::string_view kService = "service";
constexpr std::string_view kDecision = "decision";
constexpr std::string_view kOutcome = "outcome";

std::string_view to_string(Outcome outcome) {
  constexpr std::array<std::string_view, 4> kNames{"held", "applied", "failed", "waiting"};
  return kNames.at(static_cast<std::size_t>(outcome));
}

/// {"provider":"gpu","group":"gpus","desired":1,..,"steps":[..],"actions":[..]}
void write_group(json::Writer& writer, const GroupRecord& group) {
  writer.begin_object()
      .field("at", format_instant(group.at))
      .field("provider", group.provider)
      .field("group", group.group)
      .field("desired", group.desired)
      .field("in_service", group.in_service)
      .field("idle", group.idle)
      .field("draining", group.draining)
      .field("launch_failures", group.launch_failures);
  writer.name("steps").begin_array();
  for (const InstanceStep& step : group.steps) {
    writer.begin_object()
        .field("rule", scaler::to_string(step.reason))
        .field("instances", step.instances)
        .field("note", explain(step))
        .end_object();
  }
  writer.end_array().name("actions").begin_array();
  for (const InstanceAction& action : group.done) {
    writer.begin_object().field("action", scaler::to_string(action.kind));
    if (action.instance.empty()) {
      writer.field("desired", action.desired);
    } else {
      writer.field("instance", action.instance);
    }
    writer.end_object();
  }
  writer.end_array().end_object();
}

/// Empty when it is no text: such a name belongs to no service.
std::string name_in(const json::Reader& record, std::string_view name) {
  const auto member = record.optional_field(name);
  return member ? member->string().value_or("") : "";
}

/// What a record holds of an observation, with the names and checks of one.
Result<Observation> read_seen(const json::Reader& record) {
  json::Object seen;
  for (const std::string_view name : {kAt, kQueues, kService}) {
    if (const json::Value* member = record.value().find(name)) {
      seen.emplace_back(name, *member);
    }
  }
  const json::Value value{json::Value::Variant(std::move(seen))};
  return read_observation(json::Reader(value, record.path()));
}

}  // namespace

std::string record_json(const PassRecord& record) {
  json::Writer writer;
  writer.begin_object()
      .field(kAt, format_instant(record.at))
      .field(kCluster, record.id.cluster)
      .field(kServiceName, record.id.service);
  if (const Result<ServiceAddress> address = address_of(record.id)) {
    // What tells the same names in two places apart.
    for (const auto& [name, value] :
         {std::pair(kRegion, address->region), std::pair(kAccount, address->account)}) {
      if (!value.empty()) {
        writer.field(name, value);
      }
    }
  }
  if (record.described_at) {
    writer.field("described_at", format_instant(*record.described_at));
  }
  write_queues(writer.name(kQueues), record.queues);
  if (record.reading) {
    write_service(writer.name(kService), record.reading->service);
  }
  if (record.decision) {
    write_decision(writer.name(kDecision), *record.decision, record.state);
  }
  writer.field(kOutcome, to_string(record.outcome));
  if (record.look_bound > Duration::zero()) {
    writer.field("look_age_ms", record.look_age.count())
        .field("look_bound_ms", record.look_bound.count());
  }
  if (record.group) {
    write_group(writer.name("instances"), *record.group);
  }
  writer.name("errors").begin_array();
  for (const std::string& error : record.errors) {
    writer.value(error);
  }
  writer.end_array().end_object();
  return std::move(writer).text();
}

bool is_record(const json::Value& value) {
  return value.find(kAt) != nullptr && value.find(kQueues) != nullptr;
}

Result<RecordedPass> read_record(const json::Reader& record) {
  RecordedPass pass{
      .id = {.cluster = name_in(record, kCluster), .service = name_in(record, kServiceName)},
      .account = name_in(record, kAccount)};
  if (region_of_service(pass.id.cluster, pass.id.service).empty()) {
    pass.id.region = name_in(record, kRegion);
  }
  if (record.value().find(kService) == nullptr) {
    return pass;
  }
  pass.observation = TRY(read_seen(record));
  pass.desired = pass.observation->service.desired;
  const auto outcome = record.optional_field(kOutcome);
  const auto decision = record.optional_field(kDecision);
  if (decision && outcome && TRY(outcome->string()) == to_string(Outcome::Applied)) {
    const json::Reader desired = TRY(decision->field("desired"));
    pass.desired =
        TRY(desired.integer({.min = 0, .max = std::numeric_limits<std::int32_t>::max()}));
  }
  return pass;
}

}  // namespace scaler
