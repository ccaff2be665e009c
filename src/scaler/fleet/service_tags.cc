#include "scaler/fleet/service_tags.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "scaler/core/names.h"

namespace scaler {
namespace {

constexpr std::string_view kMoreQueues = "23456789";
/// ECS takes no longer value of a tag.
constexpr std::size_t kTagValueMax = 256;
/// What of the line that `advise` prints concerns the deployment and no policy.
constexpr std::array<std::string_view, 3> kOfDeployment{"tick_seconds", "wake", "doorbell"};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words = split(text, " \t");
  std::erase(words, "");
  return words;
}

std::optional<std::string_view> tag_of(const ServiceTags& tags, std::string_view key) {
  const auto found = tags.find(key);
  return found == tags.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

/// "ecs-scaler:queue", "ecs-scaler:queue:2", ..
std::vector<std::string> queue_tags() {
  std::vector<std::string> keys{std::string(kQueueTag)};
  for (const char number : kMoreQueues) {
    keys.push_back(std::string(kQueueTag) + ":" + number);
  }
  return keys;
}

void check_keys(const ServiceTags& tags, Problems& problems) {
  const std::vector<std::string> queues = queue_tags();
  std::vector<std::string_view> known(queues.begin(), queues.end());
  known.insert(known.end(),
               {kPolicyTag, kProfileTag, kWakeTag, kPauseTag, kStateTag, kLastGoodTag});
  for (auto tag = tags.lower_bound(kTagPrefix);
       tag != tags.end() && tag->first.starts_with(kTagPrefix); ++tag) {
    if (std::ranges::find(known, tag->first) == known.end()) {
      problems.add(fmt::format("{} is no tag of this program{}", shortened(tag->first),
                               did_you_mean(tag->first, known)));
    }
  }
}

/// Who is read, and what becomes of it.
struct Reading {
  const Arn& arn;
  const TagRules& rules;
  Problems& problems;

  void wrong(std::string_view tag, std::string_view value, std::string_view what) const {
    problems.add(fmt::format("{}: '{}' {}", tag, shortened(value), what));
  }
};

/// A queue by its name alone is one of the service's own account and region.
Result<QueueAddress> parse_tagged(const Arn& service, std::string_view text) {
  QueueAddress queue = TRY(parse_queue_or_name(text));
  if (!queue.url.empty()) {
    return queue;
  }
  return parse_queue(text_of({.partition = service.partition,
                              .service = "sqs",
                              .region = service.region,
                              .account = service.account,
                              .resource = queue.name}));
}

void check_allowed(const Reading& reading, std::string_view tag, std::string_view word,
                   const QueueAddress& queue) {
  const Ceilings& ceilings = reading.rules.ceilings;
  const std::string arn = arn_of(queue, reading.arn.region);
  const bool allowed = ceilings.queues.empty() ||
                       std::ranges::any_of(ceilings.queues, [&](const std::string& pattern) {
                         return fits(pattern, pattern.contains(':') ? arn : queue.name);
                       });
  if (!allowed) {
    reading.wrong(tag, word, "is a queue that this deployment's FLEET_QUEUES does not allow");
  }
  if (std::ranges::any_of(ceilings.own_queues,
                          [&](const QueueAddress& own) { return may_be_same(own, queue); })) {
    reading.wrong(tag, word, "is the scaler's own queue of ticks or doorbell, and no job queue");
  }
}

/// "jobs", "jobs@4"
void read_queue(const Reading& reading, std::string_view tag, std::string_view word,
                std::vector<JobQueue>& queues, std::vector<QueueAddress>& known) {
  const std::size_t at = word.rfind('@');
  JobQueue queue;
  if (at != std::string_view::npos) {
    const auto weight = number_of<double>(word.substr(at + 1));
    // Written so that NaN, which compares false, is refused.
    if (!(weight && *weight >= kWeightMin && *weight <= kWeightMax)) {
      return reading.wrong(
          tag, word,
          fmt::format("has no weight from {} to {} after its @", kWeightMin, kWeightMax));
    }
    queue.weight = {std::llround(*weight * Millionths::kOne)};
  }
  const Result<QueueAddress> address = parse_tagged(reading.arn, word.substr(0, at));
  if (!address) {
    return reading.problems.add(
        fmt::format("{}: {}; a name alone is a queue of the service's own account and region", tag,
                    address.error().message));
  }
  if (std::ranges::any_of(
          known, [&](const QueueAddress& other) { return may_be_same(other, *address); })) {
    return reading.wrong(tag, word, "stands twice");
  }
  const std::string_view partition = partition_of(address->region).name;
  if (!address->region.empty() && partition != reading.arn.partition) {
    return reading.wrong(tag, word,
                         fmt::format("lies in the partition {} and the service in {}: no "
                                     "credentials are good for both",
                                     partition, reading.arn.partition));
  }
  check_allowed(reading, tag, word, *address);
  queue.url = address->url;
  queues.push_back(std::move(queue));
  known.push_back(*address);
}

std::vector<JobQueue> read_queues(const Reading& reading, const ServiceTags& tags) {
  std::vector<JobQueue> queues;
  std::vector<QueueAddress> known;
  for (const std::string& key : queue_tags()) {
    for (const std::string_view word : words_of(tag_of(tags, key).value_or(""))) {
      read_queue(reading, key, word, queues, known);
    }
  }
  if (queues.empty() && reading.problems.none()) {
    reading.problems.add(fmt::format(
        "{} names no queue: it must hold names, URLs or ARNs with blanks between them", kQueueTag));
  }
  return queues;
}

PolicyBase read_profile(const Reading& reading, const ServiceTags& tags) {
  const auto name = tag_of(tags, kProfileTag);
  if (!name) {
    return reading.rules.defaults;
  }
  const auto found = reading.rules.profiles.find(*name);
  if (found != reading.rules.profiles.end()) {
    return found->second;
  }
  std::vector<std::string_view> known;
  for (const auto& [profile, base] : reading.rules.profiles) {
    known.push_back(profile);
  }
  reading.wrong(kProfileTag, *name,
                known.empty() ? "is no profile: this deployment has none"
                              : "is no profile of this deployment" + did_you_mean(*name, known));
  return reading.rules.defaults;
}

/// "mode=backlog backlog_per_task=10"
void read_policy_line(const Reading& reading, const ServiceTags& tags, PolicyBase& policy,
                      std::vector<std::string>& notes) {
  std::vector<std::string_view> known;
  for (const std::string_view word : words_of(tag_of(tags, kPolicyTag).value_or(""))) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      reading.wrong(kPolicyTag, word, "is no setting such as tasks_max=20");
      continue;
    }
    const std::string_view name = word.substr(0, equals);
    if (std::ranges::find(known, name) != known.end()) {
      reading.wrong(kPolicyTag, word, "stands twice: a setting is given once");
      continue;
    }
    known.push_back(name);
    if (std::ranges::find(kOfDeployment, name) != kOfDeployment.end()) {
      notes.push_back(fmt::format(
          "{}: '{}' is the deployment's to set, for all of its services{}", kPolicyTag,
          shortened(word), name == "wake" ? "; the tag ecs-scaler:wake sets it for one" : ""));
      continue;
    }
    const Result<void> read =
        reading.rules.read_setting(name, std::string(word.substr(equals + 1)), policy.options);
    if (!read) {
      reading.problems.add(fmt::format("{}: {}", kPolicyTag, read.error().message));
    }
    set_origin(policy.origins, name, kPolicyTag);
  }
}

