#pragma once
// Verification: one verify() under way: what its checks share. The checks themselves are in
// checks.cc and trigger_checks.cc.

#include <string>
#include <utility>
#include <vector>

#include "checkup/verify/verifier.h"

namespace scaler::verify {

class Verification {
 public:
  Verification(Target& target, ScalerUnderTest deployment, VerifyOptions options, Clock& clock,
               const std::stop_token& stop);

  VerifyReport report(const std::vector<Check>& checks);

 private:
  friend class TriggerChecks;

  void run(Check check);
  void basic();
  void several();
  void load();
  void errors();
  void timings();

  /// Nothing, or why the checks cannot start or go on.
  std::string not_at_rest();
  Result<void> send(const std::string& queue_url, std::int64_t count);
  /// The same to the job queues, in turn.
  Result<void> send_jobs(std::int64_t count);
  /// Sends to the sleeping service and follows until it sleeps again.
  Cycle cycle(std::int64_t messages);
  /// Runs `follow` around a cycle whose messages are sent, and looks for new dead letters.
  template <typename Follow>
  Cycle guarded(std::int64_t messages, const Follow& follow);
  Result<void> sustain_load(Cycle& cycle);
  /// Nothing, or what the function did wrong with what is no work of its own.
  std::string mishandled();
  std::string mishandled_dry_run();
  std::string mishandled_foreign(const std::string& what, const std::string& event);

  /// Adds a result. An empty failure passes.
  void add(std::string name, const std::string& failure, const std::string& success,
           std::vector<Measurement> measurements = {});
  void skip(std::string name, std::string why);
  std::vector<Measurement> measured(const Cycle& cycle, bool with_limits) const;

  Target* target_;
  ScalerUnderTest deployment_;
  VerifyOptions options_;
  TargetWatch watch_;
  VerifyReport report_ = {};
  Instant check_started_ = {};
  std::vector<Cycle> cycles_ = {};  ///< those that were complete
};

/// "arn", "message id" and the like in the shape of an SQS event.
std::string sqs_event(const std::string& queue_arn, const std::string& message_id);

}  // namespace scaler::verify
