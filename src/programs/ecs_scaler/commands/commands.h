#pragma once
// The commands of ecs-scaler, one file each. A command gets its flags already parsed and returns an
// exit code; only main() exits.

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/environment.h"
#include "lab/world/service.h"

namespace scaler::cli {

using ExitCode = int;
inline constexpr ExitCode kDone = 0;
inline constexpr ExitCode kFailed = 1;
inline constexpr ExitCode kUsage = 2;
inline constexpr ExitCode kConfiguration = 3;

enum class Output { Text, Json };

struct OnceFlags {
  std::string config_file = {};  ///< empty: the environment
  bool dry_run = false;
  Duration every = kLookEvery;  ///< how far apart the passes are that somebody makes this way
  Output output = Output::Text;
};

struct ConfigFlags {
  std::string config_file = {};  ///< empty: the environment
  bool markdown = false;
  bool schema = false;
};

struct ExplainFlags {
  std::string config_file = {};  ///< empty: the environment
  Output output = Output::Text;
};

struct RunFlags {
  std::string config_file = {};    ///< empty: the environment
  std::optional<int> listen = {};  ///< port on 127.0.0.1 for /metrics and /healthz
  bool forget = false;             ///< remove the state tags instead
  Duration interval = std::chrono::seconds(10);
};

struct EmulateFlags {
  int port = 0;
  std::string cluster = {};
  std::string service = {};
  std::string queue = {};
  std::string lambda_path = {};
  std::vector<std::string> environment = {};  ///< K=V for the function
  std::string tick_queue = {};                ///< empty: no ticks
  std::string doorbell_queue = {};            ///< empty: no doorbell
  world::DurationRange task_start = {.min = std::chrono::seconds(5),
                                     .max = std::chrono::seconds(5)};
  world::DurationRange task_stop = {.min = std::chrono::seconds(2), .max = std::chrono::seconds(2)};
  world::DurationRange work_time = {.min = std::chrono::seconds(2), .max = std::chrono::seconds(2)};
  bool workers_protect = false;
  Duration visibility_timeout = std::chrono::seconds(30);
  Duration count_lag = Duration(0);
  int max_receive_count = 5;
  Duration function_timeout = std::chrono::seconds(30);
  Duration schedule = std::chrono::seconds(60);
  Duration mapping_toggle = std::chrono::seconds(30);
  std::string state_dir = {};
};

struct DemoFlags {
  std::string lambda_path = {};  ///< default: `bootstrap` beside this program
  int messages = 60;
  Output output = Output::Text;
};

struct IamFlags {
  std::string account = {};        ///< default: the job queue's
  std::string region = {};         ///< default: AWS_REGION, else the job queue's
  std::string function_name = {};  ///< default: AWS_LAMBDA_FUNCTION_NAME; empty: not in Lambda
  Output output = Output::Text;
};

/// A service and its arrivals, as `simulate` and `advise` are asked about them.
struct StudyFlags {
  std::string trace = {};     ///< file; or
  std::string arrivals = {};  ///< "poisson:0.2", ...
  double scale = 1;           ///< the trace's values are multiplied by it
  Duration length = std::chrono::hours(24);
  Duration work = std::chrono::seconds(20);  ///< mean of one message
  std::string start = "fargate";             ///< fargate|ec2|gpu
  bool workers_protect = false;
  std::int64_t tasks_max = 100;  ///< of rivals and of advised policies
  std::string objective = "p95 wait < 60s";
  std::string price = {};   ///< what study::find_price() takes
  std::string prices = {};  ///< file; empty: the built-in prices
  std::string html = {};    ///< file to write
  std::uint64_t seed = 1;
};

enum class Table { Text, Json, Csv };

struct SimulateFlags {
  StudyFlags study = {};
  std::vector<std::string> policies = {};  ///< files
  std::vector<std::string> rivals = {};    ///< names, or "all"
  Table format = Table::Text;
};

struct AdviseFlags {
  StudyFlags study = {};
  std::string present = {};  ///< file of the policy that is in force
  int trials = 150;
  bool keep_zero = false;  ///< no tasks while idle, whatever it costs in waiting
  bool schedules = false;  ///< hours with a minimum may be learned from the weekly pattern
  bool compare = false;    ///< show the rivals, too
  Output output = Output::Text;
};

struct DoctorFlags {
  std::string queue_url = {};
  std::string cluster = {};
  std::string service = {};
  std::string function = {};
  Output output = Output::Text;
};

/// {policy, state, observation} as one JSON object or JSON lines -> one decision a line. What is
/// refused is answered with {"error":".."} in its place, told on stderr, and makes the code 3.
int decide_command(std::istream& in, std::ostream& out);
int once_command(const Environment& environment, const OnceFlags& flags);
/// What a pass would do and why; changes nothing.
int explain_command(const Environment& environment, const ExplainFlags& flags);
/// Removes the state tags of the services and says what they held.
int forget_command(const Environment& environment, const std::string& config_file);
int run_command(const Environment& environment, const RunFlags& flags);
/// Checks the settings, or prints what there is to set.
int config_command(const Environment& environment, const ConfigFlags& flags);
int emulate_command(const EmulateFlags& flags);
int demo_command(const DemoFlags& flags);
int iam_command(const Environment& environment, const IamFlags& flags);
int simulate_command(const SimulateFlags& flags);
int advise_command(const AdviseFlags& flags);
int doctor_command(const Environment& environment, const DoctorFlags& flags);

/// Writes "ecs-scaler: message" to stderr and returns the code.
int complain(ExitCode code, std::string_view message);

}  // namespace scaler::cli
