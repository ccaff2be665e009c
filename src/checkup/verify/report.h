#pragma once
// What `verify` found, and the three forms in which it is told: text, JSON, and JUnit's XML as CI
// systems read it.

#include <optional>
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

/// One line for a check, and below it one for each of its measurements.
std::string text_of(const CheckResult& check);
/// The closing line.
std::string summary_of(const VerifyReport& report);
std::string text_of(const VerifyReport& report);
std::string json_of(const VerifyReport& report);
/// Source: https://github.com/testmoapp/junitxml
std::string junit_of(const VerifyReport& report);

}  // namespace scaler::verify
