#include "emulator/front/emulator.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "emulator/front/aws_front.h"
#include "emulator/front/emulator_names.h"
#include "emulator/front/group_wishes.h"
#include "emulator/front/pages.h"
#include "emulator/front/state_file.h"
#include "emulator/front/status.h"
#include "emulator/request/world_clock.h"
#include "emulator/tasks/task_host.h"
#include "ground/base/file.h"
#include "ground/json/writer.h"
#include "ground/net/address.h"
#include "ground/net/http_server.h"
#include "ground/net/timer.h"

namespace scaler::emulator {
namespace {

constexpr Duration kSavePause = std::chrono::seconds(1);
/// What workers get at most to end when the emulator ends.
constexpr Duration kShutdownMax = std::chrono::seconds(5);
/// The scaler's own queues as the templates have them: what nobody took for so long is stale, and a
/// failed invocation gets one more try. A tick waits for up to 59 s and comes back after its
/// visibility timeout.
struct OwnQueue {
  Duration visibility = {};
  Duration retention = {};
};
constexpr OwnQueue kTicks{.visibility = std::chrono::seconds(60),
                          .retention = std::chrono::seconds(150)};
constexpr OwnQueue kDoorbell{.visibility = std::chrono::seconds(180),
                             .retention = std::chrono::seconds(300)};

}  // namespace

class Emulator::Impl {
 public:
  Impl(net::EventLoop& loop, EmulatorOptions options, const Log& log)
      : loop_(loop),
        options_(std::move(options)),
        log_(log),
        random_(options_.seed),
        clock_(*options_.clock),
        world_(callbacks(), clock_.now(), random_),
        wake_(loop),
        save_(loop) {}

  Result<void> start() {
    TRY(check_names(options_));
    if (!options_.state_dir.empty()) {
      state_folder_ = TRY(take_state_folder(options_.state_dir));
    }
    TRY(listen());
    open_services();
    TRY(load());
    TRY(furnish());
    if (!options_.state_dir.empty()) {
      TRY(save());
      save_later();
    }
    return {};
  }

  std::string endpoint() const {
    return "http://" + net::host_header({.scheme = "http",
                                         .host = net::is_loopback(options_.host) ? options_.host
                                                                                 : net::kLoopback,
                                         .port = server_->port()});
  }
  std::string queue_url(const std::string& name) const {
    return name.empty() ? "" : sqs_->queue_url(name);
  }
  const std::string& job_queue() const { return options_.queue; }
  int port() const { return server_->port(); }

  std::string status() const {
    const world::Service* const service = world_.find_service(options_.cluster, options_.service);
    const bool has_processes = service != nullptr && service->definition().behaviour.processes;
    return write_status({.world = world_,
                         .queue = world_.find_queue(options_.queue),
                         .service = service,
                         .processed_before = processed_before_,
                         .emulated_workers = emulated_workers() && !has_processes,
                         .calls = front_->calls(),
                         .lambda = lambda_.get()});
  }

  std::vector<ServiceNow> services() const {
    return services_now(world_, {.cluster = options_.cluster, .service = options_.service},
                        options_.queue);
  }

  Result<void> shutdown() {
    if (tasks_) {
      tasks_->shutdown(std::min(options_.stop_timeout, kShutdownMax));
    }
    if (lambda_ != nullptr) {
      lambda_->shutdown();
    }
    front_->release_hanging();
    return options_.state_dir.empty() ? Result<void>() : save();
  }

 private:
  /// In any case on loopback, too: SDKs take the credentials of a container from nowhere else.
  Result<void> listen() {
    const net::Handler handler = [this](net::ServerRequest request, const net::Respond& respond) {
      handle(std::move(request), respond);
    };
    server_ = TRY(net::HttpServer::listen(loop_, options_.port, handler, {}, options_.host));
    if (!net::is_loopback(options_.host) && !net::is_every_address(options_.host)) {
      local_server_ = TRY(net::HttpServer::listen(loop_, server_->port(), handler));
    }
    return {};
  }

