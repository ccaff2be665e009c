#include "lab/study/blocks.h"

#include <algorithm>

#include <fmt/core.h>

#include "ground/base/text.h"
#include "wire/policy.h"

namespace scaler::study {
namespace {

constexpr std::size_t kTagValueMax = 256;  // characters, by ECS
constexpr Duration kMinute = std::chrono::minutes(1);

bool is_structure(const std::string& json) {
  return json.front() == '{' || json.front() == '[';
}

/// A word without its quotes, anything else as it is.
std::string plain(const std::string& json) {
  return is_structure(json) ? json : unquoted(json);
}

/// Seconds between passes within the minute, as deployments count them; 0: none.
std::int64_t tick_seconds(const sim::Triggers& triggers) {
  const Duration tick = triggers.tick.value_or(Duration::zero());
  return tick >= kMinute ? 0 : std::chrono::ceil<std::chrono::seconds>(tick).count();
}

std::int64_t schedule_minutes(const sim::Triggers& triggers) {
  const Duration schedule = triggers.schedule.value_or(kMinute);
  return std::max<std::int64_t>(1, std::chrono::round<std::chrono::minutes>(schedule).count());
}

/// "rate(1 minute)"
std::string rate(std::int64_t minutes) {
  return fmt::format("rate({} minute{})", minutes, minutes == 1 ? "" : "s");
}

/// As the deployments take it: the one setting in minutes is older than the others.
std::string deployed(const NamedSetting& setting, const Settings& settings) {
  if (setting.name != "scale_down_threshold") {
    return setting.json;
  }
  const std::int64_t milliseconds = settings.policy.scale_down_threshold.count();
  return format_millionths(Millionths{(milliseconds * 1'000'000 + 30'000) / 60'000});
}

/// "scale_in_when" -> "ScaleInWhen", or "scaleInWhen".
std::string joined(std::string_view name, bool capital) {
  std::string text;
  for (const char c : name) {
    if (c != '_') {
      text += capital ? upper(c) : c;
    }
    capital = c == '_';
  }
  return text;
}

/// The triggers as the three deployments take them: name and JSON.
std::vector<NamedSetting> deployed_triggers(const Settings& settings) {
  const auto flag = [](bool given) { return std::string(given ? "true" : "false"); };
  std::vector<NamedSetting> list{
      {.name = "tick_seconds", .json = fmt::format("{}", tick_seconds(settings.triggers))},
      {.name = "wake", .json = flag(settings.triggers.wake)}};
  if (settings.triggers.doorbell) {
    list.push_back({.name = "doorbell", .json = "true"});
  }
  if (const std::int64_t minutes = schedule_minutes(settings.triggers); minutes != 1) {
    list.push_back({.name = "monitoring_rate", .json = '"' + rate(minutes) + '"'});
  }
  return list;
}

std::vector<NamedSetting> deployed_policy(const Settings& settings) {
  std::vector<NamedSetting> list;
  for (NamedSetting& setting : named_settings(settings)) {
    if (setting.is_policy()) {
      setting.json = deployed(setting, settings);
      list.push_back(std::move(setting));
    }
  }
  return list;
}

/// Policy and triggers as Terraform and SAM take them.
std::vector<NamedSetting> deployed_settings(const Settings& settings) {
  std::vector<NamedSetting> list = deployed_policy(settings);
  std::ranges::move(deployed_triggers(settings), std::back_inserter(list));
  return list;
}

std::string environment(const Settings& settings) {
  std::string text;
  for (const NamedSetting& setting : deployed_policy(settings)) {
    text +=
        fmt::format("{}={}\n", setting.variable,
                    is_structure(setting.json) ? "'" + setting.json + "'" : plain(setting.json));
  }
  text += fmt::format("TICK_SECONDS={}\n", tick_seconds(settings.triggers));
  if (const std::int64_t minutes = schedule_minutes(settings.triggers); minutes != 1) {
    text += fmt::format("SCHEDULE_SECONDS={}\n", minutes * 60);
  }
  text += fmt::format("WAKE={}\n", settings.triggers.wake);
  const auto queue = [&](std::string_view variable, std::string_view name) {
    text += fmt::format("{}=https://sqs.us-east-1.amazonaws.com/123456789012/my-scaler-{}\n",
                        variable, name);
  };
  if (tick_seconds(settings.triggers) > 0) {
    queue("TICK_QUEUE_URL", "ticks");
  }
  if (settings.triggers.doorbell) {
    queue("DOORBELL_QUEUE_URL", "doorbell");
  }
  return text;
}

std::string fleet(const Settings& settings) {
  std::string text =
      "services:\n"
      "  - cluster: my-cluster\n"
      "    service: my-service\n"
      "    queues:\n"
      "      - https://sqs.us-east-1.amazonaws.com/123456789012/my-queue\n"
      "    policy:\n";
  for (const NamedSetting& setting : named_settings(settings)) {
    if (setting.is_policy()) {
      text += fmt::format("      {}: {}\n", setting.name, setting.json);
    }
  }
  return text;
}

/// What `run --interval` takes.
std::string interval(const sim::Triggers& triggers) {
  const Duration between = triggers.tick.value_or(triggers.schedule.value_or(kMinute));
  return between % std::chrono::seconds(1) == Duration::zero()
             ? fmt::format("{}s", between / std::chrono::seconds(1))
             : fmt::format("{}ms", between.count());
}

report::Block tag(const Settings& settings) {
  std::string line;
  bool fits = true;
  for (const NamedSetting& setting : named_settings(settings)) {
    if (setting.is_policy()) {
      fits = fits && !is_structure(setting.json);
      line += fmt::format("{}{}={}", line.empty() ? "" : " ", setting.name, unquoted(setting.json));
    }
  }
  if (fits && line.size() <= kTagValueMax) {
    return {.name = "Service tag",
            .note =
                "The value of the ECS service's tag ecs-scaler:policy, for a scaler that "
                "finds its services by tags (FLEET=tags).",
            .text = line + "\n"};
  }
  return {.name = "Service tag",
          .note =
              "Lists and long policies are no tag's value: name a profile of the scaler's "
              "fleet file, with the policy of the tab before, in the tag ecs-scaler:profile.",
          .text = "advised\n"};
}

std::string terraform(const Settings& settings) {
  const std::vector<NamedSetting> list = deployed_settings(settings);
  std::size_t width = 0;
  for (const NamedSetting& setting : list) {
    width = std::max(width, setting.name.size());
  }
  std::string text =
      "module \"scaler\" {\n"
      "  source    = \"./deploy/terraform\"\n"
      "  name      = \"my-scaler\"\n"
      "  cluster   = \"my-cluster\"\n"
      "  service   = \"my-service\"\n"
      "  queue_arn = \"arn:aws:sqs:us-east-1:123456789012:my-queue\"\n"
      "  zip       = \"dist/bootstrap-x86_64.zip\"\n\n";
  for (const NamedSetting& setting : list) {
    text += fmt::format("  {:{}} = {}\n", setting.name, width, setting.json);
  }
  return text + "}\n";
}

/// Within single quotes of YAML.
std::string yaml_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c == '\'' ? "''" : std::string(1, c);
  }
  return quoted + "'";
}

/// A value of `sam deploy --parameter-overrides`: what holds blanks or quotes stands in quotes.
std::string sam_value(const std::string& json) {
  const std::string text = plain(json);
  if (text.find_first_of(" \"{[(") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' ? "\\\"" : std::string(1, c);
  }
  return quoted + '"';
}

std::string sam(const Settings& settings) {
  std::string text =
      "version: 0.1\n"
      "default:\n"
      "  deploy:\n"
      "    parameters:\n"
      "      stack_name: my-scaler\n"
      "      capabilities: CAPABILITY_IAM\n"
      "      resolve_s3: true\n"
      "      parameter_overrides:\n"
      "        - Cluster=my-cluster\n"
      "        - Service=my-service\n"
      "        - QueueArn=arn:aws:sqs:us-east-1:123456789012:my-queue\n";
  for (const NamedSetting& setting : deployed_settings(settings)) {
    const std::string pair = joined(setting.name, true) + "=" + sam_value(setting.json);
    text += fmt::format("        - {}\n",
                        pair.find('"') == std::string::npos ? pair : yaml_quoted(pair));
  }
  return text;
}

/// Parameters take the triggers, `custom` the settings: as deploy/serverless/common.yml reads them.
std::string osls(const Settings& settings) {
  std::string text = "params:\n  default:\n";
  for (const NamedSetting& trigger : deployed_triggers(settings)) {
    std::string name = trigger.name;
    std::ranges::replace(name, '_', '-');
    text += fmt::format("    {}: {}\n", name, yaml_quoted(unquoted(trigger.json)));
  }
  text += "custom:\n";
  for (const NamedSetting& setting : deployed_policy(settings)) {
    text +=
        fmt::format("  {}: {}\n", joined(setting.name, false), yaml_quoted(plain(setting.json)));
  }
  return text;
}

}  // namespace