/// What the tag says where the deployment wakes services; else it is for people.
std::optional<bool> read_wake(const Reading& reading, const ServiceTags& tags,
                              std::vector<std::string>& notes) {
  const auto text = tag_of(tags, kWakeTag);
  if (!text) {
    return std::nullopt;
  }
  if (*text != "true" && *text != "false") {
    reading.wrong(kWakeTag, *text, "is neither true nor false");
    return std::nullopt;
  }
  if (*text == "true" && !reading.rules.wake) {
    notes.push_back(fmt::format(
        "{}: this deployment's WAKE is not true: no message wakes the service", kWakeTag));
    return std::nullopt;
  }
  return *text == "true";
}

/// Modes that count messages have no maximum of their own: then it is the ceiling.
void limit_tasks(const Ceilings& ceilings, PolicyBase& policy) {
  if (policy.options.mode != Mode::Fixed && !policy.options.tasks_max) {
    policy.options.tasks_max = ceilings.tasks_max;
    set_origin(policy.origins, "tasks_max", "FLEET_TASKS_MAX");
  }
}

/// "arn:aws:ecs:eu-central-1:123456789012:service/main/worker" taken apart.
Result<ServiceAddress> address_of(const std::optional<Arn>& parsed, std::string_view arn) {
  const std::vector<std::string_view> parts =
      parsed ? split(parsed->resource, "/") : std::vector<std::string_view>();
  if (parts.size() != 3) {
    return fail(ErrorKind::Malformed, "no cluster");
  }
  return parse_service(parts[1], arn);
}

