// A large fleet under the real controller and client, with ECS's rates on, against an AWS on
// loopback that answers from memory after some milliseconds. Prints, as JSON, how far each
// service's looks are apart, what part of the documented rates is used, and how late the others are
// when some queues never answer.
//
//   fleet looks 10000 20        all idle; a call takes 5 to 20 ms
//   fleet looks 10000 100       a call takes 100 ms
//   fleet burst 1000            every queue gets a message at once; a newcomer one later
//   fleet hanging 1000 1        of the first passes, with so many queues that never answer
//   fleet woken 10000 500       at rest for a minute; then so many queues get a message at once

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <map>
#include <mutex>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

#include <fmt/core.h>

#include "edge/aws/session.h"
#include "ground/base/check.h"
#include "ground/base/log.h"
#include "ground/base/random.h"
#include "ground/json/value.h"
#include "ground/net/event_loop.h"
#include "ground/net/http_server.h"
#include "scaler/controller/controller.h"

namespace scaler::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

double seconds_since(Deadline begin) {
  return Seconds(SteadyClock::now() - begin).count();
}

/// One call that came, by the second after the start.
struct Call {
  double at = 0;
  std::string service = {};
};

/// An AWS of services "s0".."sN-1", each with the queue of its name.
class MemoryAws {
 public:
  MemoryAws(Duration least, Duration most) : least_(least), most_(most) {
    server_ = *net::HttpServer::listen(
        loop_, 0, [this](const net::ServerRequest& request, const net::Respond& respond) {
          take(request, respond);
        });
    thread_ = std::jthread([this](const std::stop_token& stop) { loop_.run(stop); });
  }

  std::string url() const { return fmt::format("http://127.0.0.1:{}", server_->port()); }

  void hang(int queues) { hanging_ = queues; }
  void fill(int first, int end) {
    const std::scoped_lock lock(mutex_);
    for (int i = first; i < end; ++i) {
      visible_[fmt::format("s{}", i)] = 1;
    }
  }
  std::vector<Call> calls(const std::string& operation) {
    const std::scoped_lock lock(mutex_);
    return calls_[operation];
  }
  void restart() {
    const std::scoped_lock lock(mutex_);
    calls_.clear();
    begin_ = SteadyClock::now();
  }

 private:
  static std::string text_of(const json::Value& object, std::string_view name) {
    const json::Value* found = object.find(name);
    const auto* text = found == nullptr ? nullptr : std::get_if<std::string>(&found->data());
    return text == nullptr ? "" : *text;
  }

  void take(const net::ServerRequest& request, const net::Respond& respond) {
    const std::string target(net::find_header(request.headers, "X-Amz-Target").value_or(""));
    const std::string operation = target.substr(target.find('.') + 1);
    const json::Value body = *json::parse(request.body);
    const std::scoped_lock lock(mutex_);
    std::string reply = answer(operation, body);
    if (reply.empty()) {
      kept_.push_back(respond);  // It never answers.
      return;
    }
    const Duration delay(random_.between(least_.count(), most_.count()));
    loop_.run_after(delay, [respond, reply = std::move(reply)] {
      respond({.status = 200,
               .headers = {{"Content-Type", "application/x-amz-json-1.1"}},
               .body = reply});
    });
  }

  std::string answer(const std::string& operation, const json::Value& body) {
    const double at = seconds_since(begin_);
    if (operation == "GetQueueAttributes") {
      const std::string url = text_of(body, "QueueUrl");
      const std::string name = url.substr(url.rfind('/') + 1);
      calls_[operation].push_back({at, name});
      int number = 0;
      std::from_chars(name.data() + 1, name.data() + name.size(), number);
      return number < hanging_
                 ? ""
                 : fmt::format(R"({{"Attributes":{{"ApproximateNumberOfMessages":"{}",)"
                               R"("ApproximateNumberOfMessagesNotVisible":"0",)"
                               R"("ApproximateNumberOfMessagesDelayed":"0"}}}})",
                               visible_[name]);
    }
    if (operation == "DescribeServices") {
      std::string services;
      for (const json::Value& one : std::get<json::Array>(body.find("services")->data())) {
        const std::string& name = std::get<std::string>(one.data());
        calls_[operation].push_back({at, name});
        services += (services.empty() ? "" : ",") + description(name);
      }
      ++describes_;
      calls_["describe"].push_back({at, ""});
      return R"({"failures":[],"services":[)" + services + "]}";
    }
    const std::string subject =
        operation == "UpdateService" ? text_of(body, "service") : text_of(body, "resourceArn");
    calls_[operation].push_back({at, subject});
    if (operation == "UpdateService") {
      desired_[subject] = std::get<std::int64_t>(body.find("desiredCount")->data());
    } else {
      tags_[subject] += 1;
    }
    return "{}";
  }

