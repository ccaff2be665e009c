#include "checkup/doctor/fleet_checks.h"

#include <algorithm>
#include <iterator>
#include <map>

#include <fmt/core.h>

#include "ground/json/writer.h"
#include "scaler/core/names.h"
#include "scaler/core/queue_names.h"

namespace scaler::doctor {
namespace {

constexpr const char* kFleetPage = "docs/fleets.md";
constexpr std::size_t kNamed = 5;

/// "a, b and 3 more"
std::string some_of(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == kNamed) {
      return fmt::format("{} and {} more", text, names.size() - kNamed);
    }
    text += (i == 0 ? "" : ", ") + names[i];
  }
  return text;
}

/// Who does not know who he is does not see either that a service lies in another account.
void check_caller(const FleetFacts& facts, std::vector<Finding>& findings) {
  if (!facts.caller) {
    Findings failed;
    failed.failed("credentials", facts.caller.error(), "sts:GetCallerIdentity");
    std::ranges::move(std::move(failed).sorted(), std::back_inserter(findings));
  }
}

void check_news(const FleetNews& news, std::vector<Finding>& findings) {
  for (const std::string& error : news.errors) {
    findings.push_back({.severity = Severity::Problem,
                        .subject = "tags",
                        .seen = "services could not be looked for: " + error,
                        .advice = "Their own account must let the role assume, and that role needs "
                                  "tag:GetResources; `ecs-scaler iam` prints both.",
                        .page = kFleetPage});
  }
  for (const SpecProblem& problem : news.problems) {
    findings.push_back({.severity = Severity::Problem,
                        .subject = "service " + problem.service,
                        .seen = problem.message,
                        .advice = "Mend the tag; until then its last good settings go on.",
                        .page = "docs/how-to-fleet.md"});
  }
}

/// Roles that cannot be assumed, each with the services that nobody looks after for that.
void check_roles(const FleetFacts& facts, std::vector<Finding>& findings) {
  std::map<std::string, std::pair<std::string, std::vector<std::string>>> denied;
  for (std::size_t i = 0; i < facts.services.size(); ++i) {
    const ServiceId& id = facts.services[i].id;
    const Result<ServiceReading>& read = facts.looks[i].service;
    if (!read && read.error().kind == ErrorKind::Unauthorized && !id.role.arn.empty()) {
      auto& [why, names] = denied[id.role.arn];
      why = read.error().message.substr(
          std::min(read.error().message.size(), read.error().message.find("STS ")));
      names.push_back(described(id));
    }
  }
  for (const auto& [role, what] : denied) {
    findings.push_back({.severity = Severity::Problem,
                        .subject = "role " + role,
                        .seen = fmt::format("cannot be assumed, so that nobody scales {}: {}",
                                            some_of(what.second), what.first),
                        .advice = "Its trust policy must name the caller, with the external id if "
                                  "it asks for one, and the caller needs sts:AssumeRole on it: "
                                  "`ecs-scaler iam` prints both.",
                        .page = kFleetPage});
  }
}

bool has_role_problem(const ServiceId& id, const Result<ServiceReading>& read) {
  return !read && read.error().kind == ErrorKind::Unauthorized && !id.role.arn.empty();
}

/// Whether the service lies in an account for which there is neither role nor identity.
bool is_nobodys(const FleetFacts& facts, const ServiceId& id) {
  const Result<ServiceAddress> address = address_of(id);
  return id.role.arn.empty() && facts.caller && address && !address->account.empty() &&
         address->account != facts.caller->account;
}

Finding of_unread_queue(Finding finding, const Error& error) {
  const bool gone = error.kind == ErrorKind::NotFound;
  finding.seen =
      (gone ? "a queue does not exist: " : "a queue could not be read: ") + error.message;
  finding.advice = gone ? "Name a queue that exists, or leave it out: until it has been gone for "
                          "15 minutes in every look, nothing scales in for want of it."
                        : "A queue of another account must let this role in by its own policy.";
  return finding;
}

/// What keeps a service from being scaled although it can be read; nothing: it is scaled.
std::optional<Finding> of_left_alone(Finding finding, const ServiceReading& read,
                                     std::string_view numbers) {
  const ServiceObservation& seen = read.service;
  const auto told = [&](Severity severity, std::string why, std::string advice) {
    finding.severity = severity;
    finding.seen = fmt::format("{}; {}", why, numbers);
    finding.advice = std::move(advice);
    return finding;
  };
  if (!read.pause_complaint.empty()) {
    return told(Severity::Problem, read.pause_complaint, "`ecs-scaler resume` removes the tag.");
  }
  if (seen.status != ServiceStatus::Active) {
    return told(Severity::Problem, "is not ACTIVE, so that nobody scales it",
                "Take it out of the fleet, or create it anew.");
  }
  if (seen.scheduling != SchedulingStrategy::Replica) {
    return told(Severity::Problem, "is a DAEMON service, which has no count to set",
                "Take it out of the fleet.");
  }
  if (seen.paused_until) {
    return told(Severity::Note,
                fmt::format("is paused until {} by its tag {}", format_instant(*seen.paused_until),
                            kPauseTag),
                "`ecs-scaler resume` ends that.");
  }
  return std::nullopt;
}

