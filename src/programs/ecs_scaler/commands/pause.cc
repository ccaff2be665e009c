#include <algorithm>
#include <cstdio>
#include <iterator>
#include <optional>
#include <set>
#include <span>
#include <unistd.h>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/fleet_source.h"
#include "scaler/core/names.h"

namespace scaler::cli {
namespace {

constexpr Duration kPauseTimeout = std::chrono::seconds(60);
constexpr Duration kAskingAnew = std::chrono::seconds(20);
constexpr Duration kPauseMin = std::chrono::seconds(1);
constexpr Duration kPauseMax = std::chrono::hours(24 * 366);

struct PauseFlags {
  FleetChoice choice = {};
  std::string service = {};
  bool all = false;
  Duration length = std::chrono::hours(1);
};

/// "worker", "main/worker" or the ARN.
bool is_meant(const ServiceId& id, std::string_view word) {
  const std::string_view name = plain_name(id.service);
  if (const auto address = address_of(id); parse_arn(word) && address) {
    const auto meant = parse_service(plain_name(address->cluster), word);
    return meant && may_be_same(*meant, *address);
  }
  return word == id.service || word == name ||
         word == fmt::format("{}/{}", plain_name(id.cluster), name);
}

/// Nobody is left out of a pause because his place was slow for a moment.
void ask_again(LiveFleet& fleet) {
  constexpr int kTries = 3;
  for (int tries = 0; fleet.source() != nullptr && !fleet.news.errors.empty() && tries < kTries;
       ++tries) {
    fleet.source()->hurry();
    FleetNews news = fleet.source()->ask(after(kAskingAnew));
    news.notes.insert(news.notes.begin(), fleet.news.notes.begin(), fleet.news.notes.end());
    fleet.news = std::move(news);
    fleet.services = adopted({}, fleet.tagged->services());
  }
}

/// All that somebody may scale: one whose tags are wrong by now goes on by its last good settings.
std::vector<ServiceId> all_of(const LiveFleet& fleet) {
  std::vector<ServiceId> ids;
  for (const ManagedService& service : fleet.services) {
    ids.push_back(service.id);
  }
  if (fleet.tagged) {
    std::ranges::move(fleet.tagged->without_settings(), std::back_inserter(ids));
  }
  return ids;
}

/// Namesakes in several accounts or regions have one CLUSTER/SERVICE, and their ARNs alone differ.
std::string which_of(std::string_view word, std::span<const ServiceId> ids) {
  std::set<std::string> names;
  std::string all;
  for (const ServiceId& id : ids) {
    names.insert(fmt::format("{}/{}", plain_name(id.cluster), plain_name(id.service)));
    all += (all.empty() ? "" : ", ") + described(id);
  }
  return fmt::format("'{}' means {} services, {}: say which by {}its ARN", shortened(word),
                     ids.size(), shortened(all, 2000),
                     names.size() == ids.size() ? "CLUSTER/SERVICE or by " : "");
}

/// The services of the fleet that the command means.
/// Errors: Malformed for a word that means none, or several.
Result<std::vector<ServiceId>> chosen(const LiveFleet& fleet, const PauseFlags& flags) {
  const std::vector<ServiceId> all = all_of(fleet);
  if (flags.all) {
    return all;
  }
  std::vector<ServiceId> ids;
  std::string names;
  std::vector<std::string_view> known;
  for (const ServiceId& id : all) {
    if (is_meant(id, flags.service)) {
      ids.push_back(id);
    }
    known.push_back(plain_name(id.service));
    names += (names.empty() ? "" : ", ") +
             fmt::format("{}/{}", plain_name(id.cluster), plain_name(id.service));
  }
  if (ids.empty()) {
    const std::string meant = did_you_mean(plain_name(flags.service), known);
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' is no service of the fleet{}", shortened(flags.service),
                            meant.empty() ? "; these are: " + shortened(names, 2000) : meant));
  }
  if (ids.size() > 1) {
    return fail(ErrorKind::Malformed, which_of(flags.service, ids));
  }
  return ids;
}

