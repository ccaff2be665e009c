#include "edge/config/environment.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/core.h>

#include "edge/config/variables.h"
#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "scaler/core/cron.h"
#include "scaler/core/names.h"
#include "scaler/core/queue_names.h"
#include "wire/fleet.h"
#include "wire/fleet_accounts.h"
#include "wire/policy.h"

namespace scaler {
namespace {

/// Empty when it is not set, which is a problem.
std::string required(const Environment& environment, const RequiredVariable& wanted,
                     Problems& problems) {
  const auto value = variable(environment, wanted.name);
  if (!value) {
    problems.add(fmt::format("{} is not set: it must be {}", wanted.name, wanted.meaning));
  }
  return value.value_or("");
}

/// The queue that a variable names; empty when it is not set, or wrong.
QueueAddress read_queue(const std::string& text, std::string_view name, Problems& problems) {
  Result<QueueAddress> queue = text.empty() ? QueueAddress() : parse_queue(text);
  if (!queue) {
    problems.add(fmt::format("{}: {}", name, queue.error().message));
  }
  return std::move(queue).value_or(QueueAddress());
}

ServiceId read_service(const Environment& environment, Problems& problems) {
  ServiceId id{.cluster = required(environment, kRequired[1], problems),
               .service = required(environment, kRequired[2], problems)};
  bool valid = true;
  for (const auto& [text, wanted, is_valid] :
       {std::tuple(id.cluster, kRequired[1], is_cluster(id.cluster)),
        std::tuple(id.service, kRequired[2], is_service(id.service))}) {
    valid = valid && is_valid;
    if (!text.empty() && !is_valid) {
      problems.add(fmt::format("{}: '{}' is not {}", wanted.name, shortened(text), wanted.meaning));
    }
  }
  if (valid) {
    problems.add_if_failed(parse_service(id.cluster, id.service));
  }
  return id;
}

/// The seed counts this one in minutes; decimals are allowed.
Result<void> read_threshold(const std::string& text, PolicyOptions& options) {
  constexpr double kMinutesMax =
      std::chrono::duration<double, std::ratio<60>>(kDurationLimit).count();
  const auto minutes = number_of<double>(text);
  // Written so that NaN, which compares false, is refused.
  const bool valid = minutes && *minutes >= 0 && *minutes <= kMinutesMax;
  if (!valid) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: '{}' is not a number of minutes from 0 to {}", kThreshold,
                            shortened(text), kMinutesMax));
  }
  options.scale_down_threshold = Duration(std::llround(*minutes * 60'000));
  return {};
}

PolicyOptions read_options(const Environment& environment, Problems& problems) {
  PolicyOptions options;
  for (const PolicyField& field : policy_fields()) {
    const std::string name = variable_name(field);
    const auto text = variable(environment, name);
    if (!text) {
      continue;
    }
    const json::Value value = value_as_written(*text);
    problems.add_if_failed(name == kThreshold
                               ? read_threshold(*text, options)
                               : read_field(field, json::Reader(value, name), options));
  }
  return options;
}

/// The variables of the policy, and which of its settings they are.
PolicyBase read_base(const Environment& environment, Problems& problems) {
  PolicyBase base{.options = read_options(environment, problems)};
  for (const PolicyField& field : policy_fields()) {
    if (const std::string name = variable_name(field); variable(environment, name)) {
      set_origin(base.origins, field.name, name);
    }
  }
  return base;
}

void read_wake(const Environment& environment, ServiceConfig& config, Problems& problems) {
  if (const auto text = variable(environment, "WAKE")) {
    const json::Value value = value_as_written(*text);
    const Result<bool> wake = json::Reader(value, "WAKE").boolean();
    problems.add_if_failed(wake);
    config.wake = wake.value_or(false);
  }
  if (const auto text = variable(environment, "WAKE_RETURN_SECONDS")) {
    const json::Value value = value_as_written(*text);
    const Result<std::int64_t> seconds =
        json::Reader(value, "WAKE_RETURN_SECONDS").integer({.min = 0, .max = 43'200});
    problems.add_if_failed(seconds);
    config.wake_return = std::chrono::seconds(seconds.value_or(0));
  }
}

/// What comes on these queues is consumed, so neither may be the job queue.
void check_own_queues(const QueueAddress& jobs, const QueueAddress& ticks,
                      const QueueAddress& doorbell, Problems& problems) {
  for (const auto& [name, queue] : {std::pair(kTickQueue, ticks), std::pair(kDoorbell, doorbell)}) {
    if (!queue.url.empty() && may_be_same(queue, jobs)) {
      problems.add(fmt::format(
          "{} is the job queue: its jobs would be consumed; it must be a queue of its own", name));
    }
  }
  if (!ticks.url.empty() && may_be_same(ticks, doorbell)) {
    problems.add(
        fmt::format("{} and {} are the same queue: each must have its own", kTickQueue, kDoorbell));
  }
  if (is_fifo(ticks.name)) {
    problems.add(
        fmt::format("{}: '{}' is FIFO, which has no delay for each message: ticks need a "
                    "standard queue",
                    kTickQueue, shortened(ticks.url)));
  }
}

void read_own_queues(const Environment& environment, const QueueAddress& jobs,
                     ServiceConfig& config, Problems& problems) {
  const auto own = [&](std::string_view name) {
    return read_queue(variable(environment, name).value_or(""), name, problems);
  };
  const QueueAddress ticks = own(kTickQueue);
  const QueueAddress doorbell = own(kDoorbell);
  check_own_queues(jobs, ticks, doorbell, problems);
  config.tick_queue_url = ticks.url;
  config.doorbell_queue_url = doorbell.url;
}

void read_queues(const Environment& environment, ServiceConfig& config, Problems& problems) {
  const QueueAddress jobs =
      read_queue(required(environment, kRequired[0], problems), kRequired[0].name, problems);
  config.queue_url = jobs.url;
  read_own_queues(environment, jobs, config, problems);
}

void read_ticks(const Environment& environment, ServiceConfig& config, Problems& problems) {
  const auto text = variable(environment, kTickSeconds);
  if (!text) {
    return;
  }
  const json::Value value = value_as_written(*text);
  const Result<std::int64_t> seconds =
      json::Reader(value, std::string(kTickSeconds)).integer({.min = 0, .max = 59});
  problems.add_if_failed(seconds);
  config.tick = std::chrono::seconds(seconds.value_or(0));
  if (config.tick > Duration::zero() && config.tick_queue_url.empty()) {
    problems.add(fmt::format("{} is {}, but {} is not set: ticks need a queue of their own",
                             kTickSeconds, *text, kTickQueue));
  }
}

/// "rate(5 minutes)" -> 300; nothing when it is none.
std::optional<std::int64_t> seconds_of_rate(std::string_view text) {
  constexpr std::string_view kRate = "rate(";
  std::int64_t count = 0;
  if (!text.starts_with(kRate) || !text.ends_with(')')) {
    return std::nullopt;
  }
  text = text.substr(kRate.size(), text.size() - kRate.size() - 1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& [name, seconds] : {std::pair<std::string_view, std::int64_t>(" minute", 60),
                                      {" hour", 3'600},
                                      {" day", 86'400}}) {
    const bool one = unit == name;
    const bool several = unit.starts_with(name) && unit.substr(name.size()) == "s";
    if (error == std::errc() && count > 0 && count <= 1000 && (one || several)) {
      return count * seconds;
    }
  }
  return std::nullopt;
}

/// The shortest time between two starts by the minutes of "cron(0/5 8-18 ? * MON-FRI *)", whatever
/// its hours and days: 300. One that starts each minute was taken for a quarter of an hour: three
/// times the invocations, and looks of 45 minutes ago counted. So is what cannot be read, as
/// EventBridge may take it all the same.
std::int64_t seconds_of_cron(std::string_view text) {
  constexpr std::string_view kCron = "cron(";
  constexpr std::int64_t kUnknown = 900;
  std::string minutes(text.substr(kCron.size(), text.find(' ') - kCron.size()));
  if (const std::size_t step = minutes.find('/');
      step != std::string::npos && minutes.find_first_of("*-,") == std::string::npos) {
    minutes.insert(step, "-59");  // EventBridge's "0/5"
  }
  const Result<Cron> cron = Cron::parse(minutes + " * * * *");
  if (!cron) {
    return kUnknown;
  }
  const LocalMinutes noon = std::chrono::local_days(std::chrono::days(1)) + std::chrono::hours(12);
  constexpr std::chrono::minutes kMinute(1);
  std::chrono::minutes shortest = std::chrono::hours(1);
  for (LocalMinutes at = *cron->latest(noon, std::chrono::days(1));
       at > noon - std::chrono::hours(2);) {
    const LocalMinutes before = *cron->latest(at - kMinute, std::chrono::days(1));
    shortest = std::min(shortest, at - before);
    at = before;
  }
  return std::chrono::seconds(shortest).count();
}

/// A wait that is counted by looks must know how far apart they are. The templates hand on what
/// they give to EventBridge.
void read_schedule(const Environment& environment, ServiceConfig& config, Problems& problems) {
  constexpr std::int64_t kMax = 86'400;
  const auto text = variable(environment, kScheduleSeconds);
  if (!text) {
    return;
  }
  std::optional<std::int64_t> seconds = seconds_of_rate(*text);
  if (text->starts_with("cron(")) {
    seconds = seconds_of_cron(*text);
  }
  if (!seconds) {
    const json::Value value = value_as_written(*text);
    const Result<std::int64_t> number =
        json::Reader(value, std::string(kScheduleSeconds)).integer({.min = 1, .max = kMax});
    problems.add_if_failed(number);
    seconds = number.value_or(1);
  }
  config.look_every = std::chrono::seconds(std::min(*seconds, kMax));
}

/// Lambda's own filter drops a line below its level before CloudWatch sees the metrics in it.
void read_metrics(const Environment& environment, ServiceConfig& config, Problems& problems) {
  const auto text = variable(environment, "METRICS");
  if (!text) {
    return;
  }
  Result<std::vector<Metric>> metrics = parse_metrics(*text);
  problems.add_if_failed(metrics);
  config.metrics = std::move(metrics).value_or(std::vector<Metric>());
  const auto level = variable(environment, kLambdaLogLevel);
  if (level && parse_log_level(*level).value_or(LogLevel::Info) > LogLevel::Info) {
    problems.add(
        fmt::format("METRICS is {}, but {} is {}: Lambda would drop the lines that carry "
                    "the metrics; it must be INFO or lower",
                    *text, kLambdaLogLevel, *level));
  }
}

/// Words with blanks between them, of what names and ARNs are made of. A ceiling that is given and
/// names nothing would allow everything.
std::vector<std::string> patterns(const Environment& environment, std::string_view name,
                                  Problems& problems) {
  constexpr std::string_view kWritten =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/*";
  std::vector<std::string> words;
  const auto given = variable(environment, name);
  const std::string text = given.value_or("");
  for (const std::string_view word : split(text, " \t\n")) {
    if (word.find_first_not_of(kWritten) != std::string_view::npos) {
      problems.add(
          fmt::format("{}: '{}' is no pattern of names or ARNs, such as team-a-*; between "
                      "two of them stands a blank",
                      name, shortened(word)));
    } else if (!word.empty()) {
      words.emplace_back(word);
    }
  }
  if (given && text.find_first_not_of(" \t\n") == std::string::npos) {
    problems.add(
        fmt::format("{} is '{}', which names nothing: it must hold patterns, or not be set", name,
                    shortened(text)));
  }
  return words;
}

/// Whether a policy that no tag changes any further would stay within the ceiling.
void check_base(const TagRules& rules, const PolicyBase& base, std::string_view who,
                Problems& problems) {
  PolicyOptions options = base.options;
  if (options.mode != Mode::Fixed && !options.tasks_max) {
    options.tasks_max = rules.ceilings.tasks_max;
  }
  if (const Result<void> within = check_tasks(options, rules.ceilings.tasks_max); !within) {
    problems.add(fmt::format("{}: {}", who, within.error().message));
  }
}

void read_own_profiles(const Environment& environment, TagRules& rules, Problems& problems) {
  const auto text = variable(environment, kFleetProfiles);
  if (!text) {
    return;
  }
  const json::Value value = value_as_written(*text);
  Result<Profiles> profiles = read_profiles(json::Reader(value, std::string(kFleetProfiles)),
                                            rules.defaults, kFleetProfiles);
  problems.add_if_failed(profiles);
  rules.profiles = std::move(profiles).value_or(Profiles());
  for (const auto& [name, base] : rules.profiles) {
    check_base(rules, base, fmt::format("{}.{}", kFleetProfiles, name), problems);
  }
}

/// [{"role": "arn:aws:iam::123456789012:role/scaler", "regions": ["eu-west-1"]}, ..]
void read_own_accounts(const Environment& environment, FleetConfig& config, Problems& problems) {
  const auto text = variable(environment, kFleetAccounts);
  if (!text) {
    return;
  }
  const json::Value value = value_as_written(*text);
  const auto region = variable(environment, "AWS_REGION");
  Result<std::vector<FleetAccount>> accounts =
      read_accounts(json::Reader(value, std::string(kFleetAccounts)), true, region.value_or(""));
  problems.add_if_failed(accounts);
  config.accounts = std::move(accounts).value_or(config.accounts);
  if (!config.by_tags()) {
    problems.add(fmt::format("{} is set, but {} is {}: a file names its accounts itself",
                             kFleetAccounts, kFleet, config.source));
  } else if (!config.accounts.empty() && searched_places(config.accounts).empty()) {
    problems.add(fmt::format("{}: tags is false everywhere, so that no service can be found",
                             kFleetAccounts));
  }
}

/// The queue by which a large fleet is cut, and how large its parts may be.
void read_shards(const Environment& environment, ServiceConfig& deployment, Problems& problems) {
  constexpr std::int64_t kMost = 10'000;
  const QueueAddress shards =
      read_queue(variable(environment, kShardQueue).value_or(""), kShardQueue, problems);
  for (const auto& [name, url] : {std::pair(kTickQueue, deployment.tick_queue_url),
                                  std::pair(kDoorbell, deployment.doorbell_queue_url)}) {
    if (const Result<QueueAddress> other = parse_queue(url);
        other && !shards.url.empty() && may_be_same(shards, *other)) {
      problems.add(
          fmt::format("{} and {} are the same queue: each must have its own", kShardQueue, name));
    }
  }
  if (is_fifo(shards.name)) {
    problems.add(
        fmt::format("{}: '{}' is FIFO, which keeps one order waiting for another: shards "
                    "need a standard queue",
                    kShardQueue, shortened(shards.url)));
  }
  deployment.shard_queue_url = shards.url;
  if (const auto text = variable(environment, kShardSize)) {
    const json::Value value = value_as_written(*text);
    const Result<std::int64_t> most =
        json::Reader(value, std::string(kShardSize)).integer({.min = 1, .max = kMost});
    problems.add_if_failed(most);
    deployment.shard_size = static_cast<std::size_t>(most.value_or(1));
    if (shards.url.empty()) {
      problems.add(fmt::format("{} is {}, but {} is not set: shards need a queue of their own",
                               kShardSize, *text, kShardQueue));
    }
  }
}

/// What tags stand on, and what they must not go beyond.
void read_rules(const Environment& environment, const ServiceConfig& deployment, TagRules& rules,
                Problems& problems) {
  Ceilings& ceilings = rules.ceilings;
  rules.read_setting = read_setting;
  if (const auto text = variable(environment, kFleetTasksMax)) {
    const json::Value value = value_as_written(*text);
    const Result<std::int64_t> most =
        json::Reader(value, std::string(kFleetTasksMax)).integer({.min = 1, .max = kTasksLimit});
    problems.add_if_failed(most);
    ceilings.tasks_max = most.value_or(1);
  }
  ceilings.queues = patterns(environment, kFleetQueues, problems);
  ceilings.clusters = patterns(environment, kFleetClusters, problems);
  for (const std::string& url :
       {deployment.tick_queue_url, deployment.doorbell_queue_url, deployment.shard_queue_url}) {
    if (Result<QueueAddress> own = parse_queue(url)) {
      ceilings.own_queues.push_back(*std::move(own));
    }
  }
  rules.defaults = read_base(environment, problems);
  check_base(rules, rules.defaults, "the variables of the policy", problems);
  read_own_profiles(environment, rules, problems);
}

}  // namespace

Result<ServiceConfig> service_from_environment(const Environment& environment) {
  Problems problems;
  ServiceConfig config{.policy = Policy::create({}).value()};
  read_queues(environment, config, problems);
  config.id = read_service(environment, problems);
  const PolicyOptions options = read_options(environment, problems);
  read_wake(environment, config, problems);
  read_ticks(environment, config, problems);
  read_schedule(environment, config, problems);
  read_metrics(environment, config, problems);
  if (problems.none()) {
    Result<Policy> policy = Policy::create(options);
    problems.add_if_failed(policy);
    config.policy = std::move(policy).value_or(config.policy);
  }
  TRY(problems.result());
  return config;
}

bool is_fleet(const Environment& environment) {
  return variable(environment, kFleet).has_value();
}

Result<FleetConfig> fleet_from_environment(const Environment& environment) {
  Problems problems;
  FleetConfig config{.source = variable(environment, kFleet).value_or(""),
                     .deployment = {.policy = Policy::create({}).value()}};
  if (config.in_s3()) {
    if (const Result<ObjectAddress> object = parse_object(config.source); !object) {
      problems.add(fmt::format("{}: {}", kFleet, object.error().message));
    }
  } else if (!config.by_tags() && !config.source.starts_with('/') &&
             !config.source.starts_with('.')) {
    problems.add(fmt::format(
        "{}: '{}' is neither tags, nor an object of S3 such as s3://my-company-scaling/fleet.json, "
        "nor the path of a file such as /var/task/fleet.json{}",
        kFleet, shortened(config.source),
        did_you_mean(config.source, std::array{FleetConfig::kFleetByTags})));
  }
  ServiceConfig& deployment = config.deployment;
  read_own_queues(environment, {}, deployment, problems);
  read_wake(environment, deployment, problems);
  config.rules.wake = deployment.wake;
  read_ticks(environment, deployment, problems);
  read_schedule(environment, deployment, problems);
  read_metrics(environment, deployment, problems);
  read_shards(environment, deployment, problems);
  read_rules(environment, deployment, config.rules, problems);
  read_own_accounts(environment, config, problems);
  config.unused = variables_of_one_service(environment);
  TRY(problems.result());
  return config;
}

std::vector<std::string> variables_of_one_service(const Environment& environment) {
  std::vector<std::string> names;
  for (const RequiredVariable& of_one : kRequired) {
    if (variable(environment, of_one.name)) {
      names.emplace_back(of_one.name);
    }
  }
  return names;
}

Result<FileBase> base_of_file(const Environment& environment) {
  FileBase file;
  Environment pauses;
  for (const PolicyField& field : policy_fields()) {
    const std::string name = variable_name(field);
    const auto text = variable(environment, name);
    if (text && name.ends_with("PAUSED")) {
      pauses.emplace(name, *text);
    } else if (text) {
      file.unused.push_back(name);
    }
  }
  Problems problems;
  file.base = read_base(pauses, problems);
  TRY(problems.result());
  return file;
}

Result<LogLevel> log_level_from_environment(const Environment& environment) {
  for (const std::string_view name : {std::string_view("LOG_LEVEL"), kLambdaLogLevel}) {
    if (const auto text = variable(environment, name)) {
      if (const auto level = parse_log_level(*text)) {
        return *level;
      }
      return fail(ErrorKind::Malformed,
                  fmt::format("{}: '{}' is not one of {}{}", name, shortened(*text), kLogLevels,
                              did_you_mean(*text, split(kLogLevels, "|"))));
    }
  }
  return LogLevel::Info;
}

}  // namespace scaler
