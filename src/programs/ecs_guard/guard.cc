#include "programs/ecs_guard/guard.h"

#include <csignal>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <utility>

#include "edge/identity/workstation.h"
#include "guard/child/child.h"
#include "guard/front/credential_keeper.h"

namespace scaler::guard {
namespace {

constexpr int kNotFound = 127;   ///< exit codes of a shell, for a command that is not there
constexpr int kCannotRun = 126;  ///< and for one that is, but cannot be run
constexpr Duration kFirstCredentials = std::chrono::seconds(10);
/// Each long poll of the worker keeps one busy, and a delete must not wait for it.
constexpr std::size_t kConnections = 1024;
/// Ten messages of 1 MiB, of which each character may take six, as in &quot;.
constexpr std::size_t kAnswerMax = 64U << 20U;
/// The agent's answers have some 300 bytes.
constexpr std::size_t kAgentAnswerMax = 64U << 10U;
/// A worker may be silent between two calls for as long as SQS leaves it a message: its connection
/// tells which of them it is done with (--renew, --until-next-receive).
constexpr net::ServerLimits kLimits{.idle = std::chrono::hours(12)};

/// What credentials are fetched with: all of it is theirs alone, as a fetch may outlive the run.
struct CredentialPlace {
  CredentialPlace(const Environment& variables, const aws::ClientSettings& settings,
                  const Log& lines)
      : environment(variables),
        log(lines),
        transport({.ca_bundle = settings.ca_bundle, .proxies = settings.proxies}),
        provider(
            identity::workstation_sources(
                {.environment = environment, .transport = transport, .clock = system_clock()}, log),
            system_clock(), log) {}

  Environment environment;
  Log log;
  aws::HttpTransport transport;
  aws::CredentialProvider provider;
};

std::shared_ptr<aws::CredentialProvider> credential_provider(const Environment& environment,
                                                             const aws::ClientSettings& settings,
                                                             const Log& log) {
  const auto place = std::make_shared<CredentialPlace>(environment, settings, log);
  return {place, &place->provider};
}

/// All of one run. The order of the members is that of their lives.
class Run {
 public:
  Run(GuardPlan plan, Environment environment, aws::ClientSettings settings,
      aws::IgnoredEndpoints ignored, const Log& log)
      : plan_(std::move(plan)),
        environment_(std::move(environment)),
        log_(log),
        http_(loop_, {.ca_bundle = settings.ca_bundle,
                      .connections_per_origin = kConnections,
                      .body_max = kAnswerMax,
                      .proxies = settings.proxies}),
        agent_http_(loop_, {.body_max = kAgentAnswerMax}),
        credentials_(loop_, credential_provider(environment_, settings, log_), log_),
        kind_by_(settings.kind_by),
        ignored_(std::move(ignored)),
        forwarder_(std::move(settings), loop_, http_, credentials_, system_clock()),
        queues_(forwarder_, plan_.queues, system_clock(), log_) {}

  Result<int> run(const std::optional<net::Origin>& endpoint) {
    plan_.front.door.endpoint = endpoint;
    signals_.watch(loop_, [this](int number) { on_signal(number); });
    credentials_.start(after(kFirstCredentials), [this](const Result<void>& found) {
      begun_ = found.has_value() ? begin() : begin_unguarded(found.error());
      if (!begun_.has_value()) {
        stop_.request_stop();
      }
    });
    loop_.run(stop_.get_token());
    TRY(std::move(begun_));
    return exit_code_;
  }

 private:
  Result<void> begin() {
    TRY(open_agent());
    TRY(listen());
    warn_of_endpoint_kind();
    warn_of_ignored_endpoints();
    if (!plan_.command.empty()) {
      start_child(workers_environment());
    }
    return {};
  }

  Result<void> open_agent() {
    const std::optional<std::string> uri = variable(environment_, "ECS_AGENT_URI");
    if (uri) {
      agent_ = TRY(Agent::create(agent_http_, *uri, system_clock(),
                                 [this] { return forwarder_.aws_now(); }));
    } else {
      log_.write(LogLevel::Warn,
                 "ECS_AGENT_URI is not set: this is no ECS task, and nothing can be protected; "
                 "messages are handed over as they come");
    }
    plan_.front.rules.agent = uri.has_value();
    return {};
  }

  Result<void> listen() {
    server_ = TRY(net::HttpServer::listen(
        loop_, plan_.front.door.port,
        [this](net::ServerRequest request, net::Respond respond) {
          front_->handle(std::move(request), std::move(respond));
        },
        kLimits));
    plan_.front.door.port = server_->port();
    front_.emplace(plan_.front,
                   FrontSurroundings{.loop = loop_,
                                     .forwarder = forwarder_,
                                     .agent = agent_ ? &*agent_ : nullptr,
                                     .queues = queues_,
                                     .clock = system_clock(),
                                     .log = log_,
                                     .terminate_child = [this] { signal_child(SIGTERM); },
                                     .finish = [this](bool failed) { finish(failed); }});
    log_.write(LogLevel::Info, "guarding", {{"endpoint", plan_.front.door.origin()}});
    return {};
  }

  /// Where it cannot be run, the exit code is the one that a shell would give.
  void start_child(const Environment& environment) {
    Result<Child> child = Child::start(plan_.command, environment);
    if (!child.has_value()) {
      log_.write(LogLevel::Fatal, child.error().message);
      exit_code_ = child.error().kind == ErrorKind::NotFound ? kNotFound : kCannotRun;
      stop_.request_stop();
      return;
    }
    child_ = std::move(*child);
    for (const int number : std::exchange(early_signals_, {})) {
      signal_child(number);
    }
  }

