#include "checkup/doctor/diagnosis.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checkup/doctor/capacity_checks.h"
#include "checkup/doctor/findings.h"
#include "checkup/doctor/service_checks.h"
#include "edge/config/environment.h"
#include "ground/base/text.h"
#include "ground/json/writer.h"
#include "scaler/core/names.h"
#include "scaler/core/queue_names.h"
#include "scaler/invocation/wake_rules.h"

namespace scaler::doctor {
namespace {

/// Services refuse a request that is dated further off; the program corrects for it, others may
/// not.
constexpr Duration kSkewMax = std::chrono::seconds(60);

/// What the function's variables say, as bootstrap reads them; nothing when they are not known.
using Settings = std::optional<Result<ServiceConfig>>;

Settings settings_of(const Facts& facts) {
  const bool known = facts.function && *facts.function;
  return known ? Settings(service_from_environment((*facts.function)->environment)) : std::nullopt;
}

bool wakes(const Settings& settings) {
  return settings && *settings && (*settings)->wake;
}

Duration work_time(const Settings& settings) {
  const Millionths seconds = settings && *settings
                                 ? (*settings)->policy->seconds_per_message.value_or(Millionths{})
                                 : Millionths{};
  return Duration(seconds.count / 1000);
}

void check_redrive(const Facts& facts, const Settings& settings, Findings& findings) {
  const aws::QueueSettings& queue = *facts.queue;
  if (!queue.receives_max) {
    findings.risk("queue", "it has no redrive policy",
                  "Give it a dead-letter queue: a message that no worker can process keeps the "
                  "service running until the message expires.");
  } else if (has_few_receives({.receives_max = queue.receives_max})) {
    const std::string seen =
        fmt::format("maxReceiveCount is {}, less than {}", *queue.receives_max, kWakeReceivesMin);
    if (wakes(settings)) {
      findings.problem("queue", seen,
                       "Raise it: each wake receives the message once, and the function refuses to "
                       "wake on such a queue.");
    } else {
      findings.risk("queue", seen, "Raise it: a few interrupted works are no poison message.");
    }
  }
}

void check_queue(const Facts& facts, const Settings& settings, Findings& findings) {
  if (!facts.queue) {
    return findings.failed("queue", facts.queue.error(), "sqs:GetQueueAttributes");
  }
  const aws::QueueSettings& queue = *facts.queue;
  if (queue.fifo && wakes(settings)) {
    findings.problem("queue", "it is FIFO, and WAKE is true",
                     "Set WAKE=false and use ticks or the doorbell: a message that is handed back "
                     "would hold up its group.");
  }
  check_redrive(facts, settings, findings);
  const Duration work = work_time(settings);
  if (work > queue.visibility_timeout) {
    findings.risk(
        "queue",
        fmt::format("the visibility timeout of {} is shorter than SECONDS_PER_MESSAGE, {}",
                    format_duration(queue.visibility_timeout), format_duration(work)),
        "Lengthen it, or let the worker extend it while it works; otherwise messages are "
        "worked on twice.");
  }
  if (wakes(settings) && queue.visibility_timeout < 6 * (*facts.function)->timeout) {
    findings.risk("queue",
                  fmt::format("the visibility timeout of {} is less than 6 times the function's "
                              "timeout of {}",
                              format_duration(queue.visibility_timeout),
                              format_duration((*facts.function)->timeout)),
                  "Lengthen it, as Lambda recommends for a queue that is an event source.");
  }
}

void check_how_it_is_run(const Facts& facts, Findings& findings) {
  const aws::ServiceDetails& service = *facts.service;
  if (service.scheduling_strategy == "DAEMON") {
    findings.problem("service", "its scheduling strategy is DAEMON",
                     "Make it a REPLICA service: a daemon service has no desired count.");
  }
  if (service.deployment_controller != "ECS") {
    findings.risk("service",
                  fmt::format("its deployment controller is {}", service.deployment_controller),
                  "Expect that it does not scale in while two task sets live side by side; the ECS "
                  "controller has no such limit.");
  }
  if (facts.instances && !*facts.instances) {
    findings.failed("cluster", facts.instances->error(), "ecs:DescribeClusters");
  } else if (facts.instances && **facts.instances == 0) {
    findings.problem("cluster",
                     "the service's launch type is EC2, and no instance is registered with the "
                     "cluster",
                     "Use a capacity provider strategy: launch type EC2 never starts an instance.");
  }
}

void check_service(const Facts& facts, Findings& findings) {
  if (!facts.service) {
    return findings.failed("service", facts.service.error(), "ecs:DescribeServices");
  }
  const aws::ServiceDetails& service = *facts.service;
  if (service.status != "ACTIVE") {
    findings.problem("service", fmt::format("its status is {}", service.status),
                     "Create it anew, or name another: nothing is done for a service that is not "
                     "ACTIVE.");
    return;
  }
  check_state_tag(facts, findings);
  check_how_it_is_run(facts, findings);
  check_capacity(facts, findings);
  check_other_hands(facts, findings);
  check_deployments(facts, findings);
  check_work(facts, findings);
}

void check_other_scaler(const Facts& facts, Findings& findings) {
  if (!facts.scalable_target && facts.scalable_target.error().kind == ErrorKind::NotFound) {
    return findings.risk("other scaler", facts.scalable_target.error().message,
                         "Whether another scaler is registered could not be found out.");
  }
  if (!facts.scalable_target) {
    return findings.failed("other scaler", facts.scalable_target.error(),
                           "application-autoscaling:DescribeScalableTargets");
  }
  const std::optional<aws::ScalableTarget>& target = *facts.scalable_target;
  if (target && target->suspended) {
    findings.note("other scaler",
                  "a scalable target of Application Auto Scaling is registered, but suspended",
                  "Deregister it once the change is final.");
  } else if (target) {
    findings.problem(
        "other scaler",
        fmt::format("Application Auto Scaling is registered for the service, {} to {} tasks",
                    target->tasks_min, target->tasks_max),
        "Deregister it (aws application-autoscaling deregister-scalable-target): two hands on one "
        "count fight.");
  }
}

void check_wake_mapping(const Facts& facts, const Settings& settings, Findings& findings) {
  if (!*facts.mapping) {
    return findings.failed("wake mapping", facts.mapping->error(),
                           "lambda:ListEventSourceMappings");
  }
  const std::optional<aws::EventSourceMapping>& mapping = **facts.mapping;
  if (!mapping && wakes(settings)) {
    findings.problem("wake mapping",
                     "WAKE is true, but the function has no event source mapping on the job queue",
                     "Create it, disabled, with ReportBatchItemFailures; or set WAKE=false.");
  }
  if (!mapping) {
    return;
  }
  if (!mapping->reports_batch_item_failures) {
    findings.problem(
        "wake mapping", fmt::format("the mapping {} lacks ReportBatchItemFailures", mapping->id),
        "Add it: without it every message that wakes the service would be deleted. The "
        "function refuses to enable such a mapping.");
  }
  if (*settings && !wakes(settings) && mapping->state == aws::MappingState::Enabled) {
    findings.problem(
        "wake mapping", fmt::format("the mapping {} is enabled, but WAKE is not true", mapping->id),
        "Disable it or set WAKE=true: its messages bounce until they are dead letters.");
  }
  if (wakes(settings) && mapping->state == aws::MappingState::Enabled && facts.service &&
      facts.service->desired > 0) {
    findings.risk("wake mapping",
                  fmt::format("the mapping {} is enabled while the service wants {} tasks",
                              mapping->id, facts.service->desired),
                  "The next scheduled pass disables it. If it stays, the schedule is off or the "
                  "function may not switch the mapping.");
  }
}

bool same_queue(const std::string& a, const std::string& b) {
  const Result<QueueAddress> one = parse_queue(a);
  const Result<QueueAddress> other = parse_queue(b);
  return one && other ? may_be_same(*one, *other) : a == b;
}

bool same_name(const std::string& a, const std::string& b) {
  return a == b ||
         (a.starts_with("arn:") != b.starts_with("arn:") && plain_name(a) == plain_name(b));
}

/// What the function works on is what was examined.
void check_same_place(const Facts& facts, const ServiceConfig& config, Findings& findings) {
  const auto compare = [&](std::string_view name, const std::string& configured,
                           const std::string& examined,
                           bool (*same)(const std::string&, const std::string&)) {
    if (!same(configured, examined)) {
      findings.risk("function",
                    fmt::format("its {} is {}, but {} was examined", name, configured, examined),
                    "Examine what the function works on, or correct its configuration.");
    }
  };
  compare("SQS_QUEUE_URL", config.queue_url, facts.place.queue_url, same_queue);
  compare("ECS_CLUSTER_NAME", config.id.cluster, facts.place.service.cluster, same_name);
  compare("ECS_SERVICE_NAME", config.id.service, facts.place.service.service, same_name);
}

void check_function(const Facts& facts, const Settings& settings, Findings& findings) {
  if (!facts.function) {
    findings.note("function", "no function is named",
                  "Name it with --function to examine it, too.");
    return;
  }
  if (!*facts.function) {
    return findings.failed("function", facts.function->error(), "lambda:GetFunctionConfiguration");
  }
  const aws::FunctionConfiguration& function = **facts.function;
  if (function.state != "Active" && !function.state.empty()) {
    findings.problem("function", fmt::format("its state is {}", function.state),
                     "Deploy it again; see StateReason in aws lambda get-function-configuration.");
  }
  if (*settings) {
    check_same_place(facts, **settings, findings);
  } else {
    findings.problem("function", "it refuses its variables: " + settings->error().message,
                     "Correct them: until then it does nothing, for it does not start.",
                     "docs/configuration.md");
  }
  for (const std::string& misspelt : misspelt_variables(function.environment)) {
    findings.risk("function", "its variable " + misspelt,
                  "Correct it: what is not read leaves the setting at its default.",
                  "docs/configuration.md");
  }
  if (facts.mapping) {
    check_wake_mapping(facts, settings, findings);
  }
}

void check_proxies(const Facts& facts, Findings& findings) {
  for (const ProxyUse& use : facts.proxies) {
    findings.note(
        "proxy",
        fmt::format("calls to {} go through {} of {}", use.services, use.proxy, use.variable),
        "Hosts that are to be reached directly belong in NO_PROXY.",
        "docs/configuration.md#proxies");
  }
}

/// Whether no place had credentials. Then nothing could be asked, and all else follows from it.
bool lacks_credentials(const Facts& facts) {
  return !facts.caller && facts.credential_source.empty();
}

void check_credentials(const Facts& facts, Findings& findings) {
  const Error& error = facts.caller.error();
  findings.problem("credentials", error.message,
                   error.kind == ErrorKind::Unavailable
                       ? "The place that has them does not answer; try again."
                       : "Mend what it names.",
                   "docs/credentials.md");
}

void check_caller(const Facts& facts, Findings& findings) {
  if (!facts.caller) {
    findings.failed("credentials", facts.caller.error(), "sts:GetCallerIdentity");
  }
  if (std::chrono::abs(facts.clock_difference) > kSkewMax) {
    findings.risk("clock",
                  fmt::format("this machine's clock is {} {} AWS's",
                              format_duration(std::chrono::abs(facts.clock_difference)),
                              facts.clock_difference > Duration(0) ? "behind" : "ahead of"),
                  "Set it: from five minutes on, AWS refuses what it signs.");
  }
}

}  // namespace

std::string_view to_string(Severity severity) {
  constexpr std::array<std::string_view, 3> kNames{"problem", "risk", "note"};
  return kNames.at(static_cast<std::size_t>(severity));
}

std::vector<Finding> diagnose(const Facts& facts) {
  Findings findings;
  check_proxies(facts, findings);
  if (lacks_credentials(facts)) {
    check_credentials(facts, findings);
    return std::move(findings).sorted();
  }
  const Settings settings = settings_of(facts);
  check_caller(facts, findings);
  check_queue(facts, settings, findings);
  check_service(facts, findings);
  check_other_scaler(facts, findings);
  check_function(facts, settings, findings);
  return std::move(findings).sorted();
}

bool has_problem(const std::vector<Finding>& findings) {
  return std::ranges::find(findings, Severity::Problem, &Finding::severity) != findings.end();
}

std::string text_of(const std::vector<Finding>& findings) {
  std::string text;
  std::array<int, 3> counts{};
  for (const Finding& finding : findings) {
    ++counts.at(static_cast<std::size_t>(finding.severity));
    text += fmt::format("{:<8} {}: {}\n", to_string(finding.severity), finding.subject,
                        fmt::join(split(finding.seen, "\n"), "\n         "));
    text += fmt::format("         {}\n", finding.advice);
    if (!finding.page.empty()) {
      text += fmt::format("         See {}.\n", finding.page);
    }
  }
  return text + fmt::format("{}, {}, {}\n", plural(counts[0], "problem"), plural(counts[1], "risk"),
                            plural(counts[2], "note"));
}

std::string identity_of(const Facts& facts) {
  return facts.caller
             ? fmt::format("Asked as {} (account {}) with credentials of: {}\n", facts.caller->arn,
                           facts.caller->account, facts.credential_source)
             : "";
}

void write_identity(json::Writer& writer, const Result<aws::CallerIdentity>& caller,
                    const std::string& source) {
  writer.name("identity").begin_object().field("source", source);
  if (caller) {
    writer.field("arn", caller->arn).field("account", caller->account);
  }
  writer.end_object();
}

void write_findings(json::Writer& writer, const std::vector<Finding>& findings) {
  writer.name("findings").begin_array();
  for (const Finding& finding : findings) {
    writer.begin_object()
        .field("severity", to_string(finding.severity))
        .field("subject", finding.subject)
        .field("seen", finding.seen)
        .field("advice", finding.advice)
        .field("page", finding.page)
        .end_object();
  }
  writer.end_array();
}

std::string json_of(const Facts& facts, const std::vector<Finding>& findings) {
  json::Writer writer;
  writer.begin_object()
      .field("queue_url", facts.place.queue_url)
      .field("cluster", facts.place.service.cluster)
      .field("service", facts.place.service.service)
      .field("function", facts.place.function)
      .field("healthy", !has_problem(findings));
  write_identity(writer, facts.caller, facts.credential_source);
  write_findings(writer, findings);
  writer.end_object();
  return std::move(writer).text() + "\n";
}

}  // namespace scaler::doctor
