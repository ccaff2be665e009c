#include "edge/aws/task_protection.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "edge/aws/ecs.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"

namespace scaler::aws {
namespace {

constexpr std::size_t kTasksPerCall = 100;
constexpr int kTaskPagesMax = 100;  ///< ECS has at most 5,000 tasks a service, 100 on a page.

ApiCall ecs_call(std::string operation, const ServiceId& id, json::Writer body) {
  return {.service = AwsService::Ecs,
          .region = std::string(region_of(id)),
          .operation = std::move(operation),
          .subject = id.cluster + "/" + id.service,
          .body = std::move(body).text(),
          .role = id.role};
}

ApiCall protection_call(const ServiceId& id, std::span<const std::string> tasks) {
  json::Writer body;
  body.begin_object().field("cluster", id.cluster).name("tasks").begin_array();
  for (const std::string& task : tasks) {
    body.value(task);
  }
  body.end_array().end_object();
  return ecs_call("GetTaskProtection", id, std::move(body));
}

/// Of how many tasks the reply says that nothing protects them.
Result<std::int64_t> count_unprotected(const json::Value& reply) {
  const json::Reader root(reply);
  std::int64_t count = 0;
  const json::Reader tasks = TRY(root.field("protectedTasks"));
  for (const json::Reader& task : TRY(tasks.items())) {
    const json::Reader enabled = TRY(task.field("protectionEnabled"));
    count += TRY(enabled.boolean()) ? 0 : 1;
  }
  if (const auto failures = root.optional_field("failures")) {
    for (const json::Reader& failure : TRY(failures->items())) {
      const auto reason = failure.optional_field("reason");
      const std::string text = reason ? TRY(reason->string()) : "";
      count += text == "MISSING" || text == "TASK_NOT_VALID" ? 1 : 0;
    }
  }
  return count;
}

}  // namespace

ApiCall ProtectionCount::list() const {
  json::Writer body;
  body.begin_object().field("cluster", id_.cluster).field("serviceName", id_.service);
  if (!next_token_.empty()) {
    body.field("nextToken", next_token_);
  }
  body.end_object();
  return ecs_call("ListTasks", id_, std::move(body));
}

Result<std::vector<ApiCall>> ProtectionCount::read_page(const ApiReply& reply) {
  const json::Reader root(reply.value);
  std::vector<std::string> tasks;
  const json::Reader arns = TRY(root.field("taskArns"));
  for (const json::Reader& arn : TRY(arns.items())) {
    tasks.push_back(TRY(arn.string()));
  }
  const auto token = root.optional_field("nextToken");
  next_token_ = token ? TRY(token->string()) : "";
  if (count_) {
    *count_ += std::ssize(tasks);
  }
  std::vector<ApiCall> next;
  for (std::span<const std::string> left(tasks); !left.empty();) {
    const std::size_t size = std::min(left.size(), kTasksPerCall);
    next.push_back(protection_call(id_, left.first(size)));
    left = left.subspan(size);
  }
  if (++pages_ == kTaskPagesMax && !next_token_.empty()) {
    return fail(ErrorKind::Malformed, "ECS ListTasks: the pages do not end");
  }
  if (!next_token_.empty()) {
    next.push_back(list());
  }
  return next;
}

std::vector<ApiCall> ProtectionCount::take_page(const Result<ApiReply>& reply) {
  Result<std::vector<ApiCall>> next =
      reply ? read_page(*reply) : Result<std::vector<ApiCall>>(std::unexpected(reply.error()));
  if (!next) {
    count_ = std::unexpected(next.error());
  }
  return count_ ? *std::move(next) : std::vector<ApiCall>{};
}

void ProtectionCount::take_protection(const Result<ApiReply>& reply) {
  const Result<std::int64_t> unprotected =
      reply ? count_unprotected(reply->value) : std::unexpected(reply.error());
  if (count_ && unprotected) {
    *count_ = std::max<std::int64_t>(*count_ - *unprotected, 0);
  } else if (count_) {
    count_ = unprotected;
  }
}

Result<std::int64_t> protected_tasks(Client& client, const ServiceId& id, Deadline deadline) {
  ProtectionCount count(id);
  std::vector<ApiCall> calls{count.list()};
  while (!calls.empty()) {
    const std::vector<Result<ApiReply>> replies = client.call(calls, deadline);
    std::vector<ApiCall> next;
    for (std::size_t i = 0; i < calls.size(); ++i) {
      if (ProtectionCount::lists(calls[i])) {
        std::ranges::move(count.take_page(replies[i]), std::back_inserter(next));
      } else {
        count.take_protection(replies[i]);
      }
    }
    calls = std::move(next);
  }
  return count.count();
}

}  // namespace scaler::aws