  /// The guard itself goes to SQS by that kind of endpoint. Whether the worker can be told of the
  /// guard then, and what its other services need, only its people know.
  void warn_of_endpoint_kind() const {
    if (!kind_by_.empty() && !plan_.command.empty()) {
      log_.write(LogLevel::Warn,
                 kind_by_ +
                     " is true: SDKs such as those for Go and JavaScript refuse that together with "
                     "an endpoint, as the guard's is one. For a worker with one of them see 'FIPS "
                     "and dual-stack' in docs/guard.md");
    }
  }

  Environment workers_environment() const {
    return guarded_environment(
        environment_, plan_.front.door,
        ignored_.by.empty() ? ConfiguredEndpoints::Heeded : ConfiguredEndpoints::Ignored);
  }

  /// An SDK ignores the guard's endpoint with all others, or none.
  void warn_of_ignored_endpoints() const {
    if (!ignored_.by.empty() && ignored_.in_profile && !plan_.command.empty()) {
      log_.write(LogLevel::Warn,
                 ignored_.by +
                     " is true, and the profile has endpoints: the worker's SDK ignores them no "
                     "more, since it would ignore the guard, too. See 'Ignored endpoints' in "
                     "docs/guard.md");
    }
  }

  /// Nothing can be signed here, so the worker goes to SQS by itself, as it would without a guard.
  Result<void> begin_unguarded(const Error& why) {
    const std::string text =
        "the worker is not guarded: there are no credentials to call SQS with: " + why.message;
    if (plan_.command.empty()) {
      return fail(ErrorKind::Unauthorized, text);
    }
    warn_each_minute(text);
    start_child(environment_);
    return {};
  }

  void warn_each_minute(const std::string& text) {
    log_.write(LogLevel::Warn, text);
    loop_.run_after(std::chrono::minutes(1), [this, text] { warn_each_minute(text); });
  }

  void on_signal(int number) {
    if (number == SIGCHLD) {
      take_in_children();
    } else if (number != SIGTERM && number != SIGINT) {
      signal_child(number);
    } else if (front_) {
      front_->terminate();
    } else if (child_) {
      signal_child(SIGTERM);
    } else {
      end_before_the_worker(number);
    }
  }

  /// There are no credentials yet. Who is told to end begins nothing: a worker that was started
  /// after that had less time to end than it was told, and ECS killed it.
  void end_before_the_worker(int number) {
    if (!plan_.command.empty()) {
      log_.write(LogLevel::Info, "told to end before there were credentials: nothing was started");
      exit_code_ = 128 + number;
    }
    stop_.request_stop();
  }

  void take_in_children() {
    if (!child_) {
      return;
    }
    exit_code_ = child_->reap().value_or(exit_code_);
    if (child_->pid() != 0) {
      return;
    }
    if (front_) {
      front_->child_ended(child_->left_others());
    } else {
      stop_.request_stop();
    }
  }

  void signal_child(int number) {
    if (child_) {
      child_->signal(number);
    } else {
      early_signals_.insert(number);
    }
  }

  void finish(bool failed) {
    exit_code_ = failed ? 1 : exit_code_;
    stop_.request_stop();
  }

  GuardPlan plan_;
  Environment environment_;
  Log log_;
  net::EventLoop loop_;
  Signals signals_;
  net::HttpCaller http_;
  net::HttpCaller agent_http_;
  CredentialKeeper credentials_;
  std::string kind_by_;  ///< who demands FIPS or dual-stack endpoints; empty: nobody
  aws::IgnoredEndpoints ignored_;
  Forwarder forwarder_;
  QueueBook queues_;
  std::optional<Agent> agent_ = {};
  std::optional<Front> front_ = {};
  std::unique_ptr<net::HttpServer> server_ = {};
  std::optional<Child> child_ = {};
  std::set<int> early_signals_ = {};  ///< for the child, which is not there yet
  Result<void> begun_ = {};
  std::stop_source stop_;
  int exit_code_ = 0;
};

}  // namespace

Result<int> run_guard(GuardPlan plan, Environment environment, const Log& log) {
  aws::ClientSettings settings = TRY(aws::read_settings(environment));
  aws::IgnoredEndpoints ignored = TRY(aws::ignored_endpoints(environment));
  const auto& configured = settings.configured.at(static_cast<std::size_t>(aws::AwsService::Sqs));
  const std::optional<net::Origin> endpoint =
      configured ? std::optional(configured->endpoint.origin) : std::nullopt;
  Run run(std::move(plan), std::move(environment), std::move(settings), std::move(ignored), log);
  return run.run(endpoint);
}

int check_health(const HealthPlan& plan, const Log& log) {
  net::HttpClient client;
  const auto response =
      client.send({.origin = {.scheme = "http", .host = "127.0.0.1", .port = plan.port},
                   .target = "/guard/health"},
                  after(std::chrono::seconds(2)));
  if (response.has_value() && response->status == 200) {
    return 0;
  }
  log.write(LogLevel::Error, response.has_value() ? "status " + std::to_string(response->status)
                                                  : response.error().message);
  return 1;
}

}  // namespace scaler::guard