  world::World::Options callbacks() {
    return {.on_task_running = [this](const world::Service&,
                                      const world::Task& task) { tasks_->start(task); },
            .on_task_stopping = [this](const world::Service&,
                                       const world::Task& task) { tasks_->stop(task); }};
  }

  void open_services() {
    sqs_.emplace(world_, endpoint(), options_.region);
    ecs_.emplace(world_, options_.region, behaviour(), workers());
    others_.emplace(world_, options_.region, options_.metrics_delay, own_types(options_.group),
                    options_.instance_times);
    front_.emplace(loop_, world_, *sqs_, *ecs_, *others_, *options_.clock, options_.seed + 1);
    agent_.emplace(world_, endpoint(), options_.region,
                   [this](std::string_view operation, std::string_view key) {
                     return front_->faults().strike(operation, key);
                   });
    host_tasks();
  }

  /// What is there at the start.
  Result<void> furnish() {
    make_queues();
    TRY(make_services());
    return start_lambda();
  }

  /// Ends all that points into the world, then the world. Calls that wait end without an answer.
  Result<void> reset(const ResetWish& wish) {
    tasks_.reset();
    lambda_.reset();
    world_.clear();
    random_ = Random(options_.seed);
    processed_before_ = 0;
    wakes_at_ = world::kNever;
    open_services();
    return wish.empty ? Result<void>() : furnish();
  }

  void host_tasks() {
    tasks_.emplace(loop_, world_, *agent_,
                   TaskHostOptions{.command = options_.worker,
                                   .directory = options_.worker_dir,
                                   .stop_timeout = options_.stop_timeout,
                                   .processes_max = options_.processes_max,
                                   .surroundings = options_.worker_environment,
                                   .advance = [this] { advance(); }},
                   log_);
  }

  Workers workers() const {
    if (options_.no_workers) {
      return Workers::Nobody;
    }
    return options_.worker.empty() ? Workers::Emulated : Workers::Command;
  }
  bool emulated_workers() const { return workers() == Workers::Emulated; }

  world::ServiceBehaviour behaviour() const {
    return {.task_start = options_.task_start,
            .task_stop = options_.task_stop,
            .work_time = options_.work_time,
            .workers_protect = options_.workers_protect,
            .processes = workers() == Workers::Command,
            .zones = kZones};
  }

  void make_job_queue(const std::string& name) {
    const std::string dead_letters = dead_letter_name(name);
    if (world_.find_queue(dead_letters) == nullptr) {
      world::QueueSettings kept_long = settings_of_name(dead_letters);
      kept_long.retention = std::chrono::days(14);
      world_.create_queue(dead_letters, std::move(kept_long));
    }
    world::Queue* queue = world_.find_queue(name);
    if (queue == nullptr) {
      queue = &world_.create_queue(name, settings_of_name(name));
    }
    // A queue that was brought back takes over the options of this start.
    world::QueueSettings settings = queue->settings();
    settings.visibility_timeout = options_.visibility_timeout;
    settings.count_lag = options_.count_lag;
    settings.redrive = world::Redrive{.dead_letter_queue = dead_letters,
                                      .max_receive_count = options_.max_receive_count};
    queue->change_settings(std::move(settings), world_.now());
  }

  void make_queues() {
    make_job_queue(options_.queue);
    for (const FurtherService& further : options_.further_services) {
      make_job_queue(further.queue);
    }
    for (const std::string& name : own_queues()) {
      if (world_.find_queue(name) == nullptr) {
        const OwnQueue& own = name == options_.tick_queue ? kTicks : kDoorbell;
        world_.create_queue(
            name, {.visibility_timeout = std::max(own.visibility, options_.lambda_timeout),
                   .retention = own.retention});
      }
    }
  }

  std::vector<std::string> own_queues() const {
    std::vector<std::string> names{options_.tick_queue, options_.doorbell_queue};
    std::erase(names, "");
    return names;
  }

