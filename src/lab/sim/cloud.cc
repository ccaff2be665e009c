#include "lab/sim/cloud.h"

#include <utility>

#include <fmt/core.h>

namespace scaler::sim {
namespace {

/// How long a call waits before it gives up.
constexpr Duration kTimeOut = std::chrono::seconds(5);

}  // namespace

void SimulatedCloud::begin_invocation() {
  in_invocation_ = true;
  killed_ = false;
  told_.reset();
  described_.reset();
}

bool SimulatedCloud::wait_until(Instant instant, const std::stop_token& stop) {
  engine_->advance(instant - engine_->skew());
  return !stop.stop_requested();
}

SimulatedCloud::Fortune SimulatedCloud::call(std::string_view what) {
  const Error gone{.kind = ErrorKind::Unavailable, .message = "the invocation is over"};
  if (killed_) {
    return {.before = gone};
  }
  ++engine_->actions().calls;
  const auto latency = draw(engine_->scenario().triggers.call_latency, engine_->chance_of_calls());
  engine_->advance(engine_->now() + latency);
  if (in_invocation_ && meanwhile_ && engine_->strikes(Fault::Overlap)) {
    const auto told = told_;
    const auto described = described_;
    std::exchange(meanwhile_, {})();
    killed_ = false;
    told_ = told;
    described_ = described;
  }
  if (in_invocation_ && engine_->strikes(Fault::KilledHalfWay)) {
    killed_ = true;
    // With or without the effect of this very call.
    return engine_->chance_of_calls().uniform() < 0.5 ? Fortune{.before = gone}
                                                      : Fortune{.after = gone};
  }
  if (engine_->strikes(Fault::Throttled)) {
    return {.before = Error{ErrorKind::Throttled, fmt::format("{}: Rate exceeded", what)}};
  }
  if (engine_->strikes(Fault::ServerError)) {
    return {.before = Error{ErrorKind::Unavailable, fmt::format("{}: HTTP 500", what)}};
  }
  if (engine_->strikes(Fault::TimedOut)) {
    engine_->advance(engine_->now() + kTimeOut);
    return {.before = Error{ErrorKind::Unavailable, fmt::format("{}: no answer in 5 s", what)}};
  }
  if (engine_->strikes(Fault::Raised)) {
    engine_->raise();
  }
  if (engine_->strikes(Fault::ResponseLost)) {
    return {.after = Error{ErrorKind::Unavailable, fmt::format("{}: connection reset", what)}};
  }
  return {.late = engine_->lateness()};
}

std::vector<Look> SimulatedCloud::look(std::span<const LookRequest> requests, Patience /*patience*/,
                                       Deadline /*deadline*/) {
  std::vector<Look> looks;
  looks.reserve(requests.size());
  for (const LookRequest& request : requests) {
    looks.push_back(look_at_one(request));
  }
  return looks;
}

// SQS and ECS are asked in the same moment. Either may answer much later than the other; then the
// other's answer is as old by the time the look is complete.
Look SimulatedCloud::look_at_one(const LookRequest& request) {
  Look look{.asked = steady()};
  if (!request.queue_urls.empty()) {
    told_.reset();
  }
  const bool known = engine_->world().find_service(request.service.cluster,
                                                   request.service.service) == &engine_->service();
  const auto describe = [&] {
    look.service =
        known ? read_service() : fail(ErrorKind::NotFound, "no service " + request.service.service);
  };
  const Duration late = engine_->lateness();
  const bool queue_late = late > Duration(0) && engine_->chance_of_calls().uniform() < 0.5;
  const Instant asked = engine_->now();
  if (queue_late) {
    describe();
    engine_->advance(engine_->now() + late);
  }
  for (const std::string& url : request.queue_urls) {
    look.queues.push_back(read_queue(url));
  }
  if (!queue_late) {
    engine_->advance(engine_->now() + late);
    describe();
  }
  if (told_) {
    told_->asked = asked;
  }
  described_ = look.service ? std::optional(look.service->service.desired) : std::nullopt;
  if (request.protection && look.service) {
    read_protection(*look.service);
  }
  return look;
}

/// As the AWS client has it: all count as protected when ECS cannot tell.
void SimulatedCloud::read_protection(ServiceReading& reading) {
  const Result<void> told = perform("GetTaskProtection", [] {});
  reading.service.protected_tasks =
      told ? engine_->service().protected_tasks() : reading.service.desired;
  if (!told) {
    reading.protection_error = told.error();
  }
}

Result<QueueDepth> SimulatedCloud::read_queue(const std::string& name) {
  TRY(perform("GetQueueAttributes", [] {}));
  if (name != Engine::kQueue || engine_->queue() == nullptr) {
    return fail(ErrorKind::NotFound, "GetQueueAttributes: no queue " + name);
  }
  told_ = engine_->told_depth();
  return told_->depth;
}

// Asked together with the queue: it takes no time of its own.
Result<ServiceReading> SimulatedCloud::read_service() {
  if (killed_) {
    return fail(ErrorKind::Unavailable, "the invocation is over");
  }
  ++engine_->actions().calls;
  if (engine_->strikes(Fault::Throttled)) {
    return fail(ErrorKind::Throttled, "DescribeServices: Rate exceeded");
  }
  if (engine_->strikes(Fault::ServerError)) {
    return fail(ErrorKind::Unavailable, "DescribeServices: HTTP 500");
  }
  if (engine_->denied()) {
    return fail(ErrorKind::Denied, "DescribeServices: AccessDeniedException");
  }
  const world::Service& service = engine_->service();
  const bool deploying = service.deployments().size() > 1;
  ServiceReading reading{.service = {.desired = service.desired(),
                                     .running = service.running(),
                                     .pending = service.pending(),
                                     .status = service.status(),
                                     .scheduling = service.definition().scheduling,
                                     .deploying = deploying},
                         .arn = Engine::kService};
  if (engine_->group() != nullptr) {
    reading.runs_on = {.providers = {Engine::kGroup}, .task_definitions = {Engine::kService}};
  }
  if (deploying) {
    reading.service.deploying_since = service.deployments().front().created_at;
  }
  if (const auto tag = service.tags().find(Engine::kStateTag); tag != service.tags().end()) {
    reading.saved_state = tag->second;
  }
  return reading;
}

Result<void> SimulatedCloud::perform(std::string_view what, const std::function<void()>& effect) {
  Fortune fortune = call(what);
  if (fortune.before) {
    return std::unexpected(*std::move(fortune.before));
  }
  effect();
  engine_->advance(engine_->now() + fortune.late);
  return fortune.after ? Result<void>(std::unexpected(*std::move(fortune.after))) : Result<void>();
}

std::vector<Result<void>> SimulatedCloud::set_desired(std::span<const DesiredCount> changes,
                                                      Deadline /*deadline*/) {
  std::vector<Result<void>> results;
  for (const DesiredCount& change : changes) {
    results.push_back(set_one(change));
  }
  return results;
}

Result<void> SimulatedCloud::set_one(const DesiredCount& change) {
  if (change.leave_by < steady()) {
    return fail(ErrorKind::Overdue, "UpdateService: not sent");
  }
  const std::int64_t before = engine_->service().desired();
  if (change.desired > before && engine_->strikes(Fault::RefusedStep)) {
    accepted_max_ = engine_->chance_of_calls().between(before, change.desired);
    refuses_until_ = engine_->now() + std::chrono::minutes(20);
  }
  if (change.desired > accepted_max_ && change.desired > before &&
      engine_->now() < refuses_until_) {
    TRY(perform("UpdateService", [] {}));
    return fail(ErrorKind::TooMany, "UpdateService: InvalidParameterException: quota");
  }
  const Engine::Request request{
      .desired = change.desired, .told = told_, .from = described_, .left = engine_->now()};
  return perform("UpdateService", [&] { engine_->scale(request); });
}

std::vector<Result<void>> SimulatedCloud::save(std::span<const SavedState> states,
                                               Deadline /*deadline*/) {
  std::vector<Result<void>> results;
  for (const SavedState& state : states) {
    results.push_back(
        perform("TagResource", [&] { engine_->service().tags()[Engine::kStateTag] = state.text; }));
  }
  return results;
}

}  // namespace scaler::sim
