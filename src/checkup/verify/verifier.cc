#include "checkup/verify/verifier.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "checkup/verify/trigger_checks.h"
#include "checkup/verify/verification.h"

namespace scaler::verify {

std::string_view to_string(Check check) {
  constexpr std::array<std::string_view, kAllChecks.size()> kNames{"basic",  "several",  "load",
                                                                   "errors", "triggers", "timings"};
  return kNames.at(static_cast<std::size_t>(check));
}

VerifyReport verify(Target& target, const ScalerUnderTest& deployment, const VerifyOptions& options,
                    Clock& clock, const std::stop_token& stop) {
  std::vector<Check> checks;
  for (const Check check : kAllChecks) {
    if (std::ranges::find(options.checks, check) != options.checks.end()) {
      checks.push_back(check);
    }
  }
  return Verification(target, deployment, options, clock, stop).report(checks);
}

Verification::Verification(Target& target, ScalerUnderTest deployment, VerifyOptions options,
                           Clock& clock, const std::stop_token& stop)
    : target_(&target),
      deployment_(std::move(deployment)),
      options_(std::move(options)),
      watch_(target, clock, options_.watch, stop) {
  watch_.on_look(options_.progress.looked);
}

VerifyReport Verification::report(const std::vector<Check>& checks) {
  report_ = {.deployment = deployment_, .started = watch_.now()};
  check_started_ = watch_.now();
  std::string obstacle = not_at_rest();
  if (!obstacle.empty()) {
    add("at rest", obstacle, "");
  }
  for (const Check check : checks) {
    check_started_ = watch_.now();
    if (obstacle.empty() && watch_.ended()) {
      obstacle = watch_.why_ended();
    }
    if (!obstacle.empty()) {
      skip(std::string(to_string(check)), obstacle);
      continue;
    }
    const std::int64_t failed = report_.count(Verdict::Failed);
    run(check);
    if (report_.count(Verdict::Failed) > failed) {
      const Result<Sight> sight = target_->look();
      const bool rests = sight && sight->asleep() && sight->drained();
      obstacle = rests ? "" : "not at rest after the check that failed";
    }
  }
  report_.took = watch_.now() - report_.started;
  return std::move(report_);
}

void Verification::run(Check check) {
  switch (check) {
    case Check::Basic:
      return basic();
    case Check::Several:
      return several();
    case Check::Load:
      return load();
    case Check::Errors:
      return errors();
    case Check::Triggers:
      return TriggerChecks(*this).run();
    case Check::Timings:
      return timings();
  }
}

std::string Verification::not_at_rest() {
  const auto at_rest = [](const Sight& sight) { return sight.asleep() && sight.drained(); };
  const Result<Sight> sight = watch_.look();
  if (!sight) {
    return sight.error().message;
  }
  if (sight->paused_until && *sight->paused_until > watch_.now()) {
    return fmt::format("it is paused until {}: `ecs-scaler resume` ends that",
                       format_instant(*sight->paused_until));
  }
  if (at_rest(*sight)) {
    return "";
  }
  if (options_.wait_for_rest) {
    const Result<Sight> rest = watch_.until(at_rest, "the service did not come to rest");
    return rest ? "" : rest.error().message;
  }
  return fmt::format(
      "it starts only when the queue is empty and the service at zero ({}); --wait-for-rest waits "
      "for that",
      describe(*sight));
}

void Verification::add(std::string name, const std::string& failure, const std::string& success,
                       std::vector<Measurement> measurements) {
  CheckResult result{.name = std::move(name),
                     .verdict = failure.empty() ? Verdict::Passed : Verdict::Failed,
                     .sentence = failure.empty() ? success : failure,
                     .took = watch_.now() - check_started_,
                     .measurements = std::move(measurements)};
  check_started_ = watch_.now();
  if (options_.progress.checked) {
    options_.progress.checked(result);
  }
  report_.checks.push_back(std::move(result));
}

void Verification::skip(std::string name, std::string why) {
  CheckResult result{
      .name = std::move(name), .verdict = Verdict::Skipped, .sentence = std::move(why)};
  if (options_.progress.checked) {
    options_.progress.checked(result);
  }
  report_.checks.push_back(std::move(result));
}

}  // namespace scaler::verify
