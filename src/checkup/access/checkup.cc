#include "checkup/access/checkup.h"

#include <algorithm>
#include <iterator>
#include <random>
#include <utility>

#include "edge/aws/functions.h"
#include "edge/aws/places.h"
#include "edge/aws/session.h"
#include "edge/identity/workstation.h"
#include "edge/wiring/wake_mapping.h"
#include "scaler/core/names.h"

namespace scaler {
namespace {

constexpr Duration kCallTimeout = std::chrono::seconds(20);
constexpr Duration kFleetTimeout = std::chrono::seconds(60);
/// A function may run for up to 15 minutes.
constexpr Duration kInvocationTimeout = std::chrono::minutes(16);

/// An error in it names the queue.
Result<QueueDepth> sum_of(std::vector<Result<QueueDepth>> depths) {
  QueueDepth sum;
  for (Result<QueueDepth>& one : depths) {
    const QueueDepth depth = TRY(std::move(one));
    sum.visible += depth.visible;
    sum.in_flight += depth.in_flight;
    sum.delayed += depth.delayed;
  }
  return sum;
}

Result<verify::Sight> sight_of(Look look) {
  const ServiceReading reading = TRY(std::move(look.service));
  return verify::Sight{.queue = TRY(sum_of(std::move(look.queues))),
                       .desired = reading.service.desired,
                       .running = reading.service.running,
                       .paused_until = reading.service.paused_until};
}

class AwsTarget final : public verify::Target {
 public:
  AwsTarget(aws::Session& session, verify::ScalerUnderTest deployment, LookRequest place,
            std::vector<std::string> dead_letter_urls)
      : session_(&session),
        deployment_(std::move(deployment)),
        place_(std::move(place)),
        job_queues_(session.client(), place_.service.role, place_.service.region),
        dead_letter_urls_(std::move(dead_letter_urls)) {}

  Result<verify::Sight> look() override {
    return sight_of(look_at(session_->cloud(), place_, after(kCallTimeout)));
  }

  Result<QueueDepth> depth(const std::string& queue_url) override {
    return session_->sqs().depths(std::span(&queue_url, 1), after(kCallTimeout)).front();
  }

  Result<std::optional<std::int64_t>> dead_letters() override {
    if (dead_letter_urls_.empty()) {
      return std::optional<std::int64_t>();
    }
    const QueueDepth depth =
        TRY(sum_of(job_queues_.depths(dead_letter_urls_, after(kCallTimeout))));
    return std::optional(depth.visible + depth.in_flight + depth.delayed);
  }

  Result<void> send(const std::string& queue_url, std::span<const std::string> bodies) override {
    std::vector<aws::OutgoingMessage> messages;
    messages.reserve(bodies.size());
    for (const std::string& body : bodies) {
      messages.push_back({.body = body});
    }
    const bool is_job_queue =
        std::ranges::find(place_.queue_urls, queue_url) != place_.queue_urls.end();
    aws::Sqs& queues = is_job_queue ? job_queues_ : session_->sqs();
    for (Result<std::string>& sent : queues.send(queue_url, messages, after(kCallTimeout))) {
      if (!sent) {
        return std::unexpected(std::move(sent).error());
      }
    }
    return {};
  }

  Result<verify::FunctionAnswer> invoke(const std::string& payload) override {
    aws::FunctionReply invocation =
        TRY(aws::Functions(session_->client())
                .invoke(deployment_.function, payload, after(kInvocationTimeout)));
    return verify::FunctionAnswer{.failed = invocation.failed,
                                  .payload = std::move(invocation.payload)};
  }

  Result<verify::MappingSight> wake_mapping() override {
    const std::vector<aws::EventSourceMapping> found =
        TRY(mappings_of(session_->mappings(), deployment_.queue_arn, deployment_.function_arn,
                        after(kCallTimeout)));
    using Mapping = aws::EventSourceMapping;
    return verify::MappingSight{
        .exists = !found.empty(),
        .enabled = std::ranges::count(found, aws::MappingState::Enabled, &Mapping::state) > 0,
        .reports_failures = std::ranges::all_of(found, &Mapping::reports_batch_item_failures)};
  }

