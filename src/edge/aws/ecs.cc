#include "edge/aws/ecs.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "edge/aws/error_table.h"
#include "edge/aws/reply_fields.h"
#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"
#include "scaler/core/names.h"

namespace scaler::aws {
namespace {

ApiCall ecs_call(std::string operation, std::string subject, std::string_view region,
                 std::string body, const AccountRole& role) {
  return {.service = AwsService::Ecs,
          .region = std::string(region),
          .operation = std::move(operation),
          .subject = std::move(subject),
          .body = std::move(body),
          .role = role};
}

std::string subject_of(const ServiceId& id) {
  return id.cluster + "/" + id.service;
}

/// "arn:aws:ecs:eu-central-1:123456789012": what is the same for an ARN with the cluster and
/// without.
std::string_view place_of_arn(std::string_view arn) {
  return arn.substr(0, arn.find(":service/"));
}

/// Whether the caller's id, a name or an ARN, means the service of that ARN. All services of one
/// call are of one cluster, where names are unique; by ARN it must be the same account and region.
/// A reply about another cluster, where it says so, is none.
bool means(const ServiceId& id, std::string_view arn) {
  const bool named = !id.service.starts_with("arn:");
  const std::vector<std::string_view> parts = split(arn, "/");
  const bool elsewhere = parts.size() == 3 && parts[1] != plain_name(id.cluster);
  return plain_name(id.service) == plain_name(arn) && !elsewhere &&
         (named || place_of_arn(id.service) == place_of_arn(arn));
}

}  // namespace

std::pair<Place, std::string_view> call_key(const ServiceId& id) {
  return {place_of(id), id.cluster};
}

ApiCall describe_call(std::span<const ServiceId> ids, WithTags with_tags) {
  json::Writer body;
  body.begin_object().field("cluster", ids.front().cluster).name("services").begin_array();
  std::string subject;
  for (const ServiceId& id : ids) {
    body.value(id.service);
    subject += (subject.empty() ? "" : ", ") + subject_of(id);
  }
  body.end_array();
  if (with_tags == WithTags::Yes) {
    body.name("include").begin_array().value("TAGS").end_array();
  }
  body.end_object();
  ApiCall call = ecs_call("DescribeServices", std::move(subject), region_of(ids.front()),
                          std::move(body).text(), ids.front().role);
  call.unread = "events";  // A hundred of them, nine tenths of the reply.
  return call;
}

namespace {

Result<std::string> text_field(const json::Reader& object, std::string_view name) {
  const json::Reader field = TRY(object.field(name));
  return field.string();
}

Result<ServiceStatus> read_status(const json::Reader& service) {
  const std::string text = TRY(text_field(service, "status"));
  if (text == "ACTIVE") {
    return ServiceStatus::Active;
  }
  if (text == "DRAINING") {
    return ServiceStatus::Draining;
  }
  if (text == "INACTIVE") {
    return ServiceStatus::Inactive;
  }
  return fail(ErrorKind::Malformed,
              service.path() + ".status: '" + shortened(text) + "' is not known");
}

/// Deployments or task sets that are under way, and when the latest of them was made.
struct Rollouts {
  int count = 0;
  std::optional<Instant> latest = {};

