#include "edge/aws/tagged_services.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "edge/aws/ecs.h"
#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"
#include "scaler/core/names.h"

namespace scaler::aws {
namespace {

constexpr std::int64_t kPageSize = 100;
/// More pages than any account's services fill: a server that repeats its token must not hold us.
constexpr int kPagesMax = 1000;

ApiCall page_call(std::string_view key, const std::string& token) {
  json::Writer body;
  body.begin_object();
  if (!token.empty()) {
    body.field("PaginationToken", token);
  }
  body.name("TagFilters").begin_array().begin_object().field("Key", key).end_object().end_array();
  body.field("ResourcesPerPage", kPageSize);
  body.name("ResourceTypeFilters").begin_array().value("ecs:service").end_array().end_object();
  return {.service = AwsService::Tagging,
          .operation = "GetResources",
          .subject = std::string(key),
          .body = std::move(body).text()};
}

Result<std::string> optional_text(const json::Reader& object, std::string_view name) {
  const auto field = object.optional_field(name);
  return field ? field->string() : Result<std::string>("");
}

/// Adds the ARNs of a page; the token of the next one, empty after the last. A page may be short,
/// or empty, and not be the last.
Result<std::string> read_page(const json::Value& reply, std::vector<std::string>& arns) {
  const json::Reader root(reply);
  const json::Reader list = TRY(root.field("ResourceTagMappingList"));
  for (const json::Reader& resource : TRY(list.items())) {
    const json::Reader arn = TRY(resource.field("ResourceARN"));
    arns.push_back(TRY(arn.string()));
  }
  return optional_text(root, "PaginationToken");
}

/// A service by its ARN, with the cluster that this says.
Result<ServiceId> id_of(const std::string& text) {
  const std::optional<Arn> arn = parse_arn(text);
  const std::vector<std::string_view> parts =
      arn ? split(arn->resource, "/") : std::vector<std::string_view>();
  if (parts.size() != 3 || arn->service != "ecs" || parts[0] != "service") {
    return fail(ErrorKind::Malformed,
                "'" + shortened(text) + "' is no ARN of an ECS service with its cluster");
  }
  return ServiceId{.cluster = std::string(parts[1]), .service = text};
}

Result<ServiceTags> read_tags_of(const json::Reader& service) {
  const std::string status = TRY(optional_text(service, "status"));
  if (status == "INACTIVE") {
    return fail(ErrorKind::NotFound, "INACTIVE");
  }
  ServiceTags tags;
  if (const auto list = service.optional_field("tags")) {
    for (const json::Reader& tag : TRY(list->items())) {
      tags.insert_or_assign(TRY(optional_text(tag, "key")), TRY(optional_text(tag, "value")));
    }
  }
  return tags;
}

/// The tags of one service in a reply about several.
Result<ServiceTags> find_tags(const json::Value& reply, const std::string& arn) {
  const json::Reader root(reply);
  for (const std::string_view list : {"services", "failures"}) {
    const auto field = root.optional_field(list);
    if (!field) {
      continue;
    }
    for (const json::Reader& item : TRY(field->items())) {
      const bool failure = list == "failures";
      if (TRY(optional_text(item, failure ? "arn" : "serviceArn")) != arn) {
        continue;
      }
      if (!failure) {
        return read_tags_of(item);
      }
      const std::string reason = TRY(optional_text(item, "reason"));
      return fail(reason == "MISSING" ? ErrorKind::NotFound : ErrorKind::Rejected, reason);
    }
  }
  return fail(ErrorKind::Malformed, "the reply does not mention the service");
}

Result<ServiceTags> tags_in(const Result<ApiReply>& reply, const std::string& arn) {
  if (!reply) {
    return std::unexpected(reply.error());
  }
  Result<ServiceTags> tags = find_tags(reply->value, arn);
  if (!tags) {
    return fail(std::move(tags).error(), "ECS DescribeServices " + arn);
  }
  return tags;
}

/// Whether the reason for which a batch was refused may lie in one of its members.
bool may_be_of_a_member(ErrorKind kind) {
  return kind == ErrorKind::Denied || kind == ErrorKind::Rejected || kind == ErrorKind::NotFound;
}

/// Services that are asked for in one call, by their places in the list.
struct Batch {
  std::vector<ServiceId> ids = {};
  std::vector<std::size_t> places = {};
};

/// By cluster, ten a call.
std::vector<Batch> batches_of(const std::vector<std::pair<std::size_t, ServiceId>>& services) {
  std::map<std::pair<std::string_view, std::string_view>, std::vector<Batch>> by_key;
  for (const auto& [place, id] : services) {
    std::vector<Batch>& batches = by_key[call_key(id)];
    if (batches.empty() || batches.back().ids.size() == kServicesPerDescription) {
      batches.emplace_back();
    }
    batches.back().ids.push_back(id);
    batches.back().places.push_back(place);
  }
  std::vector<Batch> all;
  for (auto& [key, batches] : by_key) {
    std::ranges::move(batches, std::back_inserter(all));
  }
  return all;
}

}  // namespace

ServiceDirectory::Found TaggedServices::tagged(std::string_view key, Deadline deadline) {
  Found found;
  std::set<std::string> tokens;
  std::string token;
  for (int page = 0; page < kPagesMax; ++page) {
    const Result<ApiReply> reply = client_->call(page_call(key, token), deadline);
    Result<std::string> next = reply ? read_page(reply->value, found.arns)
                                     : Result<std::string>(std::unexpected(reply.error()));
    if (!next) {
      found.error = reply ? Error{next.error().kind,
                                  "Resource Groups Tagging GetResources: " + next.error().message}
                          : reply.error();
      return found;
    }
    token = *std::move(next);
    if (token.empty()) {
      return found;
    }
    if (!tokens.insert(token).second) {
      break;
    }
  }
  found.error =
      Error{ErrorKind::Malformed, "Resource Groups Tagging GetResources: the pages have no end"};
  return found;
}

std::vector<Result<ServiceTags>> TaggedServices::tags_of(std::span<const std::string> arns,
                                                         Deadline deadline) {
  std::vector<Result<ServiceTags>> tags(arns.size());
  std::vector<std::pair<std::size_t, ServiceId>> services;
  for (std::size_t i = 0; i < arns.size(); ++i) {
    if (Result<ServiceId> id = id_of(arns[i])) {
      services.emplace_back(i, *std::move(id));
    } else {
      tags[i] = std::unexpected(std::move(id).error());
    }
  }
  std::vector<Batch> batches = batches_of(services);
  while (!batches.empty()) {
    std::vector<ApiCall> calls;
    for (const Batch& batch : batches) {
      calls.push_back(describe_call(batch.ids, WithTags::Yes));
    }
    const std::vector<Result<ApiReply>> replies = client_->call(calls, deadline);
    std::vector<Batch> alone;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      const Batch& batch = batches[i];
      const bool split =
          batch.ids.size() > 1 && !replies[i] && may_be_of_a_member(replies[i].error().kind);
      for (std::size_t j = 0; j < batch.ids.size(); ++j) {
        if (split) {
          alone.push_back({.ids = {batch.ids[j]}, .places = {batch.places[j]}});
        } else {
          tags[batch.places[j]] = tags_in(replies[i], arns[batch.places[j]]);
        }
      }
    }
    batches = std::move(alone);
  }
  return tags;
}

}  // namespace scaler::aws
