#include "edge/wiring/wiring.h"

#include <random>

#include "edge/aws/instance_cloud.h"
#include "edge/aws/places.h"
#include "edge/aws/stored_object.h"
#include "edge/aws/tagged_services.h"
#include "edge/wiring/aws_wiring.h"
#include "edge/wiring/wake_mapping.h"
#include "wire/shard_order.h"

namespace scaler {
namespace {

constexpr Duration kPrewarmTimeout = std::chrono::seconds(2);

class AwsJobMessages final : public JobMessages {
 public:
  explicit AwsJobMessages(aws::Sqs& sqs) : sqs_(&sqs) {}

  std::vector<Result<void>> hand_back(const std::string& queue_url,
                                      std::span<const ReturnedMessage> messages,
                                      Deadline deadline) override {
    std::vector<aws::VisibilityChange> changes;
    changes.reserve(messages.size());
    for (const ReturnedMessage& message : messages) {
      changes.push_back(
          {.receipt_handle = message.receipt_handle, .visibility = message.visibility});
    }
    return sqs_->change_visibility(queue_url, changes, deadline);
  }

  Result<WakeSettings> settings(const std::string& queue_url, Deadline deadline) override {
    const aws::QueueSettings settings = TRY(sqs_->settings(queue_url, deadline));
    return WakeSettings{.fifo = settings.fifo, .receives_max = settings.receives_max};
  }

 private:
  aws::Sqs* sqs_;
};

class AwsTicks final : public Ticks {
 public:
  explicit AwsTicks(aws::Sqs& sqs) : sqs_(&sqs) {}

  Result<void> send(const std::string& queue_url, std::span<const Duration> delays,
                    Deadline deadline) override {
    std::vector<aws::OutgoingMessage> messages;
    messages.reserve(delays.size());
    for (const Duration delay : delays) {
      messages.push_back({.body = "tick", .delay = delay});
    }
    for (Result<std::string>& sent : sqs_->send(queue_url, messages, deadline)) {
      if (!sent) {
        return std::unexpected(std::move(sent).error());
      }
    }
    return {};
  }

 private:
  aws::Sqs* sqs_;
};

class AwsShardOrders final : public ShardOrders {
 public:
  explicit AwsShardOrders(aws::Session& session) : session_(&session) {}

  Result<void> send(const std::string& queue_url, std::span<const ShardOrder> orders,
                    Deadline deadline) override {
    std::vector<aws::OutgoingMessage> messages;
    messages.reserve(orders.size());
    for (const ShardOrder& order : orders) {
      messages.push_back({.body = shard_order_json(order)});
    }
    for (Result<std::string>& sent : session_->sqs().send(queue_url, messages, deadline)) {
      if (!sent) {
        return std::unexpected(std::move(sent).error());
      }
    }
    return {};
  }

  void share_rates(std::int64_t parts) override { session_->client().share_rates(parts); }

 private:
  aws::Session* session_;
};

class AwsWiring final : public Wiring {
 public:
  explicit AwsWiring(std::unique_ptr<aws::Session> session)
      : session_(std::move(session)),
        messages_(session_->sqs()),
        ticks_(session_->sqs()),
        orders_(*session_),
        mapping_(session_->mappings()),
        instances_(session_->client()),
        directory_(session_->client()) {}

  CloudReader& reader() override { return session_->cloud(); }
  ServiceScaler& scaler() override { return session_->cloud(); }
  StateWriter& states() override { return session_->cloud(); }
  JobMessages& messages() override { return messages_; }
  WakeMapping& mapping() override { return mapping_; }
  Ticks& ticks() override { return ticks_; }
  InstanceReader& instances() override { return instances_; }
  InstanceScaler& instance_scaler() override { return instances_; }
  ShardOrders& orders() override { return orders_; }
  const aws::CallStats& call_stats() const override { return session_->client().stats(); }
  Duration clock_difference() const override { return session_->client().clock_difference(); }
  ServiceDirectory& directory() override { return directory_; }
  std::unique_ptr<DocumentStore> document(const ObjectAddress& object) override {
    return std::make_unique<aws::StoredObject>(session_->client(), object);
  }
  Result<void> check(const LookRequest& look) const override {
    return aws::check_places(session_->settings(), look);
  }
  void prewarm(const LookRequest& look) override {
    session_->prewarm(look, after(kPrewarmTimeout));
  }

  std::vector<Result<void>> send_messages(const std::string& queue_url,
                                          std::span<const std::string> bodies,
                                          Deadline deadline) override {
    std::vector<aws::OutgoingMessage> messages;
    messages.reserve(bodies.size());
    for (const std::string& body : bodies) {
      messages.push_back({.body = body});
    }
    std::vector<Result<void>> results;
    results.reserve(bodies.size());
    for (Result<std::string>& sent : session_->sqs().send(queue_url, messages, deadline)) {
      results.push_back(sent ? Result<void>() : std::unexpected(std::move(sent).error()));
    }
    return results;
  }

 private:
  std::unique_ptr<aws::Session> session_;
  AwsJobMessages messages_;
  AwsTicks ticks_;
  AwsShardOrders orders_;
  AwsWakeMapping mapping_;
  aws::InstanceCloud instances_;
  aws::TaggedServices directory_;
};

}  // namespace

Result<std::unique_ptr<Wiring>> make_aws_wiring(const Environment& environment, Clock& clock,
                                                const Log& log,
                                                const aws::SessionOptions& options) {
  return std::make_unique<AwsWiring>(TRY(aws::Session::create(environment, clock, options, log)));
}

Result<std::unique_ptr<Wiring>> Wiring::create(const Environment& environment, Clock& clock,
                                               const Log& log) {
  return make_aws_wiring(environment, clock, log, {.seed = std::random_device()()});
}

}  // namespace scaler
