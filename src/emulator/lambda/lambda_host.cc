#include "emulator/lambda/lambda_host.h"

#include <algorithm>
#include <array>
#include <unistd.h>
#include <utility>

#include "emulator/lambda/lambda_ids.h"
#include "emulator/lambda/lambda_request.h"
#include "emulator/lambda/runtime_api.h"

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

Environment function_environment(const FunctionSurroundings& deployment) {
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
      seeds_(world.random().next()),
      versions_(seeds_.next()),
      tick_(loop) {
  const FunctionSettings& settings = options_.function;
  FunctionHooks hooks = {.log_line = options_.log_line,
                         .finished = [this](const InvocationReport& report) { finished(report); },
                         .fault = options_.fault};
  if (!hooks.log_line) {
    hooks.log_line = [this](std::string_view line) {
      log_.write(LogLevel::Info, "function output", {{"line", line}});
    };
  }
  function_ = std::make_unique<LambdaFunction>(loop_, settings, std::move(hooks), seeds_.next());
  if (!options_.job_queue.empty()) {
    add_mapping(options_.job_queue, function_arn(settings), options_.mapping);
  }
  for (const std::string& queue : options_.own_queues) {
    add_mapping(queue, function_arn(settings), options_.mapping);
  }
  if (options_.schedule > Duration(0)) {
    schedule_ = std::make_unique<ScheduleRule>(
        world_, ScheduleIdentity{.region = settings.region, .account = settings.account},
        options_.schedule,
        // No retries, as the default deployment configures it: the next event comes soon.
        [this](std::string event) { function_->invoke_later(std::move(event), 0); }, seeds_.next());
  }
}

LambdaHost::~LambdaHost() = default;

EventSourceMapping& LambdaHost::add_mapping(const std::string& queue, std::string function_arn,
                                            const MappingSettings& settings) {
  const FunctionSettings& function = options_.function;
  return *mappings_.emplace_back(std::make_unique<EventSourceMapping>(
      world_,
      MappingIdentity{
          .uuid = make_uuid(seeds_),
          .queue = queue,
          .queue_arn = "arn:aws:sqs:" + function.region + ":" + function.account + ":" + queue,
          .function_arn = std::move(function_arn),
          .region = function.region},
      settings, options_.mapping_toggle,
      [this](const std::string& arn, std::string payload, const OnResult& on_result) {
        invoke_by_arn(arn, std::move(payload), on_result);
      }));
}

Result<EventSourceMapping*> LambdaHost::create_mapping(const NewMapping& wanted) {
  const FunctionSettings& function = options_.function;
  const std::string queues = "arn:aws:sqs:" + function.region + ":" + function.account + ":";
  const std::string name =
      wanted.queue_arn.substr(std::min(queues.size(), wanted.queue_arn.size()));
  if (!wanted.queue_arn.starts_with(queues) || world_.find_queue(name) == nullptr) {
    return fail(ErrorKind::Malformed,
                "Error occurred while ReceiveMessage. SQS Error Code: "
                "AWS.SimpleQueueService.NonExistentQueue. The specified queue does not exist: " +
                    wanted.queue_arn);
  }
  TRY(check_visibility(world_, name, function.timeout));
  EventSourceMapping& mapping = add_mapping(name, wanted.function_arn, wanted.settings);
  mapping.start(wanted.enabled);
  return &mapping;
}

/// An alias may be gone since the mapping was made for it.
void LambdaHost::invoke_by_arn(const std::string& arn, std::string payload,
                               const OnResult& on_result) {
  const auto qualifier = qualifier_in(arn, options_.function);
  const auto invoked = versions_.resolve(qualifier.value_or(""));
  if (!invoked) {
    return on_result(
        {.outcome = InvocationOutcome::FunctionError,
         .payload = error_payload("ResourceNotFoundException", "Function not found: " + arn)});
  }
  function_->invoke(std::move(payload), on_result, *invoked);
}

const EventSourceMapping* LambdaHost::mapping() const {
  const auto found = std::ranges::find_if(mappings_, [this](const auto& mapping) {
    return mapping->identity().queue == options_.job_queue;
  });
  return found == mappings_.end() ? nullptr : found->get();
}

bool LambdaHost::is_of(const Caller& caller) const {
  const FunctionSettings& settings = function_->settings();
  return caller.account == settings.account && caller.region == settings.region;
}

void LambdaHost::handle(const net::ServerRequest& request, const net::Respond& respond) {
  answer_lambda(
      {.function = *function_,
       .versions = versions_,
       .mappings = mappings_,
       .create_mapping = [this](const NewMapping& wanted) { return create_mapping(wanted); },
       .created_at = created_at_},
      request, respond);
}

void LambdaHost::invoke(std::string payload, OnResult on_result) {
  function_->invoke(std::move(payload), std::move(on_result));
}

void LambdaHost::crash() {
  function_->crash();
}

void LambdaHost::shutdown() {
  tick_.cancel();
  function_->shutdown();
}

void LambdaHost::tick_later() {
  tick_.start(kTick, [this] {
    tick_later();
    tick();
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
  std::erase_if(mappings_, [](const auto& mapping) { return mapping->gone(); });
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
