#pragma once
// For the tests of this folder.

#include <chrono>

#include "lab/study/study.h"

namespace scaler::study::testing {

/// 1,440 messages of 20 s, on average, for a service on Fargate whose workers protect themselves.
inline Question two_hours() {
  using std::chrono::seconds;
  Question question;
  question.scenario.length = std::chrono::hours(2);
  question.scenario.arrivals = {sim::Poisson{.per_second = 0.2}};
  question.scenario.service =
      sim::service_model(sim::Preset::Fargate, {.min = seconds(10), .max = seconds(30)});
  question.scenario.service.behaviour.workers_protect = true;
  question.price = {.per_hour = 0.05};
  return question;
}

}  // namespace scaler::study::testing