  Result<void> make_services() {
    world_.create_cluster(options_.cluster);
    if (!options_.group.instance_type.empty()) {
      TRY(make_group(options_, others_->groups(), *ecs_));
    }
    make_service({.name = options_.service, .queue = options_.queue});
    for (const FurtherService& further : options_.further_services) {
      make_service(further);
    }
    return {};
  }

  void make_service(const FurtherService& wanted) {
    const world::TaskDefinition& definition = world_.register_task_definition(
        "worker", own_task_definition(queue_url(wanted.queue), options_.group));
    world::ServiceBehaviour worker = behaviour();
    worker.job_queue = emulated_workers() ? wanted.queue : "";
    world::ServiceDefinition service{
        .name = wanted.name,
        .cluster = options_.cluster,
        .task_definition = fmt::format("{}:{}", definition.family, definition.revision),
        .behaviour = std::move(worker)};
    if (!options_.group.instance_type.empty()) {
      place_on_group(service, definition);
    }
    world_.create_service(std::move(service)).tags() = wanted.tags;
  }

  Result<void> start_lambda() {
    if (options_.lambda_path.empty()) {
      return {};
    }
    if (settings_of_name(options_.queue).fifo) {
      // A message that a wake hands back would hold up its group: the scaler refuses to.
      options_.lambda_environment.try_emplace("WAKE", "false");
    }
    const auto wake = options_.lambda_environment.find("WAKE");
    const bool wakes = wake == options_.lambda_environment.end() || wake->second == "true";
    LambdaOptions lambda{.job_queue = wakes ? options_.queue : "",
                         .own_queues = own_queues(),
                         .mapping_toggle = options_.mapping_toggle,
                         .schedule = options_.schedule,
                         .advance = [this] { advance(); },
                         .log_line = options_.lambda_log_line,
                         .fault = [this] { return front_->faults().strike(kInvocation, ""); }};
    // The function runs in a folder of its own.
    lambda.function.bootstrap = std::filesystem::absolute(options_.lambda_path).string();
    lambda.function.region = options_.region;
    lambda.function.account = kAccount;
    lambda.function.timeout = options_.lambda_timeout;
    lambda.function.environment =
        function_environment({.endpoint = endpoint(),
                              .queue_url = queue_url(options_.queue),
                              .cluster = options_.cluster,
                              .service = options_.service,
                              .tick_queue_url = queue_url(options_.tick_queue),
                              .doorbell_queue_url = queue_url(options_.doorbell_queue),
                              .overrides = options_.lambda_environment});
    lambda_ = TRY(LambdaHost::create(loop_, world_, std::move(lambda), log_));
    front_->set_lambda(lambda_.get());
    return {};
  }

  void handle(net::ServerRequest request, const net::Respond& respond) {
    advance();
    if (OwnPages::handles(request.target)) {
      respond(own_pages().answer(request));
    } else if (options_.page && options_.page(request, respond)) {
      // Answered: no task of the agent's has a name that the page's paths have.
    } else if (TaskAgent::handles(request.target)) {
      const AgentReply reply = agent_->handle(request);
      loop_.run_after(reply.later, [respond, response = reply.response] { respond(response); });
    } else {
      front_->handle(std::move(request), respond);
    }
    sqs_->serve_waiting();
    wake_for_next();
  }

  OwnPages own_pages() {
    return {.world = world_,
            .front = *front_,
            .status = [this] { return status(); },
            .reset = [this](const ResetWish& wish) { return reset(wish); }};
  }

  /// Brings the world to the present.
  void advance() {
    const Instant now = clock_.now();
    for (QueueSampler& sampler = others_->sampler(); sampler.next() <= now; sampler.sample()) {
      world_.advance(sampler.next());
    }
    world_.advance(now);
    sqs_->serve_waiting();
    wake_for_next();
  }

