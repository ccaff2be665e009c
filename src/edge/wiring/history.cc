#include "edge/wiring/history.h"

#include <random>

#include "edge/aws/session.h"
#include "edge/identity/workstation.h"

namespace scaler {

Result<std::vector<aws::HistoryRow>> fetch_history(const Environment& environment,
                                                   const QueueAddress& queue, int days,
                                                   const Clock& clock, const Log& log,
                                                   const std::function<void(double)>& progress) {
  // Nobody waits for one of these calls as for those of a pass: when CloudWatch throttles, they may
  // take their time.
  Environment patient = environment;
  patient.try_emplace("AWS_MAX_ATTEMPTS", "10");
  const auto session = TRY(aws::Session::create(
      patient, clock, {.seed = std::random_device()(), .sources = identity::workstation_sources},
      log));
  constexpr auto kCloudWatch = static_cast<std::size_t>(aws::AwsService::CloudWatch);
  if (!queue.origin.empty() && queue.region.empty() &&
      !session->settings().configured.at(kCloudWatch)) {
    return fail(ErrorKind::Malformed,
                queue.origin +
                    " is no host of AWS: say with AWS_ENDPOINT_URL_CLOUDWATCH where the "
                    "metrics of its queues are");
  }
  TRY(session->settings().destination(aws::AwsService::CloudWatch, queue.region));
  return aws::queue_history(session->client(),
                            {.region = queue.region, .queue = queue.name, .days = days},
                            clock.now(), progress);
}

}  // namespace scaler