std::vector<NamedSetting> named_settings(const Settings& settings) {
  const PolicyOptions defaults;
  std::vector<NamedSetting> list;
  for (const PolicyField& field : policy_fields()) {
    std::string value = field_json(field, settings.policy);
    if (value != field_json(field, defaults)) {
      list.push_back({.name = std::string(field.name),
                      .variable = variable_name(field),
                      .json = std::move(value),
                      .meaning = std::string(field.sentence)});
    }
  }
  const auto trigger = [&](const char* name, std::string json, const char* meaning) {
    list.push_back({.name = name, .json = std::move(json), .meaning = meaning});
  };
  trigger("tick_seconds", fmt::format("{}", tick_seconds(settings.triggers)),
          "Seconds between looks within the minute; 0 looks once a minute.");
  trigger("wake", settings.triggers.wake ? "true" : "false",
          "The first message of a service at zero starts it within a second.");
  if (settings.triggers.doorbell) {
    trigger("doorbell", "true", "A producer's ring is a look that may scale out.");
  }
  return list;
}

std::string value_of(const std::vector<NamedSetting>& settings, std::string_view name) {
  const auto found = std::ranges::find(settings, name, &NamedSetting::name);
  return found == settings.end() ? "" : plain(found->json);
}

std::vector<report::Block> blocks_of(const Settings& settings) {
  return {{.name = "Environment",
           .note = "Variables of the function, beside those that name queue, cluster and service; "
                   "URLs of queues for the scaler itself are yours to put in.",
           .text = environment(settings)},
          {.name = "Fleet file",
           .note = fmt::format("YAML for ecs-scaler run --config fleet.yaml --interval {}; the "
                               "names are yours to put in.",
                               interval(settings.triggers)),
           .text = fleet(settings)},
          tag(settings),
          {.name = "Terraform",
           .note = "The module of deploy/terraform; the names above the blank line are yours to "
                   "put in.",
           .text = terraform(settings)},
          {.name = "SAM",
           .note = "samconfig.yaml, which sam deploy --template-file dist/template-x86_64.yaml "
                   "reads; the names are yours to put in.",
           .text = sam(settings)},
          {.name = "osls",
           .note = "Into serverless.yml, to the params and the custom that are there.",
           .text = osls(settings)}};
}

}  // namespace scaler::study