  /// Sees to it that advance() runs when the world next changes by itself.
  void wake_for_next() {
    const Instant next =
        std::min({world_.next_event(), sqs_->next_deadline(), others_->sampler().next()});
    if (wakes_at_ <= next) {
      return;
    }
    wakes_at_ = next;
    const Duration delay = std::max(Duration(0), next - clock_.now());
    wake_.start(delay, [this] {
      wakes_at_ = world::kNever;
      advance();
    });
  }

  std::string state_path() const { return options_.state_dir + "/queues.json"; }

  Result<void> load() {
    if (options_.state_dir.empty()) {
      return {};
    }
    const Result<std::string> text = read_file(state_path());
    if (!text && text.error().kind == ErrorKind::NotFound) {
      return {};
    }
    if (!text) {
      return fail(text.error(), "the saved queues cannot be read");
    }
    const Result<std::int64_t> processed = read_state(*text, world_);
    if (!processed) {
      return fail(processed.error(),
                  fmt::format("{} is corrupt; move it away to start empty", state_path()));
    }
    processed_before_ = *processed;
    return {};
  }

  std::int64_t processed() const {
    const world::Service* const service = world_.find_service(options_.cluster, options_.service);
    return processed_before_ + (service == nullptr ? 0 : service->totals().processed);
  }

  Result<void> save() {
    const std::uint64_t revision = queues_revision(world_);
    if (saved_revision_ == revision) {
      return {};
    }
    TRY(replace_file(state_path(), write_state(world_, processed())));
    saved_revision_ = revision;
    return {};
  }

  /// A full disk is no reason to stop: it is logged once, and so is its end.
  void save_and_log() {
    const Result<void> saved = save();
    if (!saved && !save_failed_) {
      log_.write(LogLevel::Error, "the queues could not be saved",
                 {{.name = "reason", .value = std::string_view(saved.error().message)}});
    } else if (saved && save_failed_) {
      log_.write(LogLevel::Info, "the queues are saved again");
    }
    save_failed_ = !saved;
  }

  void save_later() {
    save_.start(kSavePause, [this] {
      save_and_log();
      save_later();
    });
  }

  net::EventLoop& loop_;
  EmulatorOptions options_;
  const Log& log_;
  Random random_;
  WorldClock clock_;
  world::World world_;
  std::optional<FileLock> state_folder_ = {};
  std::optional<SqsApi> sqs_ = {};
  std::optional<EcsPlaces> ecs_ = {};
  std::optional<OtherServices> others_ = {};
  std::optional<AwsFront> front_ = {};
  std::optional<TaskAgent> agent_ = {};
  std::optional<TaskHost> tasks_ = {};
  std::unique_ptr<LambdaHost> lambda_ = {};
  std::unique_ptr<net::HttpServer> server_ = {};
  std::unique_ptr<net::HttpServer> local_server_ = {};  ///< where `server_` is not on loopback
  Instant wakes_at_ = world::kNever;
  std::optional<std::uint64_t> saved_revision_ = {};
  bool save_failed_ = false;
  std::int64_t processed_before_ = 0;
  net::Timer wake_;
  net::Timer save_;
};

Result<std::unique_ptr<Emulator>> Emulator::create(net::EventLoop& loop, EmulatorOptions options,
                                                   const Log& log) {
  auto impl = std::make_unique<Impl>(loop, std::move(options), log);
  TRY(impl->start());
  return std::unique_ptr<Emulator>(new Emulator(std::move(impl)));
}

Emulator::Emulator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Emulator::~Emulator() = default;

std::string Emulator::endpoint() const {
  return impl_->endpoint();
}
std::string Emulator::queue_url() const {
  return impl_->queue_url(impl_->job_queue());
}
std::string Emulator::queue_url(const std::string& name) const {
  return impl_->queue_url(name);
}
int Emulator::port() const {
  return impl_->port();
}
std::string Emulator::status() const {
  return impl_->status();
}
std::vector<ServiceNow> Emulator::services() const {
  return impl_->services();
}
Result<void> Emulator::shutdown() {
  return impl_->shutdown();
}

}  // namespace scaler::emulator