  std::string description(const std::string& name) {
    return fmt::format(
        R"({{"serviceArn":"arn:aws:ecs:us-east-1:1:service/c/{0}","status":"ACTIVE",)"
        R"("desiredCount":{1},"runningCount":{1},"pendingCount":0,"deployments":[]}})",
        name, desired_[name]);
  }

  Duration least_;
  Duration most_;
  net::EventLoop loop_;
  std::mutex mutex_;
  Random random_{1};
  Deadline begin_ = SteadyClock::now();
  std::map<std::string, std::int64_t> visible_ = {};
  std::map<std::string, std::int64_t> desired_ = {};
  std::map<std::string, int> tags_ = {};
  std::map<std::string, std::vector<Call>> calls_ = {};
  std::vector<net::Respond> kept_ = {};
  std::int64_t describes_ = 0;
  int hanging_ = 0;
  std::unique_ptr<net::HttpServer> server_;
  std::jthread thread_;
};

std::vector<ManagedService> fleet_of(int size, const std::string& url) {
  const Policy policy =
      *Policy::create({.mode = Mode::Backlog, .backlog_per_task = 1, .tasks_max = 10});
  std::vector<ManagedService> fleet;
  for (int i = 0; i < size; ++i) {
    const std::string name = fmt::format("s{}", i);
    fleet.push_back({.id = {.cluster = "c", .service = name},
                     .queues = {{.url = url + "/1/" + name}},
                     .policy = policy});
  }
  return fleet;
}

double processor_of_this_thread() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

/// The controller at its beat, for some time, on a thread of its own.
class Run {
 public:
  Run(MemoryAws& aws, int services, Duration interval)
      : log_(STDERR_FILENO, LogLevel::Fatal, system_clock()),
        session_(*aws::Session::create({{"AWS_ACCESS_KEY_ID", "key"},
                                        {"AWS_SECRET_ACCESS_KEY", "secret"},
                                        {"AWS_REGION", "us-east-1"},
                                        {"AWS_ENDPOINT_URL", aws.url()}},
                                       system_clock(), {}, log_)),
        invoker_(fleet_of(services, aws.url()),
                 {.look_every = interval, .patience = Patience::AllButSlow},
                 {.reader = session_->cloud(),
                  .scaler = session_->cloud(),
                  .states = &session_->cloud(),
                  .clock = system_clock()}),
        thread_([this, interval](const std::stop_token& stop) {
          run_controller(invoker_, system_clock(), {.interval = interval},
                         {.on_effect =
                              [this](const Effect& effect) {
                                const std::scoped_lock lock(mutex_);
                                took_.push_back(Seconds(effect.took).count());
                                processor_ = processor_of_this_thread();
                              }},
                         stop);
        }) {}

  std::vector<double> passes() {
    const std::scoped_lock lock(mutex_);
    return took_;
  }
  /// Seconds of processor that all passes so far took.
  double processor() {
    const std::scoped_lock lock(mutex_);
    return processor_;
  }

 private:
  Log log_;
  std::unique_ptr<aws::Session> session_;
  Invoker invoker_;
  std::mutex mutex_;
  std::vector<double> took_ = {};
  double processor_ = 0;
  std::jthread thread_;
};

std::int64_t within(const std::vector<Call>& calls, double from, double to) {
  return std::ranges::count_if(calls,
                               [&](const Call& call) { return call.at >= from && call.at < to; });
}

