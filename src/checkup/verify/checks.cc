// The checks that every deployment has.

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "checkup/verify/verification.h"
#include "ground/base/text.h"
#include "ground/json/members.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"
#include "scaler/core/names.h"

namespace scaler::verify {
namespace {

constexpr const char* kOut = "first message -> desired count";
constexpr const char* kIn = "queue empty -> desired count 0";

Duration between(const std::optional<Instant>& from, const std::optional<Instant>& to) {
  return *to - *from;
}

/// The account's queue that nobody has.
std::string foreign_arn(const std::string& arn) {
  Arn foreign = parse_arn(arn).value_or(Arn{});
  foreign.resource = "ecs-scaler-verify-no-such-queue";
  return text_of(foreign);
}

std::string compact(const json::Value& value) {
  constexpr std::size_t kMax = 300;
  json::Writer writer;
  writer.value(value);
  return writer.text().substr(0, kMax);
}

/// The function's own words about its failure.
std::string error_of(const FunctionAnswer& answer) {
  const std::string* const text = json::text_member(answer.payload, "errorMessage");
  return text == nullptr ? compact(answer.payload) : *text;
}

bool hands_back(const json::Value& payload, const std::string& message_id) {
  const auto list = json::Reader(payload).optional_field("batchItemFailures");
  const auto items = list ? list->items() : Result<std::vector<json::Reader>>();
  return items && std::ranges::any_of(*items, [&](const json::Reader& item) {
           const auto id = item.optional_field("itemIdentifier");
           return id && id->string() == message_id;
         });
}

}  // namespace

std::string sqs_event(const std::string& queue_arn, const std::string& message_id) {
  json::Writer writer;
  writer.begin_object().name("Records").begin_array().begin_object();
  writer.field("messageId", message_id)
      .field("receiptHandle", "ecs-scaler-verify")
      .field("body", "{}")
      .field("eventSource", "aws:sqs")
      .field("eventSourceARN", queue_arn)
      .field("awsRegion", "us-east-1");
  writer.name("attributes").begin_object().field("ApproximateReceiveCount", "1").end_object();
  writer.end_object().end_array().end_object();
  return std::move(writer).text();
}

std::vector<Measurement> Verification::measured(const Cycle& cycle, bool with_limits) const {
  const auto limit = [with_limits](Duration duration) {
    return with_limits ? std::optional(duration) : std::nullopt;
  };
  std::vector<Measurement> taken;
  if (cycle.left_zero) {
    taken.push_back({kOut, between(cycle.sent, cycle.left_zero), limit(options_.scale_out_limit)});
  }
  if (cycle.task_running) {
    taken.push_back({"first message -> task running", between(cycle.sent, cycle.task_running)});
  }
  if (cycle.drained) {
    taken.push_back({"first message -> queue empty", between(cycle.sent, cycle.drained)});
  }
  if (cycle.slept && cycle.drained) {
    // The desired count may have been set between two looks, one of which saw the queue empty.
    taken.push_back({kIn, std::max(Duration(0), between(cycle.drained, cycle.slept)),
                     limit(options_.scale_in_limit)});
  }
  return taken;
}

Result<void> Verification::send(const std::string& queue_url, std::int64_t count) {
  const std::vector<std::string> bodies(static_cast<std::size_t>(count), options_.body);
  report_.messages_sent += count;
  return target_->send(queue_url, bodies);
}

Result<void> Verification::send_jobs(std::int64_t count) {
  const auto others = static_cast<std::int64_t>(deployment_.other_queue_urls.size());
  const std::int64_t each = count / (others + 1);
  const std::int64_t more = count % (others + 1);  // The first ones get one more.
  TRY(send(deployment_.queue_url, each + (more > 0 ? 1 : 0)));
  for (std::int64_t i = 0; i < others; ++i) {
    if (const std::int64_t share = each + (more > i + 1 ? 1 : 0); share > 0) {
      TRY(send(deployment_.other_queue_urls[static_cast<std::size_t>(i)], share));
    }
  }
  return {};
}

template <typename Follow>
Cycle Verification::guarded(std::int64_t messages, const Follow& follow) {
  Cycle cycle{.messages = messages, .sent = watch_.now()};
  const auto before = target_->dead_letters();
  const Result<void> sent = send_jobs(messages);
  if (!sent) {
    cycle.failure = sent.error().message;
    return cycle;
  }
  follow(cycle);
  const auto after = target_->dead_letters();
  if (before && after && *before && *after && **after > **before) {
    cycle.failure += fmt::format("{}{} of the messages went to the dead-letter queue",
                                 cycle.failure.empty() ? "" : "; ", **after - **before);
  }
  if (cycle.complete()) {
    cycles_.push_back(cycle);
  }
  return cycle;
}

Cycle Verification::cycle(std::int64_t messages) {
  return guarded(messages, [this](Cycle& cycle) { watch_.follow(cycle); });
}

void Verification::basic() {
  const Cycle cycle = this->cycle(1);
  std::string failure = cycle.failure;
  if (failure.empty() && deployment_.tasks_for_one &&
      cycle.tasks_peak != *deployment_.tasks_for_one) {
    failure = fmt::format("one message should set the desired count to {}, but it was {}",
                          *deployment_.tasks_for_one, cycle.tasks_peak);
  }
  add("basic", failure, fmt::format("0 -> {} -> processed -> 0", cycle.tasks_peak),
      measured(cycle, false));
}

void Verification::several() {
  // At least one for each queue.
  const auto queues = static_cast<std::int64_t>(deployment_.other_queue_urls.size()) + 1;
  const Cycle cycle = this->cycle(std::max<std::int64_t>(options_.messages, queues));
  add("several", cycle.failure,
      fmt::format("{} at once, at most {}, all processed", plural(cycle.messages, "message"),
                  plural(cycle.tasks_peak, "task")),
      measured(cycle, false));
}

void Verification::load() {
  const Cycle cycle = guarded(options_.load_rate, [this](Cycle& under_load) {
    Result<void> followed = sustain_load(under_load);
    if (followed) {
      followed = watch_.follow_in(under_load);
    }
    if (!followed) {
      under_load.failure = followed.error().message;
    }
  });
  add("load", cycle.failure,
      fmt::format("{} in {}, at most {}, all processed", plural(cycle.messages, "message"),
                  format_duration(options_.load_time), plural(cycle.tasks_peak, "task")),
      measured(cycle, false));
}

/// Sends on, every second, while it looks; then the service must be there and never have slept.
Result<void> Verification::sustain_load(Cycle& cycle) {
  Instant next = cycle.sent + std::chrono::seconds(1);
  while (watch_.now() - cycle.sent < options_.load_time) {
    for (; next <= watch_.now() && next - cycle.sent < options_.load_time;
         next += std::chrono::seconds(1)) {
      TRY(send_jobs(options_.load_rate));
      cycle.messages += options_.load_rate;
    }
    const Sight sight = TRY(watch_.look());
    cycle.tasks_peak = std::max(cycle.tasks_peak, sight.desired);
    if (sight.desired > 0) {
      cycle.left_zero = cycle.left_zero.value_or(watch_.now());
    } else if (cycle.left_zero && !sight.drained()) {
      return fail(ErrorKind::Rejected,
                  "the service was set to zero under load: " + describe(sight));
    }
    if (sight.running > 0) {
      cycle.task_running = cycle.task_running.value_or(watch_.now());
    }
    if (!watch_.pause()) {
      return fail(ErrorKind::Unavailable, watch_.why_ended());
    }
  }
  return cycle.task_running ? Result<void>() : watch_.follow_out(cycle);
}

std::string Verification::mishandled_dry_run() {
  const Result<FunctionAnswer> answer = target_->invoke(R"({"dry_run":true})");
  if (!answer) {
    return answer.error().message;
  }
  if (answer->failed) {
    return "a dry run failed: " + error_of(*answer);
  }
  const auto body = json::Reader(answer->payload).optional_field("body");
  const auto source = body ? body->optional_field("trigger_source") : std::nullopt;
  if (!source || source->string() != "manual") {
    return "a dry run's answer lacks body.trigger_source \"manual\": " + compact(answer->payload);
  }
  return "";
}

std::string Verification::mishandled_foreign(const std::string& what, const std::string& event) {
  const Result<FunctionAnswer> answer = target_->invoke(event);
  if (!answer) {
    return answer.error().message;
  }
  // Either the whole invocation fails or the answer names the message: both keep it in its queue.
  if (answer->failed || hands_back(answer->payload, "foreign-1")) {
    return "";
  }
  return fmt::format("{} was answered as if it were one of its own: {}", what,
                     compact(answer->payload));
}

std::string Verification::mishandled() {
  std::string failure = mishandled_dry_run();
  if (failure.empty()) {
    failure = mishandled_foreign("an unknown event", R"({"ecs_scaler_verify":"unknown event"})");
  }
  if (failure.empty()) {
    failure = mishandled_foreign("a message of a foreign queue",
                                 sqs_event(foreign_arn(deployment_.queue_arn), "foreign-1"));
  }
  return failure;
}

void Verification::errors() {
  if (deployment_.function.empty()) {
    return skip("errors", "no function is named (--function): it cannot be called");
  }
  const Result<Sight> before = watch_.look();
  std::string failure = before ? mishandled() : before.error().message;
  if (failure.empty()) {
    const Result<Sight> sight = watch_.look();
    failure = !sight ? sight.error().message
              : sight->desired != before->desired
                  ? "a dry run changed the desired count: " + describe(*sight)
                  : "";
  }
  if (failure.empty()) {
    // The same while a message waits: it must survive what is no work.
    const Cycle survived = guarded(1, [this, &failure](Cycle& cycle) {
      failure = mishandled();
      watch_.follow(cycle);
    });
    failure = failure.empty() ? survived.failure : failure;
  }
  add("errors", failure,
      "a dry run answers and changes nothing; unknown and foreign events are refused; a message "
      "survives them");
}

void Verification::timings() {
  if (cycles_.empty()) {
    const Cycle cycle = this->cycle(1);
    if (!cycle.complete()) {
      return add("timings", cycle.failure, "");
    }
  }
  std::string failure;
  Measurement out{kOut, Duration(0), options_.scale_out_limit};
  Measurement in{kIn, Duration(0), options_.scale_in_limit};
  for (const Cycle& cycle : cycles_) {
    out.took = std::max(out.took, between(cycle.sent, cycle.left_zero));
    in.took = std::max(in.took, between(cycle.drained, cycle.slept));
  }
  for (const Measurement& slowest : {out, in}) {
    if (slowest.took > *slowest.limit) {
      failure +=
          fmt::format("{}{} took {}, more than {}", failure.empty() ? "" : "; ", slowest.name,
                      format_duration(slowest.took), format_duration(*slowest.limit));
    }
  }
  add("timings", failure,
      fmt::format("the slowest of {} cycles are within the limits", cycles_.size()), {out, in});
}

}  // namespace scaler::verify
