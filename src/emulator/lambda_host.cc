#include "emulator/lambda_host.h"

#include <algorithm>
#include <array>
#include <unistd.h>
#include <utility>

#include "emulator/lambda_api.h"
#include "emulator/lambda_ids.h"

namespace scaler::emulator {
namespace {

/// How often mapping and schedule look; a message is with the function within it.
constexpr Duration kTick = std::chrono::milliseconds(50);
constexpr std::size_t kEnvironmentMax = 4096;

/// Names that Lambda keeps for itself.
/// Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
constexpr auto kReserved = std::to_array<std::string_view>(
    {"AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV",
     "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION",
     "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
     "AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
     "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "TZ", "_HANDLER"});

Result<void> check_environment(const Environment& environment) {
  std::size_t size = 0;
  for (const auto& [name, value] : environment) {
    if (std::ranges::find(kReserved, name) != kReserved.end()) {
      return fail(ErrorKind::Malformed,
                  "the function's environment: " + name + " is reserved by Lambda");
    }
    size += name.size() + value.size();
  }
  if (size > kEnvironmentMax) {
    return fail(ErrorKind::Malformed, "the function's environment: " + std::to_string(size) +
                                          " bytes, more than Lambda's 4096");
  }
  return {};
}

Result<void> check_function(const FunctionSettings& settings) {
  if (settings.timeout < std::chrono::milliseconds(1) ||
      settings.timeout > std::chrono::seconds(900)) {
    return fail(ErrorKind::Malformed, "the function's timeout is not from 1 ms to 900 s");
  }
  if (settings.memory_mb < 128 || settings.memory_mb > 10'240) {
    return fail(ErrorKind::Malformed, "the function's memory is not from 128 to 10240 MB");
  }
  if (settings.concurrency_max < 0) {
    return fail(ErrorKind::Malformed, "the function's reserved concurrency is negative");
  }
  if (::access(settings.bootstrap.c_str(), X_OK) != 0) {
    return fail(ErrorKind::Malformed,
                "the function's bootstrap is no executable file: " + settings.bootstrap);
  }
  return check_environment(settings.environment);
}

/// Lambda refuses the mapping otherwise: messages would come back while the function has them.
Result<void> check_visibility(const world::World& world, const std::string& name,
                              Duration function_timeout) {
  const world::Queue* queue = world.find_queue(name);
  if (queue != nullptr && function_timeout > queue->settings().visibility_timeout) {
    return fail(ErrorKind::Malformed, "the mapping of " + name + ": the function's timeout of " +
                                          format_duration(function_timeout) +
                                          " is longer than the queue's visibility timeout of " +
                                          format_duration(queue->settings().visibility_timeout));
  }
  return {};
}

std::string_view outcome_name(InvocationOutcome outcome) {
  return outcome == InvocationOutcome::Ok ? "ok" : "failed";
}

}  // namespace

Environment function_environment(const Deployment& deployment) {
  Environment environment = {{"AWS_ENDPOINT_URL", deployment.endpoint},
                             {"ECS_CLUSTER_NAME", deployment.cluster},
                             {"ECS_SERVICE_NAME", deployment.service},
                             {"SQS_QUEUE_URL", deployment.queue_url},
                             {"TICK_QUEUE_URL", deployment.tick_queue_url},
                             {"DOORBELL_QUEUE_URL", deployment.doorbell_queue_url},
                             {"WAKE", "true"}};
  for (const auto& [name, value] : deployment.overrides) {
    environment.insert_or_assign(name, value);
  }
  std::erase_if(environment, [](const auto& variable) { return variable.second.empty(); });
  return environment;
}

Result<std::unique_ptr<LambdaHost>> LambdaHost::create(net::EventLoop& loop, world::World& world,
                                                       LambdaOptions options, const Log& log) {
  TRY(check_function(options.function));
  if (const auto checked = check_mapping(options.mapping); !checked) {
    return fail(ErrorKind::Malformed, "the mapping: " + checked.error().message);
  }
  TRY(check_visibility(world, options.job_queue, options.function.timeout));
  for (const std::string& queue : options.own_queues) {
    TRY(check_visibility(world, queue, options.function.timeout));
  }
  auto host = std::unique_ptr<LambdaHost>(new LambdaHost(loop, world, std::move(options), log));
  host->tick_later();
  return host;
}

LambdaHost::LambdaHost(net::EventLoop& loop, world::World& world, LambdaOptions options,
                       const Log& log)
    : loop_(loop),
      world_(world),
      options_(std::move(options)),
      log_(log),
      created_at_(world.now()),
      self_(std::make_shared<LambdaHost*>(this)) {
  Random seeds(world_.random().next());
  const FunctionSettings& settings = options_.function;
  FunctionHooks hooks = {.log_line = options_.log_line,
                         .finished = [this](const InvocationReport& report) { finished(report); },
                         .fault = options_.fault};
  if (!hooks.log_line) {
    hooks.log_line = [this](std::string_view line) {
      log_.write(LogLevel::Info, "function output", {{"line", line}});
    };
  }
  function_ = std::make_unique<LambdaFunction>(loop_, settings, std::move(hooks), seeds.next());
  if (!options_.job_queue.empty()) {
    add_mapping(options_.job_queue, seeds);
  }
  for (const std::string& queue : options_.own_queues) {
    add_mapping(queue, seeds);
  }
  if (options_.schedule > Duration(0)) {
    schedule_ = std::make_unique<Schedule>(
        world_, ScheduleIdentity{.region = settings.region, .account = settings.account},
        options_.schedule,
        // No retries, as the default deployment configures it: the next event comes soon.
        [this](std::string event) { function_->invoke_later(std::move(event), 0); }, seeds.next());
  }
}

LambdaHost::~LambdaHost() = default;

void LambdaHost::add_mapping(const std::string& queue, Random& seeds) {
  const FunctionSettings& settings = options_.function;
  mappings_.push_back(std::make_unique<EventSourceMapping>(
      world_,
      MappingIdentity{
          .uuid = make_uuid(seeds),
          .queue = queue,
          .queue_arn = "arn:aws:sqs:" + settings.region + ":" + settings.account + ":" + queue,
          .function_arn = function_arn(settings),
          .region = settings.region},
      options_.mapping, options_.mapping_toggle, [this](std::string payload, OnResult on_result) {
        function_->invoke(std::move(payload), std::move(on_result));
      }));
}

const EventSourceMapping* LambdaHost::mapping() const {
  return options_.job_queue.empty() ? nullptr : mappings_.front().get();
}

void LambdaHost::handle(const net::ServerRequest& request, const net::Respond& respond) {
  answer_lambda({.function = *function_, .mappings = mappings_, .created_at = created_at_}, request,
                respond);
}

void LambdaHost::invoke(std::string payload, OnResult on_result) {
  function_->invoke(std::move(payload), std::move(on_result));
}

void LambdaHost::shutdown() {
  stopped_ = true;
  function_->shutdown();
}

void LambdaHost::tick_later() {
  loop_.run_after(kTick, [weak = std::weak_ptr(self_)] {
    const auto self = weak.lock();
    if (self && !(*self)->stopped_) {
      (*self)->tick();
      (*self)->tick_later();
    }
  });
}

void LambdaHost::tick() {
  if (options_.advance) {
    options_.advance();
  } else {
    world_.advance(system_clock().now());
  }
  for (const auto& mapping : mappings_) {
    mapping->tick();
  }
  if (schedule_) {
    schedule_->tick();
  }
}

void LambdaHost::finished(const InvocationReport& report) {
  world_.record(world::EventKind::Other, options_.function.name,
                "invocation " + std::string(outcome_name(report.outcome)) + " after " +
                    format_duration(report.duration) + (report.cold_start ? ", cold start" : ""));
  const bool ok = report.outcome == InvocationOutcome::Ok;
  log_.write(ok ? LogLevel::Debug : LogLevel::Warn, "invocation",
             {{"request_id", report.request_id},
              {"outcome", outcome_name(report.outcome)},
              {"cold_start", report.cold_start},
              {"milliseconds", std::int64_t{report.duration.count()}},
              {"error", ok ? std::string_view() : report.payload}});
}

}  // namespace scaler::emulator
