#include <algorithm>
#include <cstdio>
#include <optional>
#include <stop_token>
#include <unistd.h>

#include <fmt/core.h>

#include "edge/wiring/wiring.h"
#include "ground/base/text.h"
#include "ground/net/http_client.h"
#include "ground/net/url.h"
#include "programs/ecs_scaler/commands/command.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/demo_report.h"
#include "programs/ecs_scaler/commands/emulator_thread.h"
#include "programs/ecs_scaler/signals.h"

namespace scaler::cli {
namespace {

using namespace std::chrono_literals;

struct DemoFlags {
  std::string lambda_path = {};  ///< default: `bootstrap` beside this program
  int messages = 60;
  bool page = false;  ///< serve the live page, also after the end, until stopped
};

constexpr Duration kLimit = 88s;
constexpr Duration kPoll = 100ms;
constexpr const char* kQueue = "jobs";
constexpr const char* kService = "workers";

/// Times are shortened so that two cycles fit in a minute and a half; everything else is as
/// deployed.
emulator::EmulatorOptions demo_options(const std::string& lambda_path) {
  return {.cluster = "demo",
          .service = kService,
          .queue = kQueue,
          .task_start = {.min = 2s, .max = 3s},
          .task_stop = {.min = 500ms, .max = 1s},
          .work_time = {.min = 1s, .max = 3s},
          .lambda_path = lambda_path,
          .lambda_environment = {{"MODE", "backlog"},
                                 {"BACKLOG_PER_TASK", "5"},
                                 {"TASKS_MAX", "10"},
                                 {"SCALE_DOWN_THRESHOLD", "0.1"},
                                 {"BUSY_WINDOW", "5"},  // These counts never lag.
                                 {"WAKE_RETURN_SECONDS", "2"}},
          .schedule = 2s,
          .mapping_toggle = 1s,
          .lambda_log_line = [](std::string_view) {}};
}

class Demo {
 public:
  Demo(const EmulatorThread& emulator, Wiring& wiring, DemoFlags flags, std::stop_token stop)
      : emulator_(emulator), wiring_(wiring), flags_(std::move(flags)), stop_(std::move(stop)) {}

  /// Two cycles: a third of the messages, sleep, the rest, sleep. True when all happened.
  Result<bool> run() {
    std::printf("             visible in-flight desired running  tasks\n");
    const int first = std::max(1, flags_.messages / 3);
    for (const int messages : {first, flags_.messages - first}) {
      TRY(until([](const DemoStatus& status) { return status.wake_enabled; }));
      TRY(send(messages));
      const bool slept = TRY(until([this](const DemoStatus& status) {
        return cycles_.back().complete() && status.drained() && status.asleep();
      }));
      if (!slept) {
        break;
      }
    }
    std::fputs(demo_table(cycles_, status_).c_str(), stdout);
    return succeeded();
  }

 private:
  bool succeeded() const {
    return cycles_.size() == 2 && cycles_.back().complete() && status_.lost == 0 &&
           status_.dead_lettered == 0 && status_.killed_while_working == 0 &&
           status_.processed == flags_.messages && status_.errors == 0;
  }

  Result<void> send(int messages) {
    std::vector<std::string> bodies;
    bodies.reserve(static_cast<std::size_t>(messages));
    for (int i = 0; i < messages; ++i) {
      bodies.push_back(fmt::format("{{\"job\":{}}}", i));
    }
    cycles_.push_back({.messages = messages, .sent = system_clock().now()});
    note_ = plural(messages, "message") + " sent";
    for (const Result<void>& sent :
         wiring_.send_messages(emulator_.queue_url(), bodies, after(5s))) {
      if (!sent) {
        return sent;
      }
    }
    return {};
  }

  /// Watches until the condition holds; false when the demo's time is over before, or it is
  /// stopped.
  template <typename Condition>
  Result<bool> until(Condition condition) {
    while (system_clock().now() - start_ < kLimit) {
      TRY(look());
      if (condition(status_)) {
        return true;
      }
      if (!system_clock().wait_until(system_clock().now() + kPoll, stop_)) {
        break;
      }
    }
    return false;
  }

  Result<void> look() {
    TRY(read_events());
    const DemoStatus before = status_;
    const std::string text = TRY(page("/_emulator/status"));
    const json::Value value = TRY(json::parse(text));
    status_ = TRY(read_demo_status(json::Reader(value), kQueue));
    const bool moved = status_.desired != before.desired || status_.running != before.running;
    const Duration since_start = system_clock().now() - start_;
    if (moved || !note_.empty() || since_start - printed_ >= 2s) {
      std::printf("%s\n", timeline_line(since_start, status_, std::exchange(note_, {})).c_str());
      std::fflush(stdout);
      printed_ = since_start;
    }
    return {};
  }

