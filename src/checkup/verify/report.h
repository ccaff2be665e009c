#pragma once
// What `verify` found, and the three forms in which it is told: text, JSON, and JUnit's XML as CI
// systems read it.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "checkup/verify/target.h"
#include "ground/base/clock.h"

namespace scaler::verify {

enum class Verdict { Passed, Failed, Skipped };
std::string_view to_string(Verdict verdict);

/// A time that was taken, and what it may be at most.
struct Measurement {
  std::string name = {};
  Duration took = {};
  std::optional<Duration> limit = {};
};

struct CheckResult {
  std::string name = {};
  Verdict verdict = Verdict::Passed;
  std::string sentence = {};  ///< what was seen; of a failure or skip, why
  Duration took = {};
  std::vector<Measurement> measurements = {};
};

struct VerifyReport {
  ScalerUnderTest deployment = {};
  Instant started = {};
  Duration took = {};
  std::vector<CheckResult> checks = {};
  std::int64_t messages_sent = 0;

  std::int64_t count(Verdict verdict) const;
  /// Something was checked and nothing failed. What was not configured may be skipped.
  bool passed() const { return count(Verdict::Passed) > 0 && count(Verdict::Failed) == 0; }
};

/// Of a service with which the checks cannot even begin: that one failed.
VerifyReport failed_at(ScalerUnderTest deployment, std::string check, std::string why, Instant at);

/// Of several services, each by itself.
struct FleetReport {
  std::vector<VerifyReport> services = {};
  Duration took = {};

  /// There are some, and all of them passed.
  bool passed() const;
};

/// One line for a check, and below it one for each of its measurements.
std::string text_of(const CheckResult& check);
/// The closing line.
std::string summary_of(const VerifyReport& report);
std::string text_of(const VerifyReport& report);
std::string json_of(const VerifyReport& report);
/// Source: https://github.com/testmoapp/junitxml
std::string junit_of(const VerifyReport& report);

/// A service's name, and indented below it its checks.
std::string block_of(const VerifyReport& report);
/// The closing line: how many passed, and who failed.
std::string summary_of(const FleetReport& report);
std::string text_of(const FleetReport& report);
/// A list; each has the form of one service.
std::string json_of(const FleetReport& report);
/// A test suite for each service.
std::string junit_of(const FleetReport& report);

}  // namespace scaler::verify
