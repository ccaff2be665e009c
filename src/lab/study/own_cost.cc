#include "lab/study/own_cost.h"

#include <cmath>
#include <vector>

#include "ground/base/random.h"
#include "lab/study/prices.h"

namespace scaler::study {
namespace {

constexpr double kMinutes = 30 * 24 * 60;  // a month
constexpr double kPoll = 20;               // seconds that a poller waits for a message
constexpr double kPassGigabyteSeconds = 0.03 * 0.125;
constexpr double kPassLogGigabytes = 1e-6;

/// How often a mapping's pollers call ReceiveMessage in a minute. A poll ends with a message or
/// after 20 s, and the next begins at once; a message goes to any of the pollers that wait.
double receives_per_minute(int pollers, const std::vector<double>& ticks) {
  constexpr int kTried = 2000;  // minutes
  Random random(1);
  std::vector<double> began(static_cast<std::size_t>(pollers));
  for (double& each : began) {
    each = -kPoll * random.uniform();
  }
  double polls = 0;
  const auto advance = [&](double now) {
    for (double& each : began) {
      const double ended = std::floor((now - each) / kPoll);
      polls += ended;
      each += ended * kPoll;
    }
  };
  for (int minute = 0; minute < kTried; ++minute) {
    for (const double tick : ticks) {
      advance(minute * 60 + tick);
      began.at(static_cast<std::size_t>(random.between(0, pollers - 1))) = minute * 60 + tick;
      ++polls;
    }
    advance(minute * 60 + 60);
  }
  return polls / kTried;
}

/// The seconds of a minute at which ticks come.
std::vector<double> ticks_of(const sim::Triggers& triggers) {
  std::vector<double> ticks;
  const Duration step = triggers.tick.value_or(Duration::zero());
  for (Duration at = step; at > Duration::zero() && at < std::chrono::minutes(1); at += step) {
    ticks.push_back(static_cast<double>(at.count()) / 1000);
  }
  return ticks;
}

double schedules_per_minute(const sim::Triggers& triggers) {
  return triggers.schedule ? 60'000 / static_cast<double>(triggers.schedule->count()) : 0;
}

}  // namespace

double own_month(const sim::Triggers& triggers, int pollers) {
  const std::vector<double> ticks = ticks_of(triggers);
  const auto ticked = static_cast<double>(ticks.size());
  const double passes = schedules_per_minute(triggers) + ticked;
  double requests = passes;  // Each reads the job queue once.
  if (!ticks.empty()) {      // A minute's ticks are one batch sent, each received and deleted.
    requests += receives_per_minute(pollers, ticks) + 1 + ticked;
  }
  const double idle = 60 / kPoll * pollers;
  requests += (triggers.wake ? idle : 0) + (triggers.doorbell ? idle : 0);
  const ScalerPrices& prices = scaler_prices();
  return kMinutes *
         (passes * (prices.lambda_request + kPassGigabyteSeconds * prices.lambda_gb_second +
                    kPassLogGigabytes * prices.log_gb) +
          requests * prices.sqs_request);
}

}  // namespace scaler::study