/// The longest time that any service was not looked at, within the run.
double longest_unseen(const std::vector<Call>& looks, int services, double end) {
  std::map<std::string, double> last;
  double longest = 0;
  for (const Call& look : looks) {
    longest = std::max(longest, look.at - last[look.service]);
    last[look.service] = look.at;
  }
  for (const auto& [name, at] : last) {
    longest = std::max(longest, end - at);
  }
  return static_cast<int>(last.size()) < services ? end : longest;
}

void pass_time(double seconds) {
  Clock& clock = system_clock();
  clock.wait_until(clock.now() + std::chrono::round<Duration>(Seconds(seconds)), {});
}

constexpr double kDescribesPerSecond = 20;
constexpr double kDescribesBurst = 100;
constexpr double kUpdatesPerSecond = 5;
constexpr double kUpdatesBurst = 50;

void looks(int services, Duration least, Duration most) {
  MemoryAws aws(least, most);
  constexpr double kEnd = 75;
  aws.restart();
  Run run(aws, services, std::chrono::seconds(10));
  pass_time(kEnd);
  const auto describes = aws.calls("describe");
  const double from = 10;  // The burst of 100 is used up long before.
  const double rate =
      static_cast<double>(within(describes, from, from + 60)) / (60 * kDescribesPerSecond);
  const auto passes = run.passes();
  fmt::print(
      "{{\"services\":{},\"longest_unseen_seconds\":{:.1f},\"describe_rate_used\":{:.3f},"
      "\"longest_pass_seconds\":{:.1f}}}\n",
      services, longest_unseen(aws.calls("DescribeServices"), services, kEnd), rate,
      passes.empty() ? 0 : std::ranges::max(passes));
}

void burst(int services) {
  MemoryAws aws(Duration(5), Duration(20));
  aws.restart();
  Run run(aws, services + 1, std::chrono::seconds(10));
  pass_time(12);
  aws.restart();
  aws.fill(0, services);
  constexpr double kUntil = 100;
  pass_time(kUntil - 35);
  const std::string newcomer = fmt::format("s{}", services);
  const double filled = kUntil - 35;
  aws.fill(services, services + 1);
  pass_time(35);
  const auto updates = aws.calls("UpdateService");
  const auto tags = aws.calls("TagResource");
  double seen = kUntil;
  for (const Call& look : aws.calls("GetQueueAttributes")) {
    if (look.service == newcomer && look.at >= filled) {
      seen = std::min(seen, look.at - filled);
    }
  }
  const double first = updates.empty() ? 0 : updates.front().at;
  const double allowed = kUpdatesBurst + kUpdatesPerSecond * (kUntil - first);
  const auto passes = run.passes();
  fmt::print(
      "{{\"services\":{},\"updates\":{},\"update_rate_used\":{:.3f},\"tags_missing\":{},"
      "\"newcomer_seen_after_seconds\":{:.1f},\"longest_pass_seconds\":{:.1f}}}\n",
      services, updates.size(), static_cast<double>(updates.size()) / allowed,
      static_cast<std::int64_t>(updates.size()) - static_cast<std::int64_t>(tags.size()), seen,
      passes.empty() ? 0 : std::ranges::max(passes));
}

/// When each of the healthy services was scaled after a message came to all of them.
void hanging(int services, int queues) {
  MemoryAws aws(Duration(5), Duration(20));
  aws.hang(queues);
  Run run(aws, services, std::chrono::seconds(5));
  pass_time(21);              // Some passes, which learn who is slow.
  constexpr int kWoken = 40;  // Within the burst of UpdateService.
  std::vector<double> late;
  for (int round = 0; round < 1; ++round) {
    aws.restart();
    aws.fill(services - kWoken, services);
    pass_time(12);
    for (const Call& update : aws.calls("UpdateService")) {
      late.push_back(update.at);
    }
  }
  std::ranges::sort(late);
  const auto passes = run.passes();
  fmt::print(
      "{{\"services\":{},\"hanging\":{},\"scaled\":{},\"p50_seconds\":{:.2f},"
      "\"p99_seconds\":{:.2f},\"first_pass_seconds\":{:.2f},\"last_pass_seconds\":{:.2f}}}\n",
      services, queues, late.size(), late.empty() ? 0 : late[late.size() / 2],
      late.empty() ? 0 : late[late.size() * 99 / 100], passes.front(), passes.back());
}