  /// A time that does not stand there as ECS has it, in seconds since 1970, is one that is not
  /// told: the rest is no less known for it.
  void add(const json::Reader& made) {
    constexpr double kSecondsMax = 1e12;
    ++count;
    const auto field = made.optional_field("createdAt");
    if (!field) {
      return;
    }
    if (const Result<std::int64_t> time = field->millionths(0, kSecondsMax)) {
      latest = std::max(latest, std::optional(Instant(Duration(*time / 1000))));
    }
  }
};

/// Deployments without a rolloutState are under way while others live beside them. ECS lists them
/// always, and none where task sets take their place: a reply without either does not say that
/// nothing is under way.
Result<Rollouts> rolling_out(const json::Reader& service) {
  const auto list = service.optional_field("deployments");
  if (!list) {
    return Rollouts{.count = service.optional_field("taskSets") ? 0 : 1};
  }
  Rollouts told;
  Rollouts live;
  bool untold = false;
  for (const json::Reader& deployment : TRY(list->items())) {
    const auto state = deployment.optional_field("rolloutState");
    if (state && TRY(state->string()) == "IN_PROGRESS") {
      told.add(deployment);
    }
    const std::string status = TRY(text_field(deployment, "status"));
    if (status == "PRIMARY" || status == "ACTIVE") {
      live.add(deployment);
    }
    untold = untold || !state;
  }
  return told.count == 0 && untold && live.count > 1 ? live : told;
}

Result<Rollouts> stabilizing(const json::Reader& service) {
  Rollouts rollouts;
  const auto list = service.optional_field("taskSets");
  if (!list) {
    return rollouts;
  }
  for (const json::Reader& task_set : TRY(list->items())) {
    const auto state = task_set.optional_field("stabilityStatus");
    if (state && TRY(state->string()) == "STABILIZING") {
      rollouts.add(task_set);
    }
  }
  return rollouts;
}

/// A pause whose end cannot be read was meant as one: nothing is changed until somebody mends it.
void read_pause(const std::string& text, ServiceReading& reading) {
  const Result<Instant> until = parse_instant(text);
  reading.service.paused_until = until.value_or(kPausedForGood);
  if (!until) {
    reading.pause_complaint =
        std::string(kPauseTag) + ": '" + shortened(text) +
        "' is no instant such as 2026-11-23T12:00:00Z: nothing of the service "
        "is changed until the tag is mended or removed";
  }
}

Result<void> read_own_tags(const json::Reader& service, ServiceReading& reading) {
  const auto tags = service.optional_field("tags");
  if (!tags) {
    return {};
  }
  for (const json::Reader& tag : TRY(tags->items())) {
    const std::string key = TRY(text_field(tag, "key"));
    if (key != kStateTag && key != kPauseTag) {
      continue;
    }
    const auto field = tag.optional_field("value");
    const std::string value = field ? TRY(field->string()) : std::string();
    if (key == kStateTag) {
      reading.saved_state = value;
    } else {
      read_pause(value, reading);
    }
  }
  return {};
}

/// Each once, in the order in which they come.
Result<void> add_text(const json::Reader& object, std::string_view name,
                      std::vector<std::string>& texts) {
  const auto field = object.optional_field(name);
  std::string text = field ? TRY(field->string()) : std::string();
  if (!text.empty() && std::ranges::find(texts, text) == texts.end()) {
    texts.push_back(std::move(text));
  }
  return {};
}

Result<void> add_texts(const json::Reader& service, std::string_view list, std::string_view name,
                       std::vector<std::string>& texts) {
  if (const auto field = service.optional_field(list)) {
    for (const json::Reader& element : TRY(field->items())) {
      TRY(add_text(element, name, texts));
    }
  }
  return {};
}

/// Of Fargate, which has no instances, nothing but its name matters.
Result<RunsOn> read_runs_on(const json::Reader& service) {
  RunsOn on;
  TRY(add_texts(service, "capacityProviderStrategy", "capacityProvider", on.providers));
  if (on.providers.empty()) {
    const auto type = service.optional_field("launchType");
    on.launch_type = type ? TRY(type->string()) : std::string();
    return on;
  }
  TRY(add_texts(service, "deployments", "taskDefinition", on.task_definitions));
  TRY(add_texts(service, "taskSets", "taskDefinition", on.task_definitions));
  TRY(add_text(service, "taskDefinition", on.task_definitions));
  const auto configuration = service.optional_field("deploymentConfiguration");
  if (const auto percent =
          configuration ? configuration->optional_field("maximumPercent") : configuration) {
    on.maximum_percent = TRY(percent->integer({.min = 0}));
  }
  return on;
}

Result<ServiceReading> read_service(const json::Reader& service) {
  ServiceReading reading;
  reading.arn = TRY(text_field(service, "serviceArn"));
  reading.service.desired = TRY(count_of(service, "desiredCount"));
  reading.service.running = TRY(count_of(service, "runningCount"));
  reading.service.pending = TRY(count_of(service, "pendingCount"));
  reading.service.status = TRY(read_status(service));
  if (const auto strategy = service.optional_field("schedulingStrategy")) {
    const bool daemon = TRY(strategy->string()) == "DAEMON";
    reading.service.scheduling = daemon ? SchedulingStrategy::Daemon : SchedulingStrategy::Replica;
  }
  const Rollouts deployments = TRY(rolling_out(service));
  const Rollouts task_sets = TRY(stabilizing(service));
  reading.service.deploying = deployments.count + task_sets.count > 0;
  reading.service.deploying_since = std::max(deployments.latest, task_sets.latest);
  reading.runs_on = TRY(read_runs_on(service));
  TRY(read_own_tags(service, reading));
  return reading;
}

/// Why the reply has no reading of `id`; always an error.
Result<ServiceReading> refusal(const json::Reader& root, const ServiceId& id) {
  if (const auto failures = root.optional_field("failures")) {
    for (const json::Reader& failure : TRY(failures->items())) {
      const auto arn = failure.optional_field("arn");
      if (arn && means(id, arn->string().value_or(""))) {
        const std::string reason = harmless(TRY(text_field(failure, "reason")));
        return reason == "MISSING" ? fail(ErrorKind::NotFound, std::string(kNoSuchService))
                                   : fail(ErrorKind::Rejected, reason);
      }
    }
  }
  return fail(ErrorKind::Malformed, "the reply does not mention the service");
}

/// The reading of `id` in one reply. One that does not say who it is harms none of the others.
Result<ServiceReading> find_service(const json::Value& reply, const ServiceId& id) {
  const json::Reader root(reply);
  std::optional<Error> nameless;
  std::optional<json::Reader> found;
  if (const auto services = root.optional_field("services")) {
    for (const json::Reader& service : TRY(services->items())) {
      const Result<std::string> arn = text_field(service, "serviceArn");
      if (arn && means(id, *arn)) {
        if (found) {
          return fail(ErrorKind::Malformed, "the reply has the service twice");
        }
        found = service;
      }
      if (!arn) {
        nameless = arn.error();
      }
    }
  }
  if (found) {
    return read_service(*found);
  }
  Result<ServiceReading> refused = refusal(root, id);
  if (nameless && refused.error().kind == ErrorKind::Malformed) {
    return std::unexpected(*std::move(nameless));
  }
  return refused;
}

std::vector<Result<void>> without_values(std::vector<Result<ApiReply>> replies) {
  std::vector<Result<void>> results;
  results.reserve(replies.size());
  for (Result<ApiReply>& reply : replies) {
    if (reply.has_value()) {
      results.emplace_back();
    } else {
      results.emplace_back(std::unexpected(std::move(reply).error()));
    }
  }
  return results;
}

ApiCall tag_call(const std::string& arn, std::span<const Tag> tags, const AccountRole& role = {}) {
  json::Writer body;
  body.begin_object().field("resourceArn", arn).name("tags").begin_array();
  for (const Tag& tag : tags) {
    body.begin_object().field("key", tag.key).field("value", tag.value).end_object();
  }
  body.end_array().end_object();
  return ecs_call("TagResource", arn, region_of_service({}, arn), std::move(body).text(), role);
}

ApiCall untag_call(const std::string& arn, std::span<const std::string> keys,
                   const AccountRole& role = {}) {
  json::Writer body;
  body.begin_object().field("resourceArn", arn).name("tagKeys").begin_array();
  for (const std::string& key : keys) {
    body.value(key);
  }
  body.end_array().end_object();
  return ecs_call("UntagResource", arn, region_of_service({}, arn), std::move(body).text(), role);
}

}  // namespace

Result<ServiceReading> read_description(const ApiReply& reply, const ServiceId& id) {
  Result<ServiceReading> reading = find_service(reply.value, id);
  if (!reading.has_value()) {
    return fail(std::move(reading).error(), "ECS DescribeServices " + subject_of(id));
  }
  return reading;
}

ServiceDescriptions::ServiceDescriptions(std::span<const ServiceId> ids)
    : ids_(ids.begin(), ids.end()), call_of_(ids.size()) {
  std::vector<std::size_t> order(ids.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return call_key(ids_[i]); });
  std::vector<ServiceId> chunk;
  const auto close_chunk = [this, &chunk] {
    if (!chunk.empty()) {
      calls_.push_back(describe_call(chunk, WithTags::Yes));
      chunk.clear();
    }
  };
  for (const std::size_t i : order) {
    if (chunk.size() == kServicesPerDescription ||
        (!chunk.empty() && call_key(chunk.front()) != call_key(ids_[i]))) {
      close_chunk();
    }
    chunk.push_back(ids_[i]);
    call_of_[i] = calls_.size();
  }
  close_chunk();
}

