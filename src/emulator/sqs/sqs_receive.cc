#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <utility>

#include <fmt/core.h>

#include "emulator/sqs/digests.h"
#include "emulator/sqs/fifo.h"
#include "emulator/sqs/message_attributes.h"
#include "emulator/sqs/sqs_api.h"
#include "emulator/sqs/sqs_input.h"

// The part of SqsApi that receives messages, now or after a wait.

namespace scaler::emulator {
namespace {

using world::Queue;
using world::ReceivedMessage;

constexpr std::int64_t kMessagesMax = 10;
constexpr std::int64_t kInFlightMax = 120'000;
constexpr std::int64_t kWaitMax = 20;

constexpr std::array<std::string_view, 10> kSystemNames{"All",
                                                        "ApproximateFirstReceiveTimestamp",
                                                        "ApproximateReceiveCount",
                                                        "AWSTraceHeader",
                                                        "DeadLetterQueueSourceArn",
                                                        "MessageDeduplicationId",
                                                        "MessageGroupId",
                                                        "SenderId",
                                                        "SentTimestamp",
                                                        "SequenceNumber"};

std::vector<std::string> copied(const std::vector<std::string_view>& names) {
  return {names.begin(), names.end()};
}

std::int64_t milliseconds(Instant instant) {
  return instant.time_since_epoch().count();
}

/// Writes one received message, with what was asked for of its attributes.
class MessageWriter {
 public:
  MessageWriter(json::Writer& writer, const WorldPlaces& places,
                std::vector<std::string_view> system_names,
                std::vector<std::string_view> attribute_names)
      : writer_(&writer),
        places_(&places),
        system_names_(std::move(system_names)),
        attribute_names_(std::move(attribute_names)) {}

  void write(const ReceivedMessage& message) const {
    writer_->begin_object()
        .field("MessageId", message.id)
        .field("ReceiptHandle", message.receipt_handle)
        .field("MD5OfBody", md5_hex(message.body))
        .field("Body", message.body);
    if (!system_names_.empty() || !attribute_names_.empty()) {
      const Result<json::Value> carried = json::parse(message.attributes);
      // Our own text, or that of a sender inside the process, who may attach nothing.
      const json::Value none{json::Object{}};
      write_system(message, carried ? *carried : none);
      write_attributes(carried ? *carried : none);
    }
    writer_->end_object();
  }

 private:
  bool wants(std::string_view name) const {
    return listed(system_names_, "All") || listed(system_names_, name);
  }

  void write_carried(std::string_view name, const json::Value* value) const {
    const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(&value->data());
    if (text != nullptr) {
      write_text(name, *text);
    }
  }

  void write_text(std::string_view name, std::string_view text) const {
    if (wants(name)) {
      writer_->field(name, text);
    }
  }

  void write_number(std::string_view name, std::int64_t value) const {
    write_text(name, std::to_string(value));
  }

  void write_system(const ReceivedMessage& message, const json::Value& carried) const {
    if (system_names_.empty()) {
      return;
    }
    writer_->name("Attributes").begin_object();
    write_carried("SenderId", carried.find("sender"));
    write_carried("AWSTraceHeader", carried.find("trace"));
    write_carried("MessageGroupId", carried.find("group"));
    if (message.from) {
      write_text("DeadLetterQueueSourceArn", places_->queue_arn(*message.from));
    }
    if (message.fifo) {
      write_text("MessageDeduplicationId", message.fifo->deduplication_id);
      write_text("SequenceNumber", sequence_number(message.sequence));
    }
    write_number("SentTimestamp", milliseconds(message.sent_at));
    write_number("ApproximateReceiveCount", message.receive_count);
    write_number("ApproximateFirstReceiveTimestamp", milliseconds(message.first_received_at));
    writer_->end_object();
  }

  void write_attributes(const json::Value& carried) const {
    const json::Value* const attributes = carried.find("attributes");
    const auto* all =
        attributes == nullptr ? nullptr : std::get_if<json::Object>(&attributes->data());
    json::Object wanted;
    if (all != nullptr) {
      std::ranges::copy_if(*all, std::back_inserter(wanted), [&](const auto& attribute) {
        return asked_for(attribute.first, attribute_names_);
      });
    }
    if (!wanted.empty()) {
      writer_->field("MD5OfMessageAttributes", attributes_md5(wanted));
      writer_->name("MessageAttributes").value(json::Value(std::move(wanted)));
    }
  }