// By AWS's clock, which those who read the tag have as well: of a machine whose own is behind, a
// pause would be over as it begins. To whole seconds, which a person can read.
Instant end_of_pause(Duration length, const Wiring& wiring) {
  constexpr Duration kTolerance = std::chrono::seconds(5);
  const Duration ahead = wiring.clock_difference();
  const Instant now =
      system_clock().now() + (std::chrono::abs(ahead) < kTolerance ? Duration::zero() : ahead);
  return std::chrono::ceil<std::chrono::seconds>(now + length);
}

/// Writes the tag that says for how long, or without that removes it; the exit code.
int write_tags(const LiveFleet& fleet, std::span<const ServiceId> ids,
               std::optional<Duration> length) {
  const Deadline deadline = after(kPauseTimeout);
  std::vector<LookRequest> requests;
  for (const ServiceId& id : ids) {
    requests.push_back({.service = id});
  }
  const std::vector<Look> looks =
      ids.empty() ? std::vector<Look>()
                  : fleet.wiring->reader().look(requests, Patience::All, deadline);
  const std::string text =
      length ? format_instant(end_of_pause(*length, *fleet.wiring)) : std::string();
  int code = kDone;
  std::vector<SavedState> tags;
  std::vector<const ServiceId*> tagged;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    if (!looks[i].service) {
      code = complain(kFailed, looks[i].service.error().message);
      continue;
    }
    tagged.push_back(&ids[i]);
    tags.push_back({.service_arn = looks[i].service->arn,
                    .text = text,
                    .tag = kPauseTag,
                    .role = ids[i].role});
  }
  const std::vector<Result<void>> results =
      tags.empty() ? std::vector<Result<void>>() : fleet.wiring->states().save(tags, deadline);
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i]) {
      code = complain(kFailed, results[i].error().message);
      continue;
    }
    fmt::print("service {} in cluster {}: {}\n", plain_name(tagged[i]->service),
               plain_name(tagged[i]->cluster), text.empty() ? "goes on" : "paused until " + text);
  }
  return code;
}

int pause(const Environment& environment, const PauseFlags& flags, bool paused) {
  if (flags.all == !flags.service.empty()) {
    return complain(kUsage, "which service? Say SERVICE or --all, and one of them only");
  }
  const auto fleet = open_fleet(environment, flags.choice, STDERR_FILENO);
  if (!fleet) {
    return complain(kConfiguration, fleet.error().message);
  }
  ask_again(**fleet);
  const int told = tell_news(**fleet);
  const auto ids = chosen(**fleet, flags);
  if (!ids) {
    return complain(kUsage, ids.error().message);
  }
  return std::max(told,
                  write_tags(**fleet, *ids, paused ? std::optional(flags.length) : std::nullopt));
}

/// The command with what both have.
Command completed(Command command, const std::shared_ptr<PauseFlags>& flags, bool paused) {
  command.options.insert(command.options.begin(),
                         {{"SERVICE", "", "name, CLUSTER/SERVICE or ARN", text(flags->service)},
                          {"--all", "", "every service of the fleet", flag(flags->all)}});
  std::ranges::move(fleet_options(flags->choice), std::back_inserter(command.options));
  command.exclusive = {{kConfigFlag, kFleetFlag}};
  command.reads_environment = true;
  command.run = [flags, paused](const Environment& environment) {
    return pause(environment, *flags, paused);
  };
  return command;
}

}  // namespace

Command pause_command() {
  const auto flags = std::make_shared<PauseFlags>();
  return completed({.name = "pause",
                    .sentence = "Have every scaler leave a service, or all, as it is for a while",
                    .options = {{"--for", "DURATION", with_default("how long", flags->length),
                                 duration(flags->length, kPauseMin, kPauseMax)}},
                    .example = "ecs-scaler pause --all --for 2h --fleet tags"},
                   flags, true);
}

Command resume_command() {
  return completed({.name = "resume",
                    .sentence = "End a pause",
                    .example = "ecs-scaler resume worker --config fleet.yaml"},
                   std::make_shared<PauseFlags>(), false);
}

}  // namespace scaler::cli
