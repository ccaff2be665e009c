#include "programs/ecs_scaler/commands/running_controller.h"

#include <random>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ground/base/text.h"
#include "ground/net/address.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/fleet_reload.h"
#include "programs/ecs_scaler/commands/lease_keeper.h"
#include "programs/ecs_scaler/commands/metrics_server.h"
#include "programs/ecs_scaler/commands/service_manager.h"
#include "programs/ecs_scaler/commands/token_file.h"
#include "scaler/controller/controller.h"
#include "scaler/controller/leased_ports.h"
#include "watch/pass_log.h"
#include "wire/record.h"

namespace scaler::cli {
namespace {

/// Healthy is who ends a pass now and then: three beats may be missed, and one pass may take all of
/// its time.
Duration healthy_for(const ControllerOptions& options) {
  return 3 * options.interval + options.pass_timeout;
}

void log_pass(const Effect& effect, PassLog& pace, const Log& log) {
  const std::vector<LogLevel> levels = pace.levels(effect.records, system_clock().now());
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const PassRecord& record = effect.records[i];
    if (!record.complaint.empty()) {
      log.write(LogLevel::Warn, record.complaint, {{"service", record.id.service}});
    }
    if (record.looked && log.enabled(levels[i])) {
      log.write(levels[i], "pass",
                {{"trigger", "controller"}, {"record", RawJson{record_json(record)}}});
    }
  }
}

void log_news(const Log& log, std::span<const SpecProblem> problems,
              std::span<const SpecProblem> notes) {
  for (const auto& [level, told] :
       {std::pair(LogLevel::Error, problems), std::pair(LogLevel::Info, notes)}) {
    for (const SpecProblem& problem : told) {
      log.write(level, problem.message, {{"service", std::string_view(problem.service)}});
    }
  }
}

void append_calls(std::vector<CallTimes>& all, const aws::CallStats& stats) {
  for (const auto& [key, histogram] : stats.histograms()) {
    all.push_back({.service = std::string(aws::signing_name(key.service)),
                   .operation = key.operation,
                   .result = key.failure ? lower_case(to_string(*key.failure)) : "ok",
                   .took = histogram});
  }
}

/// Of this process alone, and of some use to whoever reads the table.
std::string lease_name() {
  std::array<char, 256> host = {};
  ::gethostname(host.data(), host.size() - 1);
  std::random_device random;
  return fmt::format("{}-{}-{:08x}{:08x}", host.data(), ::getpid(), random(), random());
}

class RunningController {
 public:
  RunningController(std::unique_ptr<LiveFleet> fleet, FileWatch watch,
                    const Environment& environment, const RunSettings& settings)
      : fleet_(std::move(fleet)),
        environment_(environment),
        settings_(settings),
        options_{.interval = settings.interval},
        file_(watched_file(settings.choice)),
        reload_(file_, std::move(watch), system_clock(), fleet_->log),
        token_watch_(settings.token_file),
        manager_(environment) {}

  /// Errors: whatever keeps it from beginning.
  Result<void> begin() {
    TRY(serve());
    if (settings_.lease) {
      lease_ = std::make_unique<LeaseKeeper>(
          TRY(open_lease_store(environment_, *settings_.lease, system_clock(), fleet_->log)),
          lease_name(), system_clock(), fleet_->log);
    }
    return {};
  }

  void run(StopOnSignal& stop) {
    const Log& log = fleet_->log;
    log.write(LogLevel::Info, "controller started",
              {{"interval", format_duration(settings_.interval)},
               {"services", static_cast<std::int64_t>(fleet_->services.size())},
               {"metrics_port", server_ ? server_->port() : 0}});
    log_news(log, fleet_->news.problems, fleet_->news.notes);
    tell_source(fleet_->news.asked, fleet_->news.errors);
    manager_.ready();
    // The state lives in this process and in the services' tags, so that a restart forgets nothing.
    Wiring& wiring = *fleet_->wiring;
    const auto until = [this] { return lease_ ? lease_->writes_until() : Deadline::max(); };
    LeasedScaler scaler(wiring.scaler(), until);
    LeasedStates states(wiring.states(), until);
    LeasedInstances instances(wiring.instance_scaler(), until);
    Invoker invoker(std::move(fleet_->services),
                    {.look_every = settings_.interval, .patience = Patience::AllButSlow},
                    {.reader = wiring.reader(),
                     .scaler = scaler,
                     .states = &states,
                     .clock = system_clock(),
                     .instances = &wiring.instances(),
                     .instance_scaler = &instances,
                     .fleet = fleet_->source()});
    run_controller(invoker, system_clock(), options_,
                   {.on_effect = [this](const Effect& effect) { tell(effect); },
                    .between = [&] { return look_around(stop, invoker); },
                    .may_write = [this] { return !lease_ || lease_->may_write(); }},
                   stop.token());
    manager_.stopping();
    lease_.reset();  // After the last write: another controller may begin.
    log.write(LogLevel::Info, "controller stopped");
  }

