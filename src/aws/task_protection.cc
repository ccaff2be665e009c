#include "aws/task_protection.h"

#include <algorithm>
#include <string>
#include <utility>

#include "json/reader.h"
#include "json/writer.h"

namespace scaler::aws {
namespace {

constexpr std::size_t kTasksPerCall = 100;
constexpr int kPagesMax = 100;  ///< ECS has at most 5,000 tasks a service, 100 on a page.

struct Listing {
  Result<std::vector<std::string>> tasks = {};  ///< ARNs
  std::string next_token = {};
  int pages = 0;
  bool complete = false;
};

ApiCall ecs_call(std::string operation, const ServiceId& id, json::Writer body) {
  return {.service = Service::Ecs,
          .operation = std::move(operation),
          .subject = id.cluster + "/" + id.service,
          .body = std::move(body).text()};
}

ApiCall list_call(const ServiceId& id, const std::string& next_token) {
  json::Writer body;
  body.begin_object().field("cluster", id.cluster).field("serviceName", id.service);
  if (!next_token.empty()) {
    body.field("nextToken", next_token);
  }
  body.end_object();
  return ecs_call("ListTasks", id, std::move(body));
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

/// Adds a page to the listing.
Result<void> read_page(const json::Value& reply, Listing& listing) {
  const json::Reader root(reply);
  const json::Reader arns = TRY(root.field("taskArns"));
  for (const json::Reader& arn : TRY(arns.items())) {
    listing.tasks->push_back(TRY(arn.string()));
  }
  const auto token = root.optional_field("nextToken");
  listing.next_token = token ? TRY(token->string()) : "";
  listing.complete = listing.next_token.empty();
  if (++listing.pages == kPagesMax && !listing.complete) {
    return fail(ErrorKind::Malformed, "ECS ListTasks: the pages do not end");
  }
  return {};
}

void take_page(const Result<ApiReply>& reply, Listing& listing) {
  const Result<void> page =
      reply ? read_page(reply->value, listing) : std::unexpected(reply.error());
  if (!page) {
    listing.tasks = std::unexpected(page.error());
  }
}

/// All tasks of each service, the pages of all services side by side.
std::vector<Listing> list_tasks(Client& client, std::span<const ServiceId> ids, Deadline deadline) {
  std::vector<Listing> listings(ids.size());
  while (true) {
    std::vector<std::size_t> open;
    std::vector<ApiCall> calls;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (listings[i].tasks && !listings[i].complete) {
        open.push_back(i);
        calls.push_back(list_call(ids[i], listings[i].next_token));
      }
    }
    if (calls.empty()) {
      return listings;
    }
    const std::vector<Result<ApiReply>> replies = client.call(calls, deadline);
    for (std::size_t i = 0; i < open.size(); ++i) {
      take_page(replies[i], listings[open[i]]);
    }
  }
}

Result<std::int64_t> count_protected(const json::Value& reply) {
  const json::Reader root(reply);
  std::int64_t count = 0;
  const json::Reader tasks = TRY(root.field("protectedTasks"));
  for (const json::Reader& task : TRY(tasks.items())) {
    const json::Reader enabled = TRY(task.field("protectionEnabled"));
    count += TRY(enabled.boolean()) ? 1 : 0;
  }
  if (const auto failures = root.optional_field("failures")) {
    for (const json::Reader& failure : TRY(failures->items())) {
      const auto reason = failure.optional_field("reason");
      const std::string text = reason ? TRY(reason->string()) : "";
      count += text == "MISSING" || text == "TASK_NOT_VALID" ? 0 : 1;
    }
  }
  return count;
}

}  // namespace

std::vector<Result<std::int64_t>> protected_tasks(Client& client, std::span<const ServiceId> ids,
                                                  Deadline deadline) {
  const std::vector<Listing> listings = list_tasks(client, ids, deadline);
  std::vector<Result<std::int64_t>> counts;
  std::vector<std::size_t> service_of;
  std::vector<ApiCall> calls;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!listings[i].tasks) {
      counts.emplace_back(std::unexpected(listings[i].tasks.error()));
      continue;
    }
    counts.emplace_back(0);
    std::span<const std::string> left(*listings[i].tasks);
    while (!left.empty()) {
      const std::size_t size = std::min(left.size(), kTasksPerCall);
      calls.push_back(protection_call(ids[i], left.first(size)));
      service_of.push_back(i);
      left = left.subspan(size);
    }
  }
  const std::vector<Result<ApiReply>> replies = client.call(calls, deadline);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    Result<std::int64_t>& count = counts[service_of[i]];
    const Result<std::int64_t> more =
        replies[i] ? count_protected(replies[i]->value) : std::unexpected(replies[i].error());
    if (count && more) {
      *count += *more;
    } else if (count) {
      count = more;
    }
  }
  return counts;
}

}  // namespace scaler::aws
