#include "checkup/access/checkup.h"

#include <algorithm>
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

class AwsTarget final : public verify::Target {
 public:
  AwsTarget(aws::Session& session, const verify::ScalerUnderTest& deployment,
            std::string dead_letter_url)
      : session_(&session),
        deployment_(deployment),
        service_({.cluster = deployment.cluster, .service = deployment.service}),
        dead_letter_url_(std::move(dead_letter_url)) {}

  Result<verify::Sight> look() override {
    Look look =
        look_at(session_->cloud(), {.service = service_, .queue_urls = {deployment_.queue_url}},
                after(kCallTimeout));
    const ServiceReading reading = TRY(std::move(look.service));
    return verify::Sight{.queue = TRY(std::move(look.queues.front())),
                         .desired = reading.service.desired,
                         .running = reading.service.running};
  }

  Result<QueueDepth> depth(const std::string& queue_url) override {
    return session_->sqs().depths(std::span(&queue_url, 1), after(kCallTimeout)).front();
  }

  Result<std::optional<std::int64_t>> dead_letters() override {
    if (dead_letter_url_.empty()) {
      return std::optional<std::int64_t>();
    }
    const QueueDepth depth = TRY(this->depth(dead_letter_url_));
    return std::optional(depth.visible + depth.in_flight + depth.delayed);
  }

  Result<void> send(const std::string& queue_url, std::span<const std::string> bodies) override {
    std::vector<aws::OutgoingMessage> messages;
    messages.reserve(bodies.size());
    for (const std::string& body : bodies) {
      messages.push_back({.body = body});
    }
    for (Result<std::string>& sent :
         session_->sqs().send(queue_url, messages, after(kCallTimeout))) {
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
  ServiceId service_;
  std::string dead_letter_url_;
};

class AwsCheckup final : public Checkup {
 public:
  AwsCheckup(std::unique_ptr<aws::Session> session, const Clock& clock)
      : session_(std::move(session)), clock_(&clock) {}

  Result<Environment> function_environment(const std::string& function) override {
    return std::move(TRY(configuration(function)).environment);
  }

  Result<std::unique_ptr<verify::Target>> target(verify::ScalerUnderTest& deployment) override {
    const aws::QueueSettings settings =
        TRY(session_->sqs().settings(deployment.queue_url, after(kCallTimeout)));
    deployment.queue_arn = settings.arn;
    if (!deployment.function.empty()) {
      deployment.function_arn = TRY(configuration(deployment.function)).arn;
    }
    std::string dead_letter_url;
    if (!settings.dead_letter_arn.empty()) {
      const auto arn = parse_arn(settings.dead_letter_arn);
      dead_letter_url = TRY(session_->sqs().url_beside(
          deployment.queue_url, arn ? arn->resource : settings.dead_letter_arn,
          after(kCallTimeout)));
    }
    return std::make_unique<AwsTarget>(*session_, deployment, std::move(dead_letter_url));
  }

  Result<void> check(const LookRequest& look) const override {
    return aws::check_places(session_->settings(), look);
  }

  doctor::Facts examine(const doctor::Examination& place) override {
    return doctor::examine(session_->client(), place, clock_->now(), after(kCallTimeout));
  }

  doctor::FleetFacts examine(std::vector<ServiceSpec> services, FleetNews news) override {
    return doctor::examine_fleet(session_->client(), session_->cloud(), std::move(services),
                                 std::move(news), after(kFleetTimeout));
  }

 private:
  Result<aws::FunctionConfiguration> configuration(const std::string& function) {
    return aws::Functions(session_->client()).configuration(function, after(kCallTimeout));
  }

  std::unique_ptr<aws::Session> session_;
  const Clock* clock_;
};

}  // namespace

Result<std::unique_ptr<Checkup>> Checkup::create(const Environment& environment, Clock& clock,
                                                 const Log& log) {
  const aws::SessionOptions options{.seed = std::random_device()(),
                                    .sources = identity::workstation_sources};
  return std::make_unique<AwsCheckup>(TRY(aws::Session::create(environment, clock, options, log)),
                                      clock);
}

}  // namespace scaler