 private:
  Result<void> serve() {
    if (!settings_.listen) {
      return {};
    }
    MetricsOptions options{.address = *settings_.listen,
                           .healthy_for = healthy_for(options_),
                           .build_info = build_info_text(settings_.version, settings_.commit),
                           .page = {.shows = "controller", .every = settings_.interval}};
    if (!settings_.token_file.empty()) {
      options.token = TRY(read_token(settings_.token_file));
    } else if (!net::is_loopback(settings_.listen->host)) {
      fleet_->log.write(LogLevel::Warn,
                        "whoever can reach the address that is listened on can read what this "
                        "controller tells; --listen-token-file asks for a token",
                        {{"address", settings_.listen->host}});
    }
    server_ = TRY(MetricsServer::listen(std::move(options), system_clock()));
    if (!file_.empty()) {
      server_->set(reload_.status());
    }
    server_->set(settings_problems(fleet_->news.problems));
    return {};
  }

  void tell(const Effect& effect) {
    log_pass(effect, pass_log_, fleet_->log);
    log_news(fleet_->log, effect.problems, effect.notes);
    tell_source(effect.fleet_asked, effect.source_errors);
    if (!server_) {
      return;
    }
    if (effect.fleet_asked) {
      server_->set(settings_problems(effect.problems));
    }
    std::vector<CallTimes> calls;
    append_calls(calls, fleet_->wiring->call_stats());
    if (lease_) {
      append_calls(calls, lease_->call_stats());
    }
    server_->add(effect.records, effect.took, std::move(calls));
  }

  /// Whether AWS could be asked for the services, and what it told was good.
  void tell_source(bool asked, const std::vector<std::string>& errors) {
    for (const std::string& error : errors) {
      fleet_->log.write(LogLevel::Error, error);
    }
    if (!asked || !file_.empty()) {
      return;  // Of a file that is read here its reload tells.
    }
    source_status_.success = errors.empty();
    source_status_.error = fmt::format("{}", fmt::join(errors, "; "));
    if (errors.empty()) {
      source_status_.last_success = system_clock().now();
    }
    if (server_) {
      server_->set(source_status_);
    }
  }

  /// Between two passes; whether the next is due at once.
  bool look_around(StopOnSignal& stop, Invoker& invoker) {
    manager_.alive();
    const bool asked = stop.take_hangup();
    const bool hurries = asked && file_.empty() && fleet_->source() != nullptr;
    if (hurries) {
      invoker.hurry_source();
    }
    const bool tried =
        reload_.look(asked && !hurries, invoker, [this] { return read_fleet_again(); });
    if (server_) {
      if (tried) {
        server_->set(reload_.status());
      }
      if (asked || token_watch_.changed(system_clock().steady())) {
        read_token_again();
      }
      if (lease_) {
        server_->set(lease_->status());
      }
    }
    return hurries || (lease_ && lease_->take_news());
  }

  Result<std::vector<ManagedService>> read_fleet_again() {
    ChosenFleet chosen = TRY(load_fleet(environment_, settings_.choice));
    TRY(check_fleet(adopted({}, chosen.scope.fixed), *fleet_->wiring));
    fleet_->tagged->become(std::move(chosen.scope));
    return adopted({}, fleet_->tagged->services());
  }

  void read_token_again() {
    if (settings_.token_file.empty() || token_watch_.is_stream()) {
      return;
    }
    token_watch_.know();
    Result<Secret> token = read_token(settings_.token_file);
    if (token) {
      server_->set(*std::move(token));
    } else {
      fleet_->log.write(LogLevel::Error, "token not read again; the former one still counts",
                        {{"error", token.error().message}});
    }
  }

  std::unique_ptr<LiveFleet> fleet_;
  const Environment& environment_;
  const RunSettings& settings_;
  ControllerOptions options_;
  std::string file_;  ///< that may change; empty: the services do not come from one here
  FleetReload reload_;
  ReloadStatus source_status_ = {};
  FileWatch token_watch_;
  ServiceManager manager_;
  PassLog pass_log_ = {};
  std::unique_ptr<MetricsServer> server_ = {};
  std::unique_ptr<LeaseKeeper> lease_ = {};
};

}  // namespace

int run_fleet(std::unique_ptr<LiveFleet> fleet, FileWatch watch, const Environment& environment,
              const RunSettings& settings, StopOnSignal& stop) {
  RunningController controller(std::move(fleet), std::move(watch), environment, settings);
  if (const Result<void> begun = controller.begin(); !begun) {
    return complain(begun.error().kind == ErrorKind::Malformed ? kConfiguration : kFailed,
                    begun.error().message);
  }
  controller.run(stop);
  return kDone;
}

}  // namespace scaler::cli