  json::Writer* writer_;
  const WorldPlaces* places_;
  std::vector<std::string_view> system_names_;
  std::vector<std::string_view> attribute_names_;
};

}  // namespace

ApiResult<SqsApi::Receive> SqsApi::read_receive(const Input& input, const Caller& caller) {
  const Queue* const queue = TRY(find_queue(input, caller));
  Receive receive{.queue = queue->name()};
  if (const std::string_view id = input.text("ReceiveRequestAttemptId");
      input.has("ReceiveRequestAttemptId")) {
    if (!queue->fifo()) {
      return wrong_queue_type("ReceiveRequestAttemptId", id);
    }
    TRY(check_token("ReceiveRequestAttemptId", id));
    receive.request.attempt_id = id;
  }
  receive.request.messages_max =
      TRY(ranged(input, "MaxNumberOfMessages", 1, kMessagesMax)).value_or(1);
  if (const auto timeout = TRY(ranged(input, "VisibilityTimeout", 0, kVisibilityMax))) {
    receive.request.visibility_timeout = std::chrono::seconds(*timeout);
  }
  const auto wait = TRY(ranged(input, "WaitTimeSeconds", 0, kWaitMax));
  receive.deadline =
      world_.now() + (wait ? std::chrono::seconds(*wait) : queue->settings().receive_wait);
  receive.system_names = copied(input.texts("MessageSystemAttributeNames"));
  for (const std::string_view name : input.texts("AttributeNames")) {
    receive.system_names.emplace_back(name);
  }
  for (const std::string& name : receive.system_names) {
    if (!listed(kSystemNames, name)) {
      return refuse("InvalidParameterValue", fmt::format("Unknown Attribute {}.", name));
    }
  }
  receive.attribute_names = copied(input.texts("MessageAttributeNames"));
  return receive;
}

void SqsApi::receive_message(const Input& input, const JsonCall& call, const ApiReply& reply) {
  auto receive = read_receive(input, call.caller);
  if (!receive) {
    return reply(std::unexpected(std::move(receive).error()));
  }
  if (auto answer = try_receive(*receive)) {
    return reply(std::move(*answer));
  }
  receive->reply = reply;
  receive->abandoned = call.abandoned;
  waiting_.push_back(std::move(*receive));
}

std::optional<ApiAnswer> SqsApi::try_receive(const Receive& receive) {
  Queue* const queue = world_.find_queue(receive.queue);
  if (queue == nullptr) {
    return refuse("QueueDoesNotExist", "The specified queue does not exist.");
  }
  const bool full = queue->depth().in_flight >= kInFlightMax;
  if (full && !queue->fifo()) {
    return refuse("OverLimit", "Too many messages in flight.", 403);
  }
  // A FIFO queue says nothing of the limit.
  const auto messages =
      full ? std::vector<ReceivedMessage>() : world_.receive(*queue, receive.request);
  if (messages.empty()) {
    return world_.now() < receive.deadline ? std::nullopt : std::optional(ApiAnswer("{}"));
  }
  json::Writer writer;
  const MessageWriter message_writer(
      writer, places_, {receive.system_names.begin(), receive.system_names.end()},
      {receive.attribute_names.begin(), receive.attribute_names.end()});
  writer.begin_object().name("Messages").begin_array();
  for (const ReceivedMessage& message : messages) {
    message_writer.write(message);
  }
  writer.end_array().end_object();
  return std::move(writer).text();
}

void SqsApi::serve_waiting() {
  moves_.run();
  for (auto receive = waiting_.begin(); receive != waiting_.end();) {
    // Only a queue that has something asks, since asking costs a system call.
    const Queue* const queue = world_.find_queue(receive->queue);
    if (queue != nullptr && queue->has_next() && receive->abandoned()) {
      receive = waiting_.erase(receive);
      continue;
    }
    auto answer = try_receive(*receive);
    if (!answer) {
      ++receive;
      continue;
    }
    const ApiReply reply = std::move(receive->reply);
    receive = waiting_.erase(receive);
    reply(std::move(*answer));
  }
}

Instant SqsApi::next_deadline() const {
  const auto first = std::ranges::min_element(waiting_, {}, &Receive::deadline);
  return std::min(first == waiting_.end() ? world::kNever : first->deadline, moves_.next());
}

}  // namespace scaler::emulator
