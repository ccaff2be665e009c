// ecs-scaler: flags -> command -> exit code. The only place that exits.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "edge/config/environment.h"
#include "edge/wiring/process_environment.h"
#include "programs/ecs_scaler/commands/commands.h"
#include "programs/ecs_scaler/commands/study_options.h"
#include "programs/ecs_scaler/commands/verify.h"

namespace {

using namespace scaler;
using namespace scaler::cli;

/// "500ms", "5s", "2m" or plain seconds.
std::string read_duration(std::string& text) {
  using Unit = std::pair<std::string_view, double>;
  static constexpr std::array<Unit, 5> kUnits{
      {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};
  std::size_t end = 0;
  double number = -1;
  try {
    number = std::stod(text, &end);
  } catch (const std::exception&) {
    end = 0;
  }
  const auto* const unit =
      std::ranges::find(kUnits, std::string_view(text).substr(end), &Unit::first);
  const bool in_range = number >= 0 && number <= 1e9;
  if (end == 0 || unit == kUnits.end() || !in_range) {
    return fmt::format("'{}' is not a duration such as 500ms, 5s or 2m", text);
  }
  text = fmt::format("{:.0f}", number * unit->second);
  return {};
}

void add_duration(CLI::App& command, const std::string& flag, Duration& value,
                  const std::string& help) {
  command
      .add_option_function<std::int64_t>(
          flag, [&value](std::int64_t milliseconds) { value = Duration(milliseconds); },
          fmt::format("{} (default {})", help, format_duration(value)))
      ->transform(CLI::Validator(read_duration, "DURATION"))
      ->option_text("DURATION");
}

void add_config(CLI::App& command, std::string& file) {
  command
      .add_option("--config", file,
                  "fleet file, YAML or JSON (default: one service from the environment)")
      ->option_text("FILE");
}

/// "20s-40s", or one duration that is both ends.
std::string read_range(std::string& text) {
  const std::size_t dash = text.find('-');
  std::string min = text.substr(0, dash);
  std::string max = dash == std::string::npos ? min : text.substr(dash + 1);
  for (std::string* end : {&min, &max}) {
    if (const std::string problem = read_duration(*end); !problem.empty()) {
      return problem;
    }
  }
  if (std::stoll(min) > std::stoll(max)) {
    return fmt::format("'{}' ends before it begins", text);
  }
  text = fmt::format("{}-{}", min, max);
  return {};
}

void add_range(CLI::App& command, const std::string& flag, world::DurationRange& value,
               const std::string& help) {
  command
      .add_option_function<std::string>(
          flag,
          [&value](const std::string& text) {
            value = {.min = Duration(std::stoll(text)),
                     .max = Duration(std::stoll(text.substr(text.find('-') + 1)))};
          },
          fmt::format("{}, or a range of it (default {})", help, format_duration(value.min)))
      ->transform(CLI::Validator(read_range, "RANGE"))
      ->option_text("DURATION[-DURATION]");
}

void add_output(CLI::App& command, Output& output) {
  command.add_option("--output", output, "text (default) or json")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, Output>{{"text", Output::Text}, {"json", Output::Json}}))
      ->option_text("text|json");
}

std::string environment_footer() {
  std::string text = "Environment variables:\n";
  for (const VariableHelp& variable : environment_help()) {
    text += fmt::format("  {:<26}{}{}\n      {}\n", variable.name, variable.unit,
                        variable.default_value.empty() ? "" : ", default " + variable.default_value,
                        variable.sentence);
  }
  return text +
         "Queues and services are asked in the region of their URL or ARN, others in AWS_REGION.\n"
         "Endpoints and credentials come from the usual AWS_... variables and files.";
}

struct Flags {
  ConfigFlags config = {};
  OnceFlags once = {};
  ExplainFlags explain = {};
  RunFlags run = {};
  EmulateFlags emulate = {};
  SimulateFlags simulate = {};
  AdviseFlags advise = {};
  DemoFlags demo = {};
  IamFlags iam = {};
  VerifyFlags verify = {};
  DoctorFlags doctor = {};
};

