#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "emulator/sqs/sqs_api.h"
#include "emulator/sqs/sqs_attributes.h"
#include "ground/json/members.h"

// The part of SqsApi that adds statements to a queue's policy and takes them away. Nobody is denied
// anything for it.

namespace scaler::emulator {
namespace {

using world::Queue;

constexpr std::ptrdiff_t kActionsMax = 7;
constexpr std::size_t kAccountDigits = 12;

constexpr std::array<std::string_view, 9> kActions{
    "*",           "ChangeMessageVisibility",    "DeleteMessage", "GetQueueAttributes",
    "GetQueueUrl", "ListDeadLetterSourceQueues", "PurgeQueue",    "ReceiveMessage",
    "SendMessage"};

json::Value text(std::string value) {
  return json::Value(std::move(value));
}

/// One text alone, several as a list: how AWS writes them.
json::Value one_or_many(const std::vector<std::string>& texts) {
  if (texts.size() == 1) {
    return text(texts.front());
  }
  json::Array list;
  for (const std::string& one : texts) {
    list.push_back(text(one));
  }
  return json::Value(std::move(list));
}

/// The policy that the queue has, or one without statements.
json::Object policy_of(const Queue& queue, const std::string& arn) {
  const auto kept = queue.settings().kept.find("Policy");
  if (kept != queue.settings().kept.end()) {
    auto policy = json::parse(kept->second);
    if (policy && policy->find("Statement") != nullptr) {
      if (auto* const members = std::get_if<json::Object>(&policy->data())) {
        return std::move(*members);
      }
    }
  }
  return {{"Version", text("2008-10-17")},
          {"Id", text(arn + "/SQSDefaultPolicy")},
          {"Statement", json::Value(json::Array())}};
}

/// The statements of a policy; one that stands alone becomes a list.
json::Array& statements_of(json::Object& policy) {
  json::Value& statements = std::ranges::find(policy, "Statement", [](const auto& member) {
                              return std::string_view(member.first);
                            })->second;
  if (!std::holds_alternative<json::Array>(statements.data())) {
    json::Array list;
    list.push_back(std::move(statements));
    statements = json::Value(std::move(list));
  }
  return std::get<json::Array>(statements.data());
}

bool has_label(const json::Value& statement, std::string_view label) {
  const std::string* const found = json::text_member(statement, "Sid");
  return found != nullptr && *found == label;
}

std::unexpected<ApiError> bad_value(std::string_view value, std::string_view name,
                                    std::string_view reason) {
  return refuse(
      "InvalidParameterValue",
      fmt::format("Value {} for parameter {} is invalid. Reason: {}", value, name, reason));
}

ApiResult<void> check_permission(const Input& input) {
  const auto accounts = input.texts("AWSAccountIds");
  const auto actions = input.texts("Actions");
  if (actions.empty()) {
    return refuse("MissingParameter", "The request must contain the parameter Actions.");
  }
  const bool known = !accounts.empty() && std::ranges::all_of(accounts, [](std::string_view id) {
    return id.size() == kAccountDigits &&
           std::ranges::all_of(id, [](char c) { return c >= '0' && c <= '9'; });
  });
  if (!known) {
    return bad_value(fmt::format("[{}]", fmt::join(accounts, ", ")), "PrincipalId",
                     "Unable to verify.");
  }
  if (std::ssize(actions) > kActionsMax) {
    return refuse(
        "OverLimit",
        fmt::format("{} Actions were found, maximum allowed is {}.", actions.size(), kActionsMax),
        403);
  }
  for (const std::string_view action : actions) {
    if (!listed(kActions, action)) {
      return bad_value(fmt::format("SQS:{}", action), "ActionName",
                       "Only the queue owner is allowed to invoke this action.");
    }
  }
  return {};
}

void keep_policy(Queue& queue, json::Object policy, Instant now) {
  world::QueueSettings settings = queue.settings();
  if (statements_of(policy).empty()) {
    settings.kept.erase("Policy");
  } else {
    json::Writer writer;
    writer.value(json::Value(std::move(policy)));
    settings.kept["Policy"] = std::move(writer).text();
  }
  queue.change_settings(std::move(settings), now);
}

}  // namespace

ApiAnswer SqsApi::add_permission(const Input& input, const Caller& caller) {
  Queue* const queue = TRY(find_queue(input, caller));
  TRY(check_permission(input));
  const std::string arn = places_.queue_arn(queue->name());
  json::Object policy = policy_of(*queue, arn);
  json::Array& statements = statements_of(policy);
  const std::string label(input.text("Label"));
  if (std::ranges::any_of(statements,
                          [&](const json::Value& one) { return has_label(one, label); })) {
    return bad_value(label, "Label", "Already exists.");
  }
  std::vector<std::string> principals;
  for (const std::string_view account : input.texts("AWSAccountIds")) {
    principals.push_back(fmt::format("arn:aws:iam::{}:root", account));
  }
  std::vector<std::string> actions;
  for (const std::string_view action : input.texts("Actions")) {
    actions.push_back(fmt::format("SQS:{}", action));
  }
  statements.push_back(json::Value(
      json::Object{{"Sid", text(label)},
                   {"Effect", text("Allow")},
                   {"Principal", json::Value(json::Object{{"AWS", one_or_many(principals)}})},
                   {"Action", one_or_many(actions)},
                   {"Resource", text(arn)}}));
  keep_policy(*queue, std::move(policy), world_.now());
  return "";
}

ApiAnswer SqsApi::remove_permission(const Input& input, const Caller& caller) {
  Queue* const queue = TRY(find_queue(input, caller));
  json::Object policy = policy_of(*queue, places_.queue_arn(queue->name()));
  const std::string_view label = input.text("Label");
  const auto removed = std::erase_if(statements_of(policy),
                                     [&](const json::Value& one) { return has_label(one, label); });
  if (removed == 0) {
    return bad_value(label, "Label", "can't find label on existing policy.");
  }
  keep_policy(*queue, std::move(policy), world_.now());
  return "";
}

}  // namespace scaler::emulator