/// At rest, what it costs; then how late those are whose queues get a message all at once, and how
/// long the passes take meanwhile, each of which reads all queues.
void woken(int services, int woken) {
  MemoryAws aws(Duration(5), Duration(20));
  constexpr auto kInterval = std::chrono::seconds(10);
  constexpr double kSettled = 90;
  constexpr double kRest = 60;
  aws.restart();
  Run run(aws, services, kInterval);
  pass_time(kSettled);
  const std::size_t passes_before = run.passes().size();
  const double processor_before = run.processor();
  aws.restart();
  pass_time(kRest);
  const auto passes = run.passes();
  const auto counted = static_cast<double>(passes.size() - passes_before);
  const double processor = (run.processor() - processor_before) / counted;
  const double describes = static_cast<double>(aws.calls("describe").size()) / kRest;
  const double reads = static_cast<double>(aws.calls("GetQueueAttributes").size()) / kRest;
  aws.restart();
  const int step = std::max(services / woken, 1);
  for (int i = 0; i < woken; ++i) {
    aws.fill(i * step, i * step + 1);
  }
  const double room = (woken - kUpdatesBurst) / kUpdatesPerSecond;
  pass_time(std::max(room, 0.0) + 3 * Seconds(kInterval).count());
  std::vector<double> late;
  for (const Call& update : aws.calls("UpdateService")) {
    late.push_back(update.at);
  }
  std::ranges::sort(late);
  auto meanwhile = run.passes();
  meanwhile.erase(meanwhile.begin(),
                  meanwhile.begin() + static_cast<std::ptrdiff_t>(passes.size()));
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto at = [&late](std::size_t percent) {
    return late.empty() ? 0 : late[std::min(late.size() - 1, late.size() * percent / 100)];
  };
  fmt::print(
      "{{\"services\":{},\"first_pass_seconds\":{:.1f},\"pass_seconds\":{:.2f},"
      "\"pass_processor_seconds\":{:.2f},\"queue_reads_a_second\":{:.0f},"
      "\"describe_rate_used\":{:.2f},\"woken\":{},\"scaled\":{},\"p50_seconds\":{:.1f},"
      "\"p99_seconds\":{:.1f},\"last_seconds\":{:.1f},\"update_rate_used\":{:.2f},"
      "\"longest_pass_seconds\":{:.1f},\"memory_mb\":{:.0f}}}\n",
      services, passes.front(), passes.back(), processor, reads, describes / kDescribesPerSecond,
      woken, late.size(), at(50), at(99), at(100),
      static_cast<double>(late.size()) / (kUpdatesBurst + kUpdatesPerSecond * at(100)),
      std::ranges::max(meanwhile), static_cast<double>(usage.ru_maxrss) / 1000);
}

int number(const char* text) {
  return std::max(1, std::atoi(text));  // NOLINT(cert-err34-c): a person's own argument.
}

}  // namespace

int run(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  const int services = argc > 2 ? number(argv[2]) : 1000;
  if (what == "looks") {
    const int most = argc > 3 ? number(argv[3]) : 20;
    looks(services, Duration(most > 20 ? most : 5), Duration(most));
  } else if (what == "burst") {
    burst(services);
  } else if (what == "hanging") {
    hanging(services, argc > 3 ? std::atoi(argv[3]) : 1);  // NOLINT(cert-err34-c)
  } else if (what == "woken") {
    woken(services, argc > 3 ? number(argv[3]) : 500);
  } else {
    std::fputs(
        "usage: fleet looks SERVICES MILLISECONDS | burst SERVICES | "
        "hanging SERVICES QUEUES | woken SERVICES WOKEN\n",
        stderr);
    return 2;
  }
  return 0;
}

}  // namespace scaler::bench

int main(int argc, char** argv) {
  return scaler::bench::run(argc, argv);
}