Finding finding_of(const FleetFacts& facts, std::size_t i) {
  const ServiceId& id = facts.services[i].id;
  const Look& look = facts.looks[i];
  Finding finding{.severity = Severity::Problem, .subject = "service " + described(id)};
  if (is_nobodys(facts, id)) {
    const Result<ServiceAddress> address = address_of(id);
    finding.seen = fmt::format(
        "lies in the account {}, no role is given for it, and the credentials are of {}: ECS lets "
        "nobody in from another account",
        address->account, facts.caller->account);
    finding.advice =
        fmt::format("Give it a role of {}, or name one under accounts.", address->account);
    finding.page = kFleetPage;
    return finding;
  }
  if (!look.service) {
    finding.seen = "could not be read: " + look.service.error().message;
    finding.advice = "See what its error says; `ecs-scaler iam` prints what it needs.";
    return finding;
  }
  QueueDepth total;
  for (const Result<QueueDepth>& queue : look.queues) {
    if (!queue) {
      return of_unread_queue(std::move(finding), queue.error());
    }
    total.visible += queue->visible;
    total.in_flight += queue->in_flight;
  }
  const ServiceObservation& seen = look.service->service;
  const std::string numbers =
      fmt::format("{} visible and {} in flight; desired {}, running {}", total.visible,
                  total.in_flight, seen.desired, seen.running);
  if (auto alone = of_left_alone(finding, *look.service, numbers)) {
    return *std::move(alone);
  }
  finding.severity = Severity::Note;
  finding.seen = numbers;
  finding.advice = "Nothing to do.";
  return finding;
}

void check_shared_queues(const FleetFacts& facts, std::vector<Finding>& findings) {
  for (const auto& [url, names] : shared_queues(facts.services)) {
    findings.push_back({.severity = Severity::Risk,
                        .subject = "queue " + url,
                        .seen = "is the job queue of " + names,
                        .advice = "Each of them starts tasks for all of its messages. Give each "
                                  "service queues of its own, or one a small tasks_max."});
  }
}

}  // namespace

std::map<std::string, std::string> shared_queues(std::span<const ServiceSpec> services) {
  std::map<std::string, std::vector<std::string>> users;
  for (const ServiceSpec& service : services) {
    for (const JobQueue& queue : service.queues) {
      users[queue.url].push_back(described(service.id));
    }
  }
  std::map<std::string, std::string> shared;
  for (const auto& [url, names] : users) {
    if (names.size() > 1) {
      shared.emplace(url, some_of(names));
    }
  }
  return shared;
}

FleetFacts examine_fleet(aws::Client& client, CloudReader& reader,
                         std::vector<ServiceSpec> services, FleetNews news,
                         const std::string& function, Deadline deadline) {
  FleetFacts facts{.services = std::move(services), .news = std::move(news)};
  // Who names all places in full needs no AWS_REGION, and STS is asked in some region.
  const std::string_view region =
      facts.services.empty() ? std::string_view() : region_of(facts.services.front().id);
  facts.caller = aws::caller_identity(client, deadline, region);
  facts.credential_source = client.credential_source();
  std::vector<LookRequest> requests;
  for (const ManagedService& service : adopted({}, facts.services)) {
    requests.push_back(look_at_all_of(service));
  }
  facts.looks = reader.look(requests, Patience::All, deadline);
  if (!function.empty()) {
    facts.wakes = examine_wakes(client, function, facts.services, deadline);
  }
  return facts;
}

std::vector<Finding> diagnose_fleet(const FleetFacts& facts) {
  std::vector<Finding> findings;
  check_caller(facts, findings);
  check_news(facts.news, findings);
  check_roles(facts, findings);
  for (std::size_t i = 0; i < facts.services.size(); ++i) {
    if (!has_role_problem(facts.services[i].id, facts.looks[i].service)) {
      findings.push_back(finding_of(facts, i));
    }
  }
  check_shared_queues(facts, findings);
  if (facts.wakes) {
    Findings of_wakes;
    check_wakes(*facts.wakes, facts.services, facts.looks, of_wakes);
    std::ranges::move(std::move(of_wakes).sorted(), std::back_inserter(findings));
  }
  std::ranges::stable_sort(findings, {}, &Finding::severity);
  return findings;
}

std::string fleet_identity_of(const FleetFacts& facts) {
  return identity_of({.caller = facts.caller, .credential_source = facts.credential_source});
}

std::string fleet_json_of(const FleetFacts& facts, const std::vector<Finding>& findings) {
  json::Writer writer;
  writer.begin_object()
      .field("services", static_cast<std::int64_t>(facts.services.size()))
      .field("healthy", !has_problem(findings));
  write_identity(writer, facts.caller, facts.credential_source);
  write_findings(writer, findings);
  writer.end_object();
  return std::move(writer).text() + "\n";
}

}  // namespace scaler::doctor