std::vector<Result<ServiceReading>> ServiceDescriptions::read(
    std::span<const Result<ApiReply>> replies) const {
  std::vector<Result<ServiceReading>> readings;
  readings.reserve(ids_.size());
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    const Result<ApiReply>& reply = replies[call_of_[i]];
    if (!reply.has_value()) {
      readings.emplace_back(std::unexpected(reply.error()));
      continue;
    }
    readings.push_back(read_description(*reply, ids_[i]));
  }
  return readings;
}

std::vector<Result<ServiceReading>> Ecs::describe(std::span<const ServiceId> ids,
                                                  Deadline deadline) {
  const ServiceDescriptions descriptions(ids);
  return descriptions.read(client_->call(descriptions.calls(), deadline));
}

std::vector<Result<void>> Ecs::set_desired(std::span<const DesiredCount> changes,
                                           Deadline deadline) {
  std::vector<ApiCall> calls;
  calls.reserve(changes.size());
  for (const DesiredCount& change : changes) {
    json::Writer body;
    body.begin_object()
        .field("cluster", change.service.cluster)
        .field("service", change.service.service)
        .field("desiredCount", change.desired)
        .end_object();
    calls.push_back(ecs_call("UpdateService", subject_of(change.service), region_of(change.service),
                             std::move(body).text(), change.service.role));
    calls.back().once = true;
    calls.back().leave_by = change.leave_by;
  }
  return without_values(client_->call(calls, deadline));
}

Result<void> Ecs::tag(const std::string& arn, std::span<const Tag> tags, Deadline deadline,
                      const AccountRole& role) {
  TRY(client_->call(tag_call(arn, tags, role), deadline));
  return {};
}

Result<void> Ecs::untag(const std::string& arn, std::span<const std::string> keys,
                        Deadline deadline, const AccountRole& role) {
  TRY(client_->call(untag_call(arn, keys, role), deadline));
  return {};
}

std::vector<Result<void>> Ecs::save(std::span<const SavedState> states, Deadline deadline) {
  std::vector<ApiCall> calls;
  calls.reserve(states.size());
  for (const SavedState& state : states) {
    const std::string key(state.tag);
    const Tag tag{.key = key, .value = state.text};
    calls.push_back(state.text.empty()
                        ? untag_call(state.service_arn, std::span(&key, 1), state.role)
                        : tag_call(state.service_arn, std::span(&tag, 1), state.role));
  }
  return without_values(client_->call(calls, deadline));
}

}  // namespace scaler::aws
