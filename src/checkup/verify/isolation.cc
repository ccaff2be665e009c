#include "checkup/verify/isolation.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "ground/base/text.h"

namespace scaler::verify {
namespace {

/// A message of its own may have come and gone between two looks; then the count goes back as soon.
constexpr int kLooksToBeSure = 2;

struct Neighbour {
  std::string name = {};
  std::optional<bool> judged = {};  ///< it rested when it was seen first, and had no message since
  int awake = 0;                    ///< looks in a row that found tasks, and no message
  std::int64_t desired = 0;         ///< at the last of these

  bool disturbed() const { return judged.value_or(false) && awake >= kLooksToBeSure; }
};

void take_in(Neighbour& neighbour, const Result<Sight>& sight) {
  if (!sight || neighbour.disturbed()) {
    return;
  }
  neighbour.judged = neighbour.judged.value_or(sight->asleep()) && sight->drained();
  neighbour.awake = sight->desired > 0 ? neighbour.awake + 1 : 0;
  neighbour.desired = sight->desired;
}

CheckResult judged(const std::vector<Neighbour>& neighbours, const VerifyReport& cycle) {
  CheckResult result{
      .name = "isolation",
      .verdict = Verdict::Skipped,
  };
  if (!cycle.passed()) {
    result.sentence = "the service itself did not work";
    return result;
  }
  std::int64_t kept = 0;
  std::string disturbed;
  for (const Neighbour& neighbour : neighbours) {
    if (neighbour.disturbed()) {
      disturbed += fmt::format("{}{} to {}", disturbed.empty() ? "" : ", ", neighbour.name,
                               neighbour.desired);
    } else if (neighbour.judged.value_or(false)) {
      ++kept;
    }
  }
  if (!disturbed.empty()) {
    result.verdict = Verdict::Failed;
    result.sentence = "its message changed the counts of neighbours that had none: " + disturbed;
  } else if (kept == 0) {
    result.sentence = "no neighbour was at rest all the while";
  } else {
    result.verdict = Verdict::Passed;
    result.sentence =
        fmt::format("{} at rest kept {} while one message was worked off",
                    plural(kept, "neighbour"), kept == 1 ? "its count" : "their counts");
  }
  return result;
}

}  // namespace

VerifyReport verify_isolation(Target& target, const ScalerUnderTest& deployment,
                              const IsolationOptions& wanted, Clock& clock,
                              const std::stop_token& stop) {
  std::vector<Neighbour> neighbours;
  neighbours.reserve(wanted.neighbours.size());
  for (const std::string& name : wanted.neighbours) {
    neighbours.push_back({.name = name});
  }
  const auto look_around = [&](const Sight&) {
    const std::vector<Result<Sight>> sights = wanted.look();
    for (std::size_t i = 0; i < neighbours.size(); ++i) {
      take_in(neighbours[i], sights[i]);
    }
  };
  VerifyOptions options = wanted.verify;
  options.checks = {Check::Basic};
  options.progress = {.looked = look_around};
  VerifyReport report = verify(target, deployment, options, clock, stop);
  CheckResult isolation = judged(neighbours, report);
  // What the service did stands there only if it did not work.
  std::erase_if(report.checks,
                [](const CheckResult& check) { return check.verdict != Verdict::Failed; });
  report.checks.push_back(std::move(isolation));
  return report;
}

}  // namespace scaler::verify