 private:
  aws::Session* session_;
  verify::ScalerUnderTest deployment_;
  LookRequest place_;
  aws::Sqs job_queues_;
  std::vector<std::string> dead_letter_urls_;
};

class AwsCheckup final : public Checkup {
 public:
  AwsCheckup(std::unique_ptr<aws::Session> session, const Clock& clock)
      : session_(std::move(session)), clock_(&clock) {}

  Result<Environment> function_environment(const std::string& function) override {
    return std::move(TRY(configuration(function)).environment);
  }

  Result<std::unique_ptr<verify::Target>> target(const ServiceId& service,
                                                 verify::ScalerUnderTest& deployment) override {
    LookRequest place{.service = service, .queue_urls = {deployment.queue_url}};
    std::ranges::copy(deployment.other_queue_urls, std::back_inserter(place.queue_urls));
    if (!deployment.function.empty() && deployment.function_arn.empty()) {
      deployment.function_arn = TRY(configuration(deployment.function)).arn;
    }
    aws::Sqs queues(session_->client(), service.role, service.region);
    std::vector<std::string> dead_letter_urls;
    for (const std::string& url : place.queue_urls) {
      const aws::QueueSettings settings = TRY(queues.settings(url, after(kCallTimeout)));
      if (url == deployment.queue_url) {
        deployment.queue_arn = settings.arn;
      }
      if (!settings.dead_letter_arn.empty()) {
        dead_letter_urls.push_back(dead_letter_url(url, settings.dead_letter_arn));
      }
    }
    // Queues may share one.
    std::ranges::sort(dead_letter_urls);
    const auto repeated = std::ranges::unique(dead_letter_urls);
    dead_letter_urls.erase(repeated.begin(), repeated.end());
    return std::make_unique<AwsTarget>(*session_, deployment, std::move(place),
                                       std::move(dead_letter_urls));
  }

  std::vector<Result<verify::Sight>> look(std::span<const LookRequest> places) override {
    std::vector<Result<verify::Sight>> sights;
    for (Look& one : session_->cloud().look(places, Patience::AllButSlow, after(kCallTimeout))) {
      sights.push_back(sight_of(std::move(one)));
    }
    return sights;
  }

  Result<void> check(const LookRequest& look) const override {
    return aws::check_places(session_->settings(), look);
  }

  doctor::Facts examine(const doctor::Examination& place) override {
    return doctor::examine(session_->client(), place, clock_->now(), after(kCallTimeout));
  }

  doctor::FleetFacts examine(std::vector<ServiceSpec> services, FleetNews news,
                             const std::string& function) override {
    return doctor::examine_fleet(session_->client(), session_->cloud(), std::move(services),
                                 std::move(news), function, after(kFleetTimeout));
  }

 private:
  Result<aws::FunctionConfiguration> configuration(const std::string& function) {
    return aws::Functions(session_->client()).configuration(function, after(kCallTimeout));
  }

  std::unique_ptr<aws::Session> session_;
  const Clock* clock_;
};

}  // namespace

std::string dead_letter_url(const std::string& queue_url, const std::string& dead_letter_arn) {
  const auto arn = parse_arn(dead_letter_arn);
  return queue_url.substr(0, queue_url.rfind('/') + 1) + (arn ? arn->resource : dead_letter_arn);
}

Result<std::unique_ptr<Checkup>> Checkup::create(const Environment& environment, Clock& clock,
                                                 const Log& log) {
  const aws::SessionOptions options{.seed = std::random_device()(),
                                    .sources = identity::workstation_sources};
  return std::make_unique<AwsCheckup>(TRY(aws::Session::create(environment, clock, options, log)),
                                      clock);
}

}  // namespace scaler