void add_iam(CLI::App& app, IamFlags& flags) {
  CLI::App* command =
      app.add_subcommand("iam", "The least-privilege IAM policy of this configuration; no AWS");
  command->add_option("--account", flags.account, "account (default: the job queue's)");
  command->add_option("--region", flags.region, "region (default: AWS_REGION, else the queue's)");
  command->add_option("--function-name", flags.function_name,
                      "the Lambda function (default: AWS_LAMBDA_FUNCTION_NAME; none: run or once)");
  add_output(*command, flags.output);
  command->footer(environment_footer());
}

/// Where a deployed scaler is; VerifyFlags and DoctorFlags have these in common.
template <typename PlaceFlags>
void add_place(CLI::App& command, PlaceFlags& flags) {
  command.add_option("--function", flags.function,
                     "the scaler's function, name or ARN (else ECS_SCALER_FUNCTION); what is not "
                     "given below is read from its configuration");
  command.add_option("--queue-url", flags.queue_url, "the job queue (else SQS_QUEUE_URL)");
  command.add_option("--cluster", flags.cluster, "the cluster (else ECS_CLUSTER_NAME)");
  command.add_option("--service", flags.service, "the service (else ECS_SERVICE_NAME)");
}

void add_checks(CLI::App& command, std::vector<verify::Check>& checks) {
  std::map<std::string, verify::Check> names;
  for (const verify::Check check : verify::kAllChecks) {
    names.emplace(verify::to_string(check), check);
  }
  command
      .add_option("--check", checks,
                  "run these only, in their order: basic, several, load, errors, triggers, timings")
      ->delimiter(',')
      ->transform(CLI::CheckedTransformer(names))
      ->option_text("NAME,...");
}

void add_verify(CLI::App& app, VerifyFlags& flags) {
  CLI::App* command = app.add_subcommand(
      "verify", "End-to-end check of a deployed scaler: sends messages, watches, reports");
  verify::Options& options = flags.options;
  // First, so that the times given below it count.
  command->add_flag_callback(
      "--emulator", [&flags] { shorten_for_emulator(flags); },
      "on an embedded AWS that runs the real bootstrap, with short times");
  command->add_option("--lambda", flags.lambda_path, "with --emulator: the bootstrap to host")
      ->check(CLI::ExistingFile);
  add_place(*command, flags);
  add_checks(*command, options.checks);
  command->add_option("--messages", options.messages, "messages of the check several (default 5)")
      ->check(CLI::Range(1, 1000));
  add_duration(*command, "--load-time", options.load_time, "how long the check load sends");
  command->add_option("--load-rate", options.load_rate, "its messages a second (default 2)")
      ->check(CLI::Range(1, 100));
  add_duration(*command, "--scale-out-limit", options.scale_out_limit,
               "the check timings: first message to desired count");
  add_duration(*command, "--scale-in-limit", options.scale_in_limit,
               "the check timings: queue empty to desired count zero");
  add_duration(*command, "--patience", options.watch.patience,
               "after this, what has not happened has failed");
  add_duration(*command, "--total-limit", options.watch.total_limit, "the end of the whole run");
  add_duration(*command, "--poll", options.watch.poll, "time between two looks");
  add_duration(*command, "--settle", options.watch.settle,
               "for as long, SQS's counts may be wrong after messages were sent");
  command->add_option("--body", options.body, "what each test message says")->option_text("TEXT");
  command->add_flag("--wait-for-rest", options.wait_for_rest,
                    "wait until the queue is empty and the service at zero; else it refuses");
  command->add_flag("--interactive", flags.interactive, "ask what to do");
  command->add_option("--output", flags.format, "text (default), json or junit")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, ReportFormat>{{"text", ReportFormat::Text},
                                              {"json", ReportFormat::Json},
                                              {"junit", ReportFormat::JUnit}}))
      ->option_text("text|json|junit");
  command
      ->add_option("--report", flags.report_path,
                   "write the report there; standard output gets the text")
      ->option_text("FILE");
}

void add_doctor(CLI::App& app, DoctorFlags& flags) {
  CLI::App* command = app.add_subcommand(
      "doctor", "What is wrong or risky with queue, service, permissions, deployment; only reads");
  add_place(*command, flags);
  add_output(*command, flags.output);
}

