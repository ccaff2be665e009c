#pragma once
// What Lambda hands to the function, by its source: a schedule, an event of ECS, records of an SQS
// queue, a notification of an SNS topic, or a manual call.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ground/base/result.h"

namespace scaler::lambda {

/// An EventBridge rule ("aws.events") or EventBridge Scheduler ("aws.scheduler").
struct ScheduleEvent {
  std::string source = {};
};

/// An EventBridge rule on events of ECS ("aws.ecs"), such as the beginning of a deployment, which
/// may have set a count of its own. Which service it is about does not matter.
struct EcsEvent {};

struct SqsRecord {
  std::string message_id = {};
  std::string receipt_handle = {};
  std::string queue_arn = {};
  std::int64_t receive_count = 1;
  std::string body = {};
};

struct SqsEvent {
  std::vector<SqsRecord> records = {};
};

/// Notifications of an SNS topic; what they say does not matter.
struct SnsEvent {
  std::string subscription_arn = {};  ///< of the first
  std::size_t notifications = 1;
};

/// {} or {"dry_run":true}.
struct ManualEvent {
  bool dry_run = false;
};

using Event = std::variant<ScheduleEvent, EcsEvent, SqsEvent, SnsEvent, ManualEvent>;

/// Errors: Malformed, naming what was wrong; also for an event of any other source.
Result<Event> parse_event(std::string_view text);

}  // namespace scaler::lambda