void check_cluster(const Reading& reading, const ServiceAddress& address) {
  const std::vector<std::string>& clusters = reading.rules.ceilings.clusters;
  Arn arn = reading.arn;
  arn.resource = "cluster/" + address.cluster;
  const std::string whole = text_of(arn);
  if (!clusters.empty() && std::ranges::none_of(clusters, [&](const std::string& pattern) {
        return fits(pattern, pattern.contains(':') ? whole : address.cluster);
      })) {
    reading.problems.add(
        fmt::format("the cluster {} is one that this deployment's FLEET_CLUSTERS does not allow",
                    address.cluster));
  }
}

}  // namespace

// Greedy, with one step back to the latest "*": no pattern takes more than the product of both.
bool fits(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::optional<std::size_t> star;
  std::size_t tried = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      tried = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star) {
      p = *star + 1;
      t = ++tried;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

Result<void> check_tasks(const PolicyOptions& options, std::int64_t tasks_max) {
  Problems problems;
  const auto check = [&](std::string_view field, std::int64_t tasks) {
    if (tasks > tasks_max) {
      problems.add(fmt::format("{}: {} is above this deployment's FLEET_TASKS_MAX of {}", field,
                               tasks, tasks_max));
    }
  };
  check("tasks_min", options.tasks_min);
  check("tasks_max", options.tasks_max.value_or(0));
  check("fallback_tasks", options.fallback_tasks.value_or(0));
  check("instance_min", options.instance_min);
  if (options.mode == Mode::Fixed) {
    check("scale_up_target", options.scale_up_target);
  } else if (!options.tasks_max) {
    check("tasks_max", kTasksLimit);
  }
  for (const ScheduleOptions& schedule : options.schedules) {
    check("schedules: tasks_min", schedule.tasks_min.value_or(0));
    check("schedules: tasks_max", schedule.tasks_max.value_or(0));
  }
  return problems.result();
}

std::string last_good_text(const ServiceTags& tags) {
  std::string text;
  for (const auto& [key, value] : tags) {
    text += (text.empty() ? "" : " /") + key.substr(kTagPrefix.size());
    for (const std::string_view word : words_of(value)) {
      text.append(" ").append(word);
    }
  }
  return text.size() <= kTagValueMax ? text : "";
}

// No word of a queue, a setting or a profile begins with the "/" that begins a tag; what does, is
// no tag of this program and refused as one.
ServiceTags tags_in_last_good(std::string_view text) {
  ServiceTags tags;
  std::string* value = nullptr;
  for (std::string_view word : words_of(text)) {
    if (value == nullptr || word.starts_with('/')) {
      word.remove_prefix(word.starts_with('/') ? 1 : 0);
      value = &tags[std::string(kTagPrefix).append(word)];
    } else {
      value->append(value->empty() ? "" : " ").append(word);
    }
  }
  return tags;
}

Result<ServiceSpec> read_tags(std::string_view arn, const ServiceTags& tags,
                              const TagRules& rules) {
  const std::optional<Arn> parsed = parse_arn(arn);
  const Result<ServiceAddress> address = address_of(parsed, arn);
  if (!address) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' is no ARN of an ECS service with its cluster", shortened(arn)));
  }
  Problems problems;
  const Reading reading{.arn = *parsed, .rules = rules, .problems = problems};
  check_keys(tags, problems);
  check_cluster(reading, *address);
  std::vector<JobQueue> queues = read_queues(reading, tags);
  std::vector<std::string> notes;
  PolicyBase base = read_profile(reading, tags);
  read_policy_line(reading, tags, base, notes);
  const std::optional<bool> wake = read_wake(reading, tags, notes);
  limit_tasks(rules.ceilings, base);
  const Result<void> within = check_tasks(base.options, rules.ceilings.tasks_max);
  if (!within) {
    problems.add(fmt::format("{}: {}", kPolicyTag, within.error().message));
  }
  Result<Policy> policy = Policy::create(base.options);
  if (!policy && problems.none()) {
    problems.add(fmt::format("{}: {}", kPolicyTag, policy.error().message));
  }
  TRY(problems.result());
  return ServiceSpec{.id = {.cluster = address->cluster, .service = std::string(arn)},
                     .queues = std::move(queues),
                     .policy = *std::move(policy),
                     .origins = std::move(base.origins),
                     .wake = wake,
                     .notes = std::move(notes)};
}

}  // namespace scaler