void add_emulate(CLI::App& app, EmulateFlags& flags) {
  CLI::App* command = app.add_subcommand(
      "emulate", "Serve an embedded AWS (SQS, ECS, Lambda host, clock) on loopback until stopped");
  command->add_option("--port", flags.port, "port on 127.0.0.1; 0 lets the system choose (default)")
      ->check(CLI::Range(0, 65'535));
  command->add_option("--cluster", flags.cluster, "cluster to create")->required();
  command->add_option("--service", flags.service, "service to create, at zero tasks")->required();
  command->add_option("--queue", flags.queue, "job queue to create")->required();
  command
      ->add_option("--lambda", flags.lambda_path,
                   "host this bootstrap as the default deployment would")
      ->check(CLI::ExistingFile);
  command
      ->add_option("--env", flags.environment, "K=V for the function; may be given several times")
      ->check(CLI::Validator(
          [](const std::string& text) {
            return text.find('=') == std::string::npos || text.front() == '='
                       ? fmt::format("'{}' is not K=V", text)
                       : std::string();
          },
          "K=V"));
  add_range(*command, "--task-start", flags.task_start, "time from desired to running");
  add_range(*command, "--task-stop", flags.task_stop, "time a task takes to stop");
  add_range(*command, "--work-time", flags.work_time, "time a worker needs for a message");
  command->add_flag("--workers-protect", flags.workers_protect,
                    "workers protect their task from scale-in while they work");
  command->add_option("--tick-queue", flags.tick_queue,
                      "tick queue to create, with its mapping; the function sends ticks to it");
  command->add_option("--doorbell-queue", flags.doorbell_queue,
                      "doorbell queue to create, with its mapping");
  add_duration(*command, "--visibility-timeout", flags.visibility_timeout, "of the job queue");
  add_duration(*command, "--count-lag", flags.count_lag,
               "how old the job queue's counts are that GetQueueAttributes tells");
  command
      ->add_option("--max-receive-count", flags.max_receive_count,
                   "receives of a job before it goes to the dead-letter queue (default 5)")
      ->check(CLI::Range(1, 1000));
  add_duration(*command, "--function-timeout", flags.function_timeout,
               "time that the function has for an invocation");
  add_duration(*command, "--schedule", flags.schedule, "how often the clock invokes the function");
  add_duration(*command, "--mapping-toggle", flags.mapping_toggle,
               "time the event source mapping takes to be enabled or disabled");
  command->add_option("--state-dir", flags.state_dir, "keep the queues here across restarts");
}

void add_config_command(CLI::App& app, ConfigFlags& flags) {
  CLI::App* command =
      app.add_subcommand("config", "Check a fleet file or the environment, or print all settings");
  command->add_option("FILE", flags.config_file, "fleet file (default: the environment)");
  CLI::Option* markdown =
      command->add_flag("--markdown", flags.markdown, "print docs/configuration.md");
  command->add_flag("--schema", flags.schema, "print the fleet file's JSON Schema")
      ->excludes(markdown);
  command->footer(environment_footer());
}

/// "127.0.0.1:9464" -> "9464"
std::string read_listen_address(std::string& text) {
  const std::size_t colon = text.rfind(':');
  const std::string host = text.substr(0, colon);
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool number = !port.empty() && port.size() <= 5 &&
                      port.find_first_not_of("0123456789") == std::string::npos &&
                      std::stoi(port) <= 65'535;
  if ((host != "127.0.0.1" && host != "localhost") || !number) {
    return fmt::format("'{}' is not 127.0.0.1:PORT with a port from 0 to 65535", text);
  }
  text = port;
  return {};
}

void add_explain(CLI::App& app, ExplainFlags& flags) {
  CLI::App* command = app.add_subcommand(
      "explain", "What a pass would do now, rule by rule, and why; changes nothing");
  add_config(*command, flags.config_file);
  add_output(*command, flags.output);
  command->footer(environment_footer());
}

void add_run(CLI::App& app, RunFlags& flags) {
  CLI::App* command =
      app.add_subcommand("run", "The long-running controller: a pass every interval");
  add_config(*command, flags.config_file);
  add_duration(*command, "--interval", flags.interval, "time between passes");
  command
      ->add_option_function<int>(
          "--listen", [&flags](int port) { flags.listen = port; },
          "serve /metrics for Prometheus and /healthz there; loopback only, port 0 lets the "
          "system choose (default: not served)")
      ->transform(CLI::Validator(read_listen_address, "ADDRESS"))
      ->option_text("127.0.0.1:PORT");
  command->add_flag("--forget", flags.forget,
                    "remove the state tags of the services, say what they held, and exit");
  command->footer(environment_footer());
}

void add_commands(CLI::App& app, Flags& flags) {
  CLI::App* demo = app.add_subcommand(
      "demo", "The main job on an embedded AWS: fill, wake, drain, sleep (under 90 s)");
  demo->add_option("--lambda", flags.demo.lambda_path,
                   "bootstrap to host (default: beside this program)")
      ->check(CLI::ExistingFile);
  demo->add_option("--messages", flags.demo.messages, "messages to send in two bursts (default 60)")
      ->check(CLI::Range(2, 400));
  CLI::App* once = app.add_subcommand("once", "One pass, then exit");
  once->add_flag("--dry-run", flags.once.dry_run, "decide and explain, but change nothing");
  add_duration(*once, "--every", flags.once.every,
               "how far apart such passes are made: waits count looks, and looks that are farther "
               "apart than three times this (at least 3 min) end none");
  add_config(*once, flags.once.config_file);
  add_output(*once, flags.once.output);
  once->footer(environment_footer());
  add_explain(app, flags.explain);
  add_run(app, flags.run);
  app.add_subcommand("decide",
                     "{policy, state, observation} as JSON on stdin, decisions on stdout; no AWS");
  add_config_command(app, flags.config);
  add_emulate(app, flags.emulate);
  add_iam(app, flags.iam);
  add_simulate(app, flags.simulate);
  add_advise(app, flags.advise);
  add_verify(app, flags.verify);
  add_doctor(app, flags.doctor);
}

int dispatch(const CLI::App& app, const Flags& flags, const Environment& environment) {
  const std::string name = app.get_subcommands().front()->get_name();
  if (name == "demo") {
    return demo_command(flags.demo);
  }
  if (name == "once") {
    return once_command(environment, flags.once);
  }
  if (name == "explain") {
    return explain_command(environment, flags.explain);
  }
  if (name == "run") {
    return run_command(environment, flags.run);
  }
  if (name == "config") {
    return config_command(environment, flags.config);
  }
  if (name == "decide") {
    return decide_command(std::cin, std::cout);
  }
  if (name == "iam") {
    return iam_command(environment, flags.iam);
  }
  if (name == "simulate") {
    return simulate_command(flags.simulate);
  }
  if (name == "advise") {
    return advise_command(flags.advise);
  }
  if (name == "verify") {
    return verify_command(environment, flags.verify);
  }
  if (name == "doctor") {
    return doctor_command(environment, flags.doctor);
  }
  return emulate_command(flags.emulate);
}

/// The exit code after all output is out: what does not fit on the disk shows here at the latest.
int finish_output(int code) {
  const bool flushed = std::fflush(stdout) == 0;
  if (flushed && std::ferror(stdout) == 0) {
    return code;
  }
  if (errno == EPIPE) {
    return code == kDone ? kFailed : code;  // As `| head` does, which needs no complaint.
  }
  const std::string reason = flushed ? "" : ": " + std::generic_category().message(errno);
  return complain(code == kDone ? kFailed : static_cast<ExitCode>(code),
                  "standard output could not be written" + reason);
}

}  // namespace

int main(int argc, char** argv) try {
  // Who reads the log or a peer may go at any time, which must not end a pass half-way.
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Keeps an ECS service at exactly the number of tasks that its SQS queue needs.",
               "ecs-scaler");
  app.require_subcommand(1);
  app.set_version_flag("--version", SCALER_VERSION);
  app.footer("Exit codes: 0 done, 1 failed, 2 usage, 3 configuration.");
  Flags flags;
  add_commands(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return finish_output(app.exit(error) == 0 ? kDone : kUsage);
  }
  return finish_output(dispatch(app, flags, process_environment()));
} catch (const std::exception& error) {
  return complain(kFailed, error.what());
}
