#include "emulator/sqs/sqs_attributes.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "emulator/sqs/kept_attributes.h"
#include "ground/base/text.h"
#include "ground/json/reader.h"

namespace scaler::emulator {
namespace {

using world::Queue;
using world::QueueSettings;

constexpr std::int64_t kReceiveCountMax = 1000;

/// RedrivePolicy has an error of its own.
std::unexpected<ApiError> bad_redrive(std::string_view value, std::string_view reason) {
  return refuse(
      "InvalidParameterValue",
      fmt::format("Value {} for parameter RedrivePolicy is invalid. Reason: {}", value, reason));
}

std::int64_t whole_seconds(Duration duration) {
  return std::chrono::floor<std::chrono::seconds>(duration).count();
}

std::int64_t whole_seconds(Instant instant) {
  return whole_seconds(instant.time_since_epoch());
}

/// An attribute that is a whole number: its range and its place in the settings.
struct NumberAttribute {
  std::string_view name = {};
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::int64_t (*read)(const QueueSettings&) = nullptr;
  void (*write)(QueueSettings&, std::int64_t) = nullptr;
};

template <Duration QueueSettings::* Member>
constexpr NumberAttribute seconds_attribute(std::string_view name, std::int64_t min,
                                            std::int64_t max) {
  return {.name = name,
          .min = min,
          .max = max,
          .read = [](const QueueSettings& settings) { return whole_seconds(settings.*Member); },
          .write = [](QueueSettings& settings,
                      std::int64_t value) { settings.*Member = std::chrono::seconds(value); }};
}

constexpr std::array kNumbers{
    seconds_attribute<&QueueSettings::delay>("DelaySeconds", 0, 900),
    NumberAttribute{.name = "MaximumMessageSize",
                    .min = 1024,
                    .max = 1'048'576,
                    .read = [](const QueueSettings& settings) { return settings.message_size_max; },
                    .write = [](QueueSettings& settings,
                                std::int64_t value) { settings.message_size_max = value; }},
    seconds_attribute<&QueueSettings::retention>("MessageRetentionPeriod", 60, 1'209'600),
    seconds_attribute<&QueueSettings::receive_wait>("ReceiveMessageWaitTimeSeconds", 0, 20),
    seconds_attribute<&QueueSettings::visibility_timeout>("VisibilityTimeout", 0, 43'200),
};

constexpr std::array<std::string_view, 6> kReadOnly{"ApproximateNumberOfMessages",
                                                    "ApproximateNumberOfMessagesDelayed",
                                                    "ApproximateNumberOfMessagesNotVisible",
                                                    "CreatedTimestamp",
                                                    "LastModifiedTimestamp",
                                                    "QueueArn"};

/// What only a FIFO queue has, besides what is kept only.
constexpr std::array<std::string_view, 3> kFifo{"ContentBasedDeduplication", "DeduplicationScope",
                                                "FifoQueue"};

std::unexpected<ApiError> unknown_attribute(std::string_view name) {
  return refuse("InvalidAttributeName", fmt::format("Unknown Attribute {}.", name));
}

std::string_view fifo_value(const world::FifoSettings& fifo, std::string_view name) {
  if (name == "ContentBasedDeduplication") {
    return fifo.content_based_deduplication ? "true" : "false";
  }
  if (name == "DeduplicationScope") {
    return fifo.deduplicates_by_group ? "messageGroup" : "queue";
  }
  return "true";
}

ApiResult<void> change_fifo(world::FifoSettings& fifo, std::string_view name,
                            std::string_view value) {
  const bool scope = name == "DeduplicationScope";
  const std::string_view yes = scope ? "messageGroup" : "true";
  const std::string_view no = scope ? "queue" : "false";
  const std::string word = scope ? std::string(value) : lower_case(value);
  if (word != yes && word != no) {
    return bad_value(name, value, fmt::format("Must be {} or {}.", yes, no));
  }
  if (scope) {
    fifo.deduplicates_by_group = word == yes;
  } else if (name == "ContentBasedDeduplication") {
    fifo.content_based_deduplication = word == yes;
  } else if (word == no) {
    return bad_value(name, value, "Modifying queue type is not supported.");
  }
  return {};
}

/// The maxReceiveCount, which SQS takes as a number or as text.
std::optional<std::int64_t> receive_count(const json::Value& policy) {
  const json::Value* const count = policy.find("maxReceiveCount");
  if (count == nullptr) {
    return std::nullopt;
  }
  if (const auto* number = std::get_if<std::int64_t>(&count->data())) {
    return *number;
  }
  const auto* text = std::get_if<std::string>(&count->data());
  return text == nullptr ? std::nullopt : number_of<std::int64_t>(*text);
}

ApiResult<std::optional<world::Redrive>> parse_redrive(std::string_view text, bool fifo,
                                                       const Queue* queue, const FindByArn& find) {
  if (text.empty()) {
    return std::nullopt;
  }
  const Result<json::Value> policy = json::parse(text);
  if (!policy) {
    return bad_redrive(text, "Redrive policy is not a valid JSON map.");
  }
  if (const auto known =
          json::Reader(*policy).only_fields({"deadLetterTargetArn", "maxReceiveCount"});
      !known) {
    return bad_redrive(text, known.error().message);
  }
  for (const char* const field : {"deadLetterTargetArn", "maxReceiveCount"}) {
    if (policy->find(field) == nullptr) {
      return bad_redrive(
          text, fmt::format("Redrive policy does not contain mandatory attribute: {}.", field));
    }
  }
  const auto count = receive_count(*policy);
  if (!count || *count < 1 || *count > kReceiveCountMax) {
    return bad_redrive(text, "Invalid value for maxReceiveCount. It must be from 1 to 1000.");
  }
  const json::Value* const target = policy->find("deadLetterTargetArn");
  const auto* arn = std::get_if<std::string>(&target->data());
  if (arn == nullptr || !WorldPlaces::of_queue_arn(*arn)) {
    return bad_redrive(text, "Invalid value for deadLetterTargetArn.");
  }
  const Queue* const dead_letters = find(*arn);
  if (dead_letters == nullptr) {
    return bad_redrive(text, "Dead letter target does not exist.");
  }
  if (dead_letters->settings().fifo.has_value() != fifo) {
    return bad_redrive(text, "Dead-letter queue must be same type of queue as the source.");
  }
  if (dead_letters == queue) {
    return bad_redrive(text, "A queue cannot be its own dead letter target.");
  }
  return world::Redrive{.dead_letter_queue = dead_letters->name(), .max_receive_count = *count};
}

std::string redrive_text(const world::Redrive& redrive, const WorldPlaces& places) {
  json::Writer writer;
  writer.begin_object()
      .field("deadLetterTargetArn", places.queue_arn(redrive.dead_letter_queue))
      .field("maxReceiveCount", redrive.max_receive_count)
      .end_object();
  return std::move(writer).text();
}

/// All attributes that a queue has, by name.
class AttributeWriter {
 public:
  AttributeWriter(json::Writer& writer, const Queue& queue, const WorldPlaces& places, Instant now)
      : writer_(&writer), queue_(&queue), places_(&places), depth_(queue.approximate_depth(now)) {}

  void write_all() {
    for (const std::string_view name : kReadOnly) {
      write_read_only(name);
    }
    for (const NumberAttribute& attribute : kNumbers) {
      number(attribute.name, attribute.read(queue_->settings()));
    }
    if (const auto& fifo = queue_->settings().fifo) {
      for (const std::string_view name : kFifo) {
        writer_->field(name, fifo_value(*fifo, name));
      }
    }
    write_all_kept(*writer_, queue_->settings());
    write_redrive();
  }

  /// False when there is no such attribute.
  bool write(std::string_view name) {
    if (listed(kReadOnly, name)) {
      write_read_only(name);
      return true;
    }
    const auto* const attribute = std::ranges::find(kNumbers, name, &NumberAttribute::name);
    if (attribute != kNumbers.end()) {
      number(name, attribute->read(queue_->settings()));
      return true;
    }
    if (name == "RedrivePolicy") {
      write_redrive();
      return true;
    }
    if (const auto& fifo = queue_->settings().fifo; fifo && listed(kFifo, name)) {
      writer_->field(name, fifo_value(*fifo, name));
      return true;
    }
    if (is_kept(name, queue_->settings())) {
      write_kept(*writer_, name, queue_->settings());
      return true;
    }
    return false;
  }

 private:
  void number(std::string_view name, std::int64_t value) {
    const fmt::format_int text(value);
    writer_->field(name, std::string_view(text.data(), text.size()));
  }

  void write_read_only(std::string_view name) {
    if (name == "ApproximateNumberOfMessages") {
      number(name, depth_.visible);
    } else if (name == "ApproximateNumberOfMessagesNotVisible") {
      number(name, depth_.in_flight);
    } else if (name == "ApproximateNumberOfMessagesDelayed") {
      number(name, depth_.delayed);
    } else if (name == "CreatedTimestamp") {
      number(name, whole_seconds(queue_->created_at()));
    } else if (name == "LastModifiedTimestamp") {
      number(name, whole_seconds(queue_->modified_at()));
    } else {
      writer_->field(name, places_->queue_arn(queue_->name()));
    }
  }

  void write_redrive() {
    if (queue_->settings().redrive) {
      writer_->field("RedrivePolicy", redrive_text(*queue_->settings().redrive, *places_));
    }
  }

  json::Writer* writer_;
  const Queue* queue_;
  const WorldPlaces* places_;
  QueueDepth depth_;
};

}  // namespace

ApiResult<QueueSettings> change_settings(QueueSettings settings, const Input& input,
                                         const Queue* queue, const FindByArn& find) {
  bool sse_asked_for = false;
  for (const auto& [sent_name, value] : input.text_map("Attributes")) {
    const std::string_view name = sent_name.substr(0, sent_name.find_last_not_of(' ') + 1);
    sse_asked_for = sse_asked_for || (name == "SqsManagedSseEnabled" && value == "true");
    const auto* const attribute = std::ranges::find(kNumbers, name, &NumberAttribute::name);
    if (attribute != kNumbers.end()) {
      const auto number = number_of<std::int64_t>(value);
      if (!number || *number < attribute->min || *number > attribute->max) {
        return bad_value(name, value,
                         fmt::format("Must be from {} to {}.", attribute->min, attribute->max));
      }
      attribute->write(settings, *number);
    } else if (name == "RedrivePolicy") {
      settings.redrive = TRY(parse_redrive(value, settings.fifo.has_value(), queue, find));
    } else if (settings.fifo && listed(kFifo, name)) {
      TRY(change_fifo(*settings.fifo, name, value));
    } else if (is_kept(name, settings)) {
      TRY(keep(settings, name, value));
    } else {
      return unknown_attribute(name);
    }
  }
  TRY(check_together(settings, sse_asked_for));
  return settings;
}

std::string_view different_attribute(const QueueSettings& a, const QueueSettings& b) {
  for (const NumberAttribute& attribute : kNumbers) {
    if (attribute.read(a) != attribute.read(b)) {
      return attribute.name;
    }
  }
  for (const std::string_view name : kFifo) {
    if (a.fifo && b.fifo && fifo_value(*a.fifo, name) != fifo_value(*b.fifo, name)) {
      return name;
    }
  }
  return a.redrive == b.redrive ? different_kept(a, b) : "RedrivePolicy";
}

ApiResult<void> write_attributes(json::Writer& writer, const Queue& queue,
                                 const std::vector<std::string_view>& names,
                                 const WorldPlaces& places, Instant now) {
  AttributeWriter attributes(writer, queue, places, now);
  writer.begin_object();
  if (listed(names, "All")) {
    attributes.write_all();
    writer.end_object();
    return {};
  }
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (std::find(names.begin(), name, *name) != name) {
      continue;
    }
    if (!attributes.write(*name)) {
      return unknown_attribute(*name);
    }
  }
  writer.end_object();
  return {};
}

}  // namespace scaler::emulator