  Result<void> read_events() {
    const std::string text = TRY(page(fmt::format("/_emulator/events?after={}", last_event_)));
    const json::Value value = TRY(json::parse(text));
    const json::Reader root(value);
    const json::Reader list = TRY(root.field("events"));
    for (const json::Reader& event : TRY(list.items())) {
      const json::Reader kind_field = TRY(event.field("kind"));
      const json::Reader at_field = TRY(event.field("at"));
      const json::Reader detail_field = TRY(event.field("detail"));
      const std::string kind = TRY(kind_field.string());
      const Instant at = TRY(at_field.instant());
      note_event(kind, at, TRY(detail_field.string()));
    }
    const json::Reader last = TRY(root.field("last"));
    last_event_ = TRY(last.integer());
    return {};
  }

  void note_event(const std::string& kind, Instant at, const std::string& detail) {
    const auto first = [at](std::optional<Instant>& slot) { slot = slot.value_or(at); };
    if (kind == "desired_changed") {
      note_ += (note_.empty() ? "" : ", ") + ("UpdateService " + detail);
    }
    if (cycles_.empty()) {
      return;
    }
    DemoCycle& cycle = cycles_.back();
    if (kind == "desired_changed" && detail.ends_with("-> 0")) {
      first(cycle.asleep);
    } else if (kind == "desired_changed") {
      first(cycle.scaled_out);
    } else if (kind == "task_running") {
      first(cycle.task_running);
    } else if (kind == "queue_drained") {
      cycle.drained = at;
    }
  }

  Result<std::string> page(const std::string& target) {
    const net::Url url = TRY(net::parse_url(emulator_.endpoint()));
    net::HttpResponse response =
        TRY(http_.send({.origin = url.origin, .target = target}, after(5s)));
    return std::move(response.body);
  }

  const EmulatorThread& emulator_;
  Wiring& wiring_;
  DemoFlags flags_;
  std::stop_token stop_;
  net::HttpClient http_;
  Instant start_ = system_clock().now();
  Duration printed_ = Duration::zero();
  std::int64_t last_event_ = 0;
  DemoStatus status_ = {};
  std::vector<DemoCycle> cycles_ = {};
  std::string note_ = {};
};

/// What somebody looks at may stay for as long as they do.
void stay(const std::stop_token& stop) {
  std::printf("\nThe live page stays until Ctrl-C.\n");
  std::fflush(stdout);
  while (!stop.stop_requested()) {
    system_clock().wait_until(Instant::max(), stop);
  }
}

int demo(const DemoFlags& flags) {
  std::optional<StopOnSignal> stop;
  if (flags.page) {
    stop.emplace();
  }
  const Log log(STDERR_FILENO, LogLevel::Warn, system_clock());
  const std::string lambda_path =
      flags.lambda_path.empty() ? default_lambda_path() : flags.lambda_path;
  const auto emulator =
      EmulatorThread::start(demo_options(lambda_path), log, flags.page ? "demo" : "");
  if (!emulator) {
    return complain(kFailed, emulator.error().message);
  }
  const auto wiring =
      Wiring::create_on_workstation((*emulator)->client_environment(), system_clock(), log);
  if (!wiring) {
    return complain(kFailed, wiring.error().message);
  }
  std::printf(
      "An embedded AWS at %s runs %s:\n"
      "1 task per 5 messages, at most 10, to zero after 6 s without any.\n"
      "visible: messages that wait; in-flight: that a worker holds; desired: tasks that ECS is\n"
      "asked for; # a running task, . one that starts.\n\n",
      (*emulator)->endpoint().c_str(), lambda_path.c_str());
  if (stop) {
    std::printf("The live page: %s/\n\n", (*emulator)->endpoint().c_str());
  }
  const std::stop_token stopped = stop ? stop->token() : std::stop_token();
  const Result<bool> done = Demo(**emulator, **wiring, flags, stopped).run();
  if (!done) {
    return complain(kFailed, done.error().message);
  }
  if (stop && *done) {
    stay(stopped);
  }
  return *done ? kDone : complain(kFailed, "the demo did not end as it should: see the table");
}

}  // namespace

Command demo_command() {
  constexpr int kMessagesMax = 400;
  const auto flags = std::make_shared<DemoFlags>();
  return {.name = "demo",
          .sentence = "The main job on an embedded AWS: fill, wake, drain, sleep (under 90 s)",
          .options = {{"--lambda", "FILE", "bootstrap to host (default: beside this program)",
                       existing_file(flags->lambda_path)},
                      {"--messages", "N", "messages to send in two bursts (default 60)",
                       integer(flags->messages, 2, kMessagesMax)},
                      {"--page", "", "serve the live page, also after the end, until Ctrl-C",
                       flag(flags->page)}},
          .example = "ecs-scaler demo --messages 30",
          .run = [flags](const Environment&) { return demo(*flags); }};
}

}  // namespace scaler::cli
