#include "lab/study/own_cost.h"

#include <cmath>
#include <vector>

#include "ground/base/random.h"
#include "lab/study/prices.h"

namespace scaler::study {
namespace {

constexpr double kMonth = 30.0 * 24 * 60 * 60;  // seconds
constexpr double kPoll = 20;                    // seconds that a poller waits for a message
constexpr double kPassGigabyteSeconds = 0.03 * 0.125;
constexpr double kPassLogGigabytes = 1e-6;
constexpr std::size_t kBatch = 10;  ///< messages that one request sends

/// From one schedule to the next, in seconds.
struct Period {
  double length = 60;
  std::vector<double> ticks = {};  ///< when they come
};

Period period_of(const sim::Triggers& triggers) {
  Period period;
  const Duration length = triggers.schedule.value_or(std::chrono::minutes(1));
  period.length = static_cast<double>(length.count()) / 1000;
  const Duration step = triggers.tick.value_or(Duration::zero());
  for (Duration at = step; at > Duration::zero() && at < length; at += step) {
    period.ticks.push_back(static_cast<double>(at.count()) / 1000);
  }
  return period;
}

/// How often a mapping's pollers call ReceiveMessage in a period. A poll ends with a message or
/// after 20 s, and the next begins at once; a message goes to any of the pollers that wait.
double receives(int pollers, const Period& period) {
  constexpr double kTried = 500 * 60;  // seconds
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
  const double tried = std::ceil(kTried / period.length);
  for (double number = 0; number < tried; ++number) {
    const double begin = number * period.length;
    for (const double tick : period.ticks) {
      advance(begin + tick);
      began.at(static_cast<std::size_t>(random.between(0, pollers - 1))) = begin + tick;
      ++polls;
    }
    advance(begin + period.length);
  }
  return polls / tried;
}

}  // namespace

double own_month(const sim::Triggers& triggers, int pollers) {
  const Period period = period_of(triggers);
  const std::size_t ticks = period.ticks.size();
  const double passes = static_cast<double>(ticks) + (triggers.schedule ? 1 : 0);
  double requests = passes;  // Each reads the job queue once.
  if (ticks > 0) {           // They are sent in batches, and each is received and deleted.
    requests += receives(pollers, period) + static_cast<double>((ticks + kBatch - 1) / kBatch) +
                static_cast<double>(ticks);
  }
  const double idle = period.length / kPoll * pollers;
  requests += (triggers.wake ? idle : 0) + (triggers.doorbell ? idle : 0);
  const ScalerPrices& prices = scaler_prices();
  return kMonth / period.length *
         (passes * (prices.lambda_request + kPassGigabyteSeconds * prices.lambda_gb_second +
                    kPassLogGigabytes * prices.log_gb) +
          requests * prices.sqs_request);
}

}  // namespace scaler::study
