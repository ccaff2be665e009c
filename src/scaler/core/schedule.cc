#include "scaler/core/schedule.h"

#include <absl/time/time.h>
#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/core.h>

#include "ground/base/problems.h"

namespace scaler {

struct Schedule::Zone {
  absl::TimeZone zone;
};

namespace {

constexpr absl::CivilMinute kEpoch(1970, 1, 1);

LocalMinutes local_of(absl::CivilMinute minute) {
  return LocalMinutes(std::chrono::minutes(minute - kEpoch));
}

/// The latest local minute that has begun at `at`: within an hour that clocks show twice, its first
/// showing has passed as a whole when the second begins.
LocalMinutes begun(const absl::TimeZone& zone, absl::Time at) {
  const absl::CivilSecond civil = zone.At(at).cs;
  const absl::TimeZone::TimeInfo info = zone.At(civil);
  const bool again = info.kind == absl::TimeZone::TimeInfo::REPEATED && at >= info.trans;
  return local_of(absl::CivilMinute(again ? zone.At(info.trans - absl::Seconds(1)).cs : civil));
}

/// A local minute that the clocks skip is the moment after the gap; one that they show twice is the
/// first of the two.
Instant instant_of(const absl::TimeZone& zone, LocalMinutes local) {
  const absl::TimeZone::TimeInfo info =
      zone.At(absl::CivilSecond(kEpoch + local.time_since_epoch().count()));
  const absl::Time time = info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre;
  return Instant(Duration(absl::ToUnixMillis(time)));
}

/// A name of the IANA database and nothing else that the loader would take: no path, and not the
/// zone of the machine.
Result<absl::TimeZone> load_zone(const std::string& name) {
  const auto allowed = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '+' || c == '-' || c == '/';
  };
  absl::TimeZone zone;
  const bool plain = !name.empty() && name.front() != '/' && name != "localtime" &&
                     std::ranges::all_of(name, allowed);
  if (!plain || !absl::LoadTimeZone(name, &zone)) {
    return fail(ErrorKind::Malformed,
                fmt::format("is '{}', which is no time zone that this machine knows: IANA's name, "
                            "such as Europe/Berlin or UTC",
                            shortened(name)));
  }
  return zone;
}

}  // namespace

Schedule::Schedule(const Cron& cron, Duration duration, std::shared_ptr<const Zone> zone)
    : cron_(cron), duration_(duration), zone_(std::move(zone)) {}

Result<Schedule> Schedule::create(const ScheduleOptions& options, const std::string& path) {
  Problems problems;
  const Result<Cron> cron = Cron::parse(options.cron);
  if (!cron) {
    problems.add(
        fmt::format("{}.cron is '{}': {}", path, shortened(options.cron), cron.error().message));
  }
  if (options.duration < std::chrono::minutes(1) || options.duration > kDurationLimit) {
    problems.add(fmt::format("{}.duration is {}, but must be from 1 min to {}", path,
                             format_duration(options.duration), format_duration(kDurationLimit)));
  }
  const Result<absl::TimeZone> zone = load_zone(options.time_zone);
  if (!zone) {
    problems.add(fmt::format("{}.time_zone {}", path, zone.error().message));
  }
  TRY(problems.result());
  return Schedule(*cron, options.duration, std::make_shared<const Zone>(*zone));
}

std::optional<Schedule::Window> Schedule::in_force(Instant at) const {
  const absl::TimeZone& zone = zone_->zone;
  const LocalMinutes until = begun(zone, absl::FromUnixMillis(at.time_since_epoch().count()));
  // One day more than it lasts: clocks move, and a zone may skip a whole day.
  const auto within = std::chrono::ceil<std::chrono::days>(duration_) + std::chrono::days(1);
  const std::optional<LocalMinutes> start = cron_.latest(until, within);
  if (!start) {
    return std::nullopt;
  }
  const Instant since = instant_of(zone, *start);
  return at - since < duration_ ? std::optional(Window{since, since + duration_}) : std::nullopt;
}

}  // namespace scaler
