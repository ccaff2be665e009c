#include "emulator/sqs/kept_attributes.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include <fmt/core.h>

#include "emulator/request/api_input.h"
#include "ground/base/text.h"
#include "ground/json/members.h"
#include "ground/json/reader.h"

namespace scaler::emulator {
namespace {

using world::QueueSettings;

constexpr std::size_t kKeyIdMax = 2048;
constexpr std::int64_t kKeyReuseMin = 60;
constexpr std::int64_t kKeyReuseMax = 86'400;
constexpr std::size_t kSourceQueuesMax = 10;

/// Why the value cannot be, or nothing.
using Complaint = std::string_view;

Complaint no_policy(std::string_view value) {
  const auto policy = json::parse(value);
  const bool valid = policy && policy->find("Statement") != nullptr;
  return valid ? "" : "Policy is not a valid policy document.";
}

Complaint no_key(std::string_view value) {
  return value.size() <= kKeyIdMax ? "" : "The key id is too long.";
}

Complaint no_key_reuse(std::string_view value) {
  const auto seconds = number_of<std::int64_t>(value);
  const bool valid = seconds && *seconds >= kKeyReuseMin && *seconds <= kKeyReuseMax;
  return valid ? "" : "Must be from 60 to 86400.";
}

Complaint no_flag(std::string_view value) {
  return value == "true" || value == "false" ? "" : "Must be true or false.";
}

Complaint no_limit(std::string_view value) {
  return value == "perQueue" || value == "perMessageGroupId"
             ? ""
             : "Must be perQueue or perMessageGroupId.";
}

Complaint no_redrive_allow_policy(std::string_view value) {
  const auto policy = json::parse(value);
  if (!policy || !json::Reader(*policy).only_fields({"redrivePermission", "sourceQueueArns"})) {
    return "Redrive allow policy is not a valid JSON map.";
  }
  const std::string* const word = json::text_member(*policy, "redrivePermission");
  if (word == nullptr || !listed(std::array{"allowAll", "denyAll", "byQueue"}, *word)) {
    return "redrivePermission must be allowAll, denyAll or byQueue.";
  }
  const json::Value* const sources = policy->find("sourceQueueArns");
  if (*word != "byQueue") {
    return sources == nullptr ? "" : "sourceQueueArns are allowed with byQueue only.";
  }
  const auto* const arns =
      sources == nullptr ? nullptr : std::get_if<json::Array>(&sources->data());
  const bool valid =
      arns != nullptr && !arns->empty() && arns->size() <= kSourceQueuesMax &&
      std::ranges::all_of(*arns, [](const json::Value& arn) {
        const auto* const text = std::get_if<std::string>(&arn.data());
        return text != nullptr && text->starts_with("arn:aws") && text->contains(":sqs:");
      });
  return valid ? "" : "sourceQueueArns must be 1 to 10 ARNs of queues.";
}

struct KeptAttribute {
  std::string_view name = {};
  Complaint (*check)(std::string_view) = nullptr;
  std::string_view otherwise = {};  ///< told when nothing is kept; empty: nothing is told
  bool removable = false;           ///< by an empty text
  bool fifo = false;                ///< only FIFO queues have it
};

constexpr std::string_view kKey = "KmsMasterKeyId";
constexpr std::string_view kKeyReuse = "KmsDataKeyReusePeriodSeconds";
constexpr std::string_view kSse = "SqsManagedSseEnabled";
constexpr std::string_view kLimit = "FifoThroughputLimit";

constexpr std::array<KeptAttribute, 6> kKept{
    {{.name = kLimit, .check = no_limit, .otherwise = "perQueue", .fifo = true},
     {.name = kKeyReuse, .check = no_key_reuse, .otherwise = "300"},
     {.name = kKey, .check = no_key, .removable = true},
     {.name = "Policy", .check = no_policy, .removable = true},
     {.name = "RedriveAllowPolicy", .check = no_redrive_allow_policy, .removable = true},
     {.name = kSse, .check = no_flag, .otherwise = "true"}}};

std::string_view value_of(const QueueSettings& settings, const KeptAttribute& attribute) {
  const auto found = settings.kept.find(std::string(attribute.name));
  return found == settings.kept.end() ? attribute.otherwise : std::string_view(found->second);
}

bool has_key(const QueueSettings& settings) {
  return settings.kept.contains(std::string(kKey));
}

}  // namespace

std::unexpected<ApiError> bad_value(std::string_view name, std::string_view value,
                                    std::string_view reason) {
  return refuse(
      "InvalidAttributeValue",
      fmt::format("Invalid value for the parameter {}. Reason: '{}': {}", name, value, reason));
}

bool is_kept(std::string_view name, const QueueSettings& settings) {
  const auto* const attribute = std::ranges::find(kKept, name, &KeptAttribute::name);
  return attribute != kKept.end() && (!attribute->fifo || settings.fifo);
}

ApiResult<void> keep(QueueSettings& settings, std::string_view name, std::string_view value) {
  const auto* const attribute = std::ranges::find(kKept, name, &KeptAttribute::name);
  if (value.empty() && attribute->removable) {
    settings.kept.erase(std::string(name));
    return {};
  }
  if (const Complaint complaint = attribute->check(value); !complaint.empty()) {
    return bad_value(name, value, complaint);
  }
  settings.kept[std::string(name)] = value;
  return {};
}

ApiResult<void> check_together(QueueSettings& settings, bool sse_asked_for) {
  if (has_key(settings)) {
    if (sse_asked_for) {
      return refuse("InvalidAttributeName",
                    "You can use one type of server-side encryption (SSE) at one time. You can "
                    "either enable KMS SSE or SQS SSE.");
    }
    settings.kept[std::string(kSse)] = "false";
  }
  const auto limit = settings.kept.find(std::string(kLimit));
  const bool by_group = limit != settings.kept.end() && limit->second == "perMessageGroupId";
  if (by_group && settings.fifo && !settings.fifo->deduplicates_by_group) {
    return bad_value(kLimit, limit->second, "DeduplicationScope must be messageGroup.");
  }
  return {};
}

void write_kept(json::Writer& writer, std::string_view name, const QueueSettings& settings) {
  const auto* const attribute = std::ranges::find(kKept, name, &KeptAttribute::name);
  const std::string_view value = value_of(settings, *attribute);
  if (!value.empty() && (name != kKeyReuse || has_key(settings))) {
    writer.field(name, value);
  }
}

void write_all_kept(json::Writer& writer, const QueueSettings& settings) {
  for (const KeptAttribute& attribute : kKept) {
    if (is_kept(attribute.name, settings)) {
      write_kept(writer, attribute.name, settings);
    }
  }
}

std::string_view different_kept(const QueueSettings& a, const QueueSettings& b) {
  const auto* const found = std::ranges::find_if(kKept, [&](const KeptAttribute& attribute) {
    return value_of(a, attribute) != value_of(b, attribute);
  });
  return found == kKept.end() ? "" : found->name;
}

}  // namespace scaler::emulator
