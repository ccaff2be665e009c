#pragma once
// What a study is asked: the words in which people describe a service, its arrivals and what
// counts, and the question that they become. It opens no file: it is given what stands in them.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/study/study.h"
#include "lab/trace/trace.h"

namespace scaler::study {

/// The ways in which tasks start.
inline constexpr std::array<std::string_view, 3> kStarts{"fargate", "ec2", "gpu"};

/// Instances are this program's to drive: capacity=own.
inline constexpr std::string_view kOwnInstances = "own";

struct Terms {
  double scale = 1;                          ///< a trace's values are multiplied by it
  std::string column = {};                   ///< of a trace, which of several; empty: by its name
  Duration length = std::chrono::hours(24);  ///< of arrivals that no trace tells
  Duration work = std::chrono::seconds(20);  ///< mean of one message
  std::string start = std::string(kStarts.front());
  bool workers_protect = false;
  bool workers_guarded = false;                      ///< ecs-guard protects them (docs/guard.md)
  Duration guard_linger = std::chrono::seconds(30);  ///< its --linger
  std::int64_t tasks_max = 100;                      ///< of rivals and of advised policies
  std::string objective = "p95 wait < 60s";
  std::string price = std::string(kDefaultPrice);  ///< what find_price() takes
  /// From launch to registration; given, tasks run on instances of an Auto Scaling group.
  std::optional<world::DurationRange> instance_start = {};
  std::string instances = std::string(kOwnInstances);  ///< who drives them
  std::int64_t tasks_per_instance = 1;
  std::int64_t instances_max = 100;
  std::string instance_price = {};  ///< as `price`; empty: that, or that of a g5.xlarge
  std::optional<world::DurationRange> task_start = {};  ///< in place of that of `start`
  world::DurationRange image_pull = {};                 ///< before an instance's first task
  std::string prices = {};                              ///< text; empty: the built-in prices
  std::uint64_t seed = 1;

  /// Whether tasks run on instances that somebody starts.
  bool has_instances() const { return instance_start || start == "gpu"; }
  bool owns_instances() const { return instance_start && instances == kOwnInstances; }
  /// Whether tasks are protected from scale-in while they work, by whomever.
  bool work_is_protected() const { return workers_protect || workers_guarded; }
};

/// A question and where its arrivals come from.
struct Asked {
  Question question = {};
  std::optional<trace::Trace> trace = {};
  std::string source = {};  ///< for people: the trace's name or the specification
};

/// Arrivals such as "poisson:0.2", "constant:1", "wave:0.2", "bursts:100".
/// Errors: Malformed, quoting what is wrong.
Result<sim::Arrivals> parse_arrivals(std::string_view text);
/// What is wrong with the terms alone, whatever arrives. Errors: Malformed, quoting the term.
Result<void> check_terms(const Terms& terms);

/// About a trace whose text stands in `file`.
/// Errors: Malformed, naming the file when it is the trace, else quoting the term that is wrong.
Result<Asked> ask_about_trace(const Terms& terms, std::string_view text, const std::string& file);
/// About what parse_arrivals() takes.
/// Errors: Malformed, quoting the term that is wrong.
Result<Asked> ask_about_arrivals(const Terms& terms, const std::string& arrivals);

/// The question over another part of its trace.
Question over(const Asked& asked, const Terms& terms, const trace::Trace& part);

/// The text of a policy: a policy object as in `decide`, or
/// {"policy":{..},"tick_seconds":10,"schedule_seconds":60,"wake":true,"doorbell":false}.
/// Errors: Malformed, naming the field.
Result<Candidate> read_candidate(std::string_view text, const std::string& name);

/// What a history of less than a week does not show; nothing: it is longer. `messages` are those
/// that the cost a month is made of.
std::optional<std::string> short_history(Duration history, std::int64_t messages);

/// What people should know of how this was made, one sentence each.
std::vector<std::string> facts_of(const Asked& asked, const Terms& terms);
/// "14.0 days from 2014-04-10T00:04:00Z, 249327 messages, 20 s of work each, fargate start".
std::string subtitle_of(const Question& question, const Terms& terms, std::int64_t messages);

}  // namespace scaler::study
