// `verify` of many services: which they are, and all of them side by side.

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "checkup/access/checkup.h"
#include "checkup/verify/isolation.h"
#include "edge/config/environment.h"
#include "ground/base/text.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/fleet_source.h"
#include "programs/ecs_scaler/commands/verify.h"

namespace scaler::cli {
namespace {

/// Services that are under way at the same time: they mostly wait, but each asks once a second.
constexpr std::size_t kSideBySide = 8;
/// Neighbours that are looked at while one service works.
constexpr std::size_t kNeighbours = 50;

/// What this environment says, but the scaler's settings as the function has them.
Environment with_settings_of(const Environment& functions, const Environment& own) {
  Environment settings = own;
  for (const VariableHelp& known : environment_help()) {
    if (known.name == "LOG_LEVEL") {
      continue;  // That is about this program.
    }
    settings.erase(known.name);
    if (const auto value = variable(functions, known.name)) {
      settings.insert_or_assign(known.name, *value);
    }
  }
  return settings;
}

/// The fleet of a function that says it itself.
Result<FleetWish> wish_of(const DeployedFunction& function, const Environment& own) {
  const FleetConfig config = TRY(fleet_from_environment(function.variables));
  if (!config.by_tags() && !config.in_s3()) {
    return fail(ErrorKind::Malformed,
                fmt::format("the function {} takes its services from {} in its package, which is "
                            "not here: give that file with --fleet FILE",
                            function.name, config.source));
  }
  return FleetWish{.settings = with_settings_of(function.variables, own)};
}

bool names_one_service(const PlaceFlags& place) {
  return !place.queue_url.empty() || !place.cluster.empty() || !place.service.empty();
}

Result<std::optional<FleetWish>> find_wish(const Environment& own, const VerifyFlags& flags,
                                           const DeployedFunction& function) {
  if (!flags.choice.config_file.empty() || !flags.choice.fleet.empty()) {
    return FleetWish{
        .settings = is_fleet(function.variables) ? with_settings_of(function.variables, own) : own,
        .choice = flags.choice};
  }
  if (names_one_service(flags.place)) {
    return std::nullopt;
  }
  // As for the words that name one service: who was named by a flag goes first.
  const bool function_first = !flags.place.function.empty();
  for (const bool functions : {function_first, !function_first}) {
    const Environment& words = functions ? function.variables : own;
    if (is_fleet(words)) {
      return functions ? TRY(wish_of(function, own)) : FleetWish{.settings = own};
    }
    if (variable(words, "SQS_QUEUE_URL")) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

/// Names the service, as far as it is known where it is: "main/worker (eu-central-1,
/// 123456789012)".
void name(verify::ScalerUnderTest& member, const ServiceId& id) {
  const ServiceAddress address =
      address_of(id).value_or(ServiceAddress{.cluster = id.cluster, .service = id.service});
  member.cluster = address.cluster;
  member.service = address.service;
  member.region = address.region;
  member.account = address.account;
  const bool both = !address.region.empty() && !address.account.empty();
  const std::string where = address.region + (both ? ", " : "") + address.account;
  member.name = address.cluster + (address.cluster.empty() ? "" : "/") + address.service +
                (where.empty() ? "" : " (" + where + ")");
}

/// A service by its ARN, or by where it stands in a file.
ServiceId id_of(const std::string& text) {
  const std::optional<Arn> arn = parse_arn(text);
  const std::vector<std::string_view> parts =
      arn ? split(arn->resource, "/") : std::vector<std::string_view>();
  return {.cluster = parts.size() == 3 ? std::string(parts[1]) : "", .service = text};
}

/// `common`: what all services of the deployment have.
verify::ScalerUnderTest member_of(const verify::ScalerUnderTest& common, const ServiceSpec& spec) {
  verify::ScalerUnderTest member = common;
  member.queue_url = spec.queues.front().url;
  for (const JobQueue& queue : std::span(spec.queues).subspan(1)) {
    member.other_queue_urls.push_back(queue.url);
  }
  name(member, spec.id);
  std::vector<Millionths> weights(spec.queues.size());
  std::ranges::transform(spec.queues, weights.begin(), &JobQueue::weight);
  member.tasks_for_one = tasks_for_one(spec.policy, weights);
  return member;
}

/// What the source found wrong: a failure of each service that it lies in, and of nobody else.
std::vector<verify::VerifyReport> reports_of(const FleetNews& news,
                                             const verify::ScalerUnderTest& common) {
  const Instant now = system_clock().now();
  std::vector<verify::VerifyReport> reports;
  for (const std::string& error : news.errors) {
    verify::ScalerUnderTest everywhere = common;
    everywhere.name = "services with tags";
    reports.push_back(verify::failed_at(std::move(everywhere), "search", error, now));
  }
  for (const SpecProblem& problem : news.problems) {
    verify::ScalerUnderTest service = common;
    name(service, id_of(problem.service));
    reports.push_back(verify::failed_at(std::move(service), "settings", problem.message, now));
  }
  for (const SpecProblem& note : news.notes) {
    complain(kDone, "note: " + note.service + ": " + note.message);
  }
  return reports;
}

/// The services by their indexes, those together that share a queue: what is sent for one of them
/// wakes the others.
std::vector<std::vector<std::size_t>> apart(std::span<const ServiceSpec> specs) {
  std::vector<std::vector<std::size_t>> groups;
  std::map<std::string, std::size_t> group_of;  // by queue
  for (std::size_t i = 0; i < specs.size(); ++i) {
    std::set<std::size_t> joined;
    for (const JobQueue& queue : specs[i].queues) {
      if (const auto found = group_of.find(queue.url); found != group_of.end()) {
        joined.insert(found->second);
      }
    }
    std::vector<std::size_t> group;
    for (const std::size_t other : joined) {
      std::ranges::move(std::exchange(groups[other], {}), std::back_inserter(group));
    }
    group.push_back(i);
    for (const std::size_t member : group) {
      for (const JobQueue& queue : specs[member].queues) {
        group_of.insert_or_assign(queue.url, groups.size());
      }
    }
    groups.push_back(std::move(group));
  }
  std::erase_if(groups, [](const auto& group) { return group.empty(); });
  return groups;
}

class FleetRun {
 public:
  FleetRun(std::vector<ServiceSpec> specs, const verify::ScalerUnderTest& common,
           const FleetSurroundings& around)
      : specs_(std::move(specs)),
        groups_(apart(specs_)),
        around_(&around),
        reports_(specs_.size()) {
    for (const ServiceSpec& spec : specs_) {
      members_.push_back(member_of(common, spec));
    }
  }

  /// One report for each service, in order. Errors: those of Checkup::create().
  Result<std::vector<verify::VerifyReport>> run() {
    // A client is for one thread.
    std::vector<std::unique_ptr<Checkup>> checkups;
    for (std::size_t i = 0; i < std::min(kSideBySide, groups_.size()); ++i) {
      checkups.push_back(TRY(Checkup::create(around_->environment, system_clock(), around_->log)));
    }
    std::vector<std::jthread> threads;
    threads.reserve(checkups.size());
    for (const std::unique_ptr<Checkup>& checkup : checkups) {
      threads.emplace_back([this, own = checkup.get()] { work(*own); });
    }
    threads.clear();  // Waits for them.
    if (!checkups.empty() && !around_->stop.stop_requested()) {
      end(*checkups.front());
    }
    return std::move(reports_);
  }

 private:
  /// The check isolation, by one more message to a service that passed all others: while it is
  /// worked off, nothing else is sent to any of them.
  void end(Checkup& checkup) {
    const std::vector<verify::Check>& checks = around_->flags.options.checks;
    std::vector<std::size_t> alone;  // These share no queue.
    for (const std::vector<std::size_t>& group : groups_) {
      if (group.size() == 1 && alone.size() <= kNeighbours) {
        alone.push_back(group.front());
      }
    }
    const auto chosen =
        std::ranges::find_if(alone, [this](std::size_t i) { return reports_[i].passed(); });
    if (alone.size() < 2 || chosen == alone.end() ||
        std::ranges::find(checks, verify::Check::Basic) == checks.end()) {
      return;
    }
    const std::size_t i = *chosen;
    alone.erase(chosen);
    const auto target = checkup.target(specs_[i].id, members_[i]);
    if (!target) {
      return;
    }
    verify::IsolationOptions wanted{
        .verify = around_->flags.options,
        .look = [&checkup, places = places_of(alone)] { return checkup.look(places); }};
    for (const std::size_t neighbour : alone) {
      wanted.neighbours.push_back(members_[neighbour].name);
    }
    verify::VerifyReport isolation =
        verify::verify_isolation(**target, members_[i], wanted, system_clock(), around_->stop);
    tell(isolation);
    verify::VerifyReport& report = reports_[i];
    std::ranges::move(isolation.checks, std::back_inserter(report.checks));
    report.messages_sent += isolation.messages_sent;
    report.took += isolation.took;
  }

  std::vector<LookRequest> places_of(const std::vector<std::size_t>& services) const {
    std::vector<LookRequest> places;
    for (const std::size_t i : services) {
      LookRequest place{.service = specs_[i].id};
      for (const JobQueue& queue : specs_[i].queues) {
        place.queue_urls.push_back(queue.url);
      }
      places.push_back(std::move(place));
    }
    return places;
  }

  void work(Checkup& checkup) {
    for (std::size_t group = next_++; group < groups_.size(); group = next_++) {
      bool alone = true;
      for (const std::size_t i : groups_[group]) {
        verify::VerifyOptions options = around_->flags.options;
        // Who shares a queue with the one before was woken, too.
        options.wait_for_rest = options.wait_for_rest || !alone;
        alone = false;
        reports_[i] = verify(checkup, i, options);
        tell(reports_[i]);
      }
    }
  }

  verify::VerifyReport verify(Checkup& checkup, std::size_t i,
                              const verify::VerifyOptions& options) {
    verify::ScalerUnderTest& member = members_[i];
    const Instant began = system_clock().now();
    const auto target = checkup.target(specs_[i].id, member);
    return target ? verify::verify(**target, member, options, system_clock(), around_->stop)
                  : verify::failed_at(member, "access", target.error().message, began);
  }

  void tell(const verify::VerifyReport& report) {
    if (is_aloud(around_->flags)) {
      const std::lock_guard lock(telling_);
      std::fputs(verify::block_of(report).c_str(), stdout);
      std::fflush(stdout);
    }
  }

  std::vector<ServiceSpec> specs_;
  std::vector<std::vector<std::size_t>> groups_;
  const FleetSurroundings* around_;
  std::vector<verify::ScalerUnderTest> members_ = {};
  std::vector<verify::VerifyReport> reports_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex telling_ = {};
};

}  // namespace

Result<std::optional<FleetWish>> wished_fleet(const Environment& own, const VerifyFlags& flags,
                                              const DeployedFunction& function) {
  std::optional<FleetWish> wish = TRY(find_wish(own, flags, function));
  if (wish && !function.name.empty() && !is_fleet(function.variables)) {
    return fail(ErrorKind::Malformed,
                fmt::format("the function {} has no FLEET: it serves one service, and none of a "
                            "fleet",
                            function.name));
  }
  return wish;
}

int verify_fleet(const FleetWish& wish, const FleetSurroundings& around) {
  const VerifyFlags& flags = around.flags;
  if (flags.interactive) {
    return complain(kUsage,
                    "--interactive is for one service, and FLEET is set: name one by --queue-url, "
                    "--cluster and --service");
  }
  verify::ScalerUnderTest common;
  if (const Result<void> read = read_settings(around.function, common); !read) {
    return complain(kConfiguration, read.error().message);
  }
  auto fleet = open_fleet(wish.settings, wish.choice, STDERR_FILENO);
  if (!fleet) {
    return complain(kConfiguration, fleet.error().message);
  }
  const Instant began = system_clock().now();
  verify::FleetReport report{.services = reports_of((*fleet)->news, common)};
  if (is_aloud(flags)) {
    for (const verify::VerifyReport& service : report.services) {
      std::fputs(verify::block_of(service).c_str(), stdout);
    }
  }
  FleetRun run((*fleet)->specs, common, around);
  auto verified = run.run();
  if (!verified) {
    return complain(kConfiguration, verified.error().message);
  }
  std::ranges::move(*verified, std::back_inserter(report.services));
  if (report.services.empty()) {
    return complain(kFailed, "the fleet has no service: there is nothing to verify");
  }
  report.took = system_clock().now() - began;
  const Result<void> told =
      tell(verify::summary_of(report), formatted(report, flags.format), flags);
  if (!told) {
    return complain(kFailed, told.error().message);
  }
  return report.passed() ? kDone : kFailed;
}

}  // namespace scaler::cli
