#include "emulator/others/tagging_api.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "emulator/ecs/ecs_names.h"
#include "emulator/request/api_input.h"
#include "ground/base/text.h"
#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

constexpr std::int64_t kPageMax = 100;

std::unexpected<ApiError> invalid_parameter(std::string message) {
  return refuse("InvalidParameterException", std::move(message));
}

struct TagFilter {
  std::string_view key = {};
  std::vector<std::string_view> values = {};  ///< empty: any
};

ApiResult<std::vector<TagFilter>> read_filters(const Input& input) {
  static constexpr std::array<Field, 2> kFields{{{"Key"}, {"Values", FieldKind::Texts}}};
  std::vector<TagFilter> filters;
  for (const json::Value& filter : input.objects("TagFilters")) {
    const Input read = TRY(Input::read(filter, kFields, "InvalidParameterException"));
    if (read.text("Key").empty()) {
      return invalid_parameter("A tag filter needs a key.");
    }
    filters.push_back({.key = read.text("Key"), .values = read.texts("Values")});
  }
  return filters;
}

}  // namespace

struct TaggingApi::Resource {
  std::string type = {};  ///< "ecs:service", ...
  std::string arn = {};
  std::map<std::string, std::string, std::less<>> tags = {};

  bool fits(const TagFilter& filter) const {
    const auto found = tags.find(filter.key);
    return found != tags.end() && (filter.values.empty() || listed(filter.values, found->second));
  }
};

/// Those that have tags, sorted.
std::vector<TaggingApi::Resource> TaggingApi::resources(const Caller& caller) const {
  std::vector<Resource> all;
  const auto add = [&](std::string type, std::string arn, const auto& tags) {
    if (!tags.empty()) {
      all.push_back(
          {.type = std::move(type), .arn = std::move(arn), .tags = {tags.begin(), tags.end()}});
    }
  };
  for (const auto& [cluster_name, cluster] : world_.clusters()) {
    if (!places_.place_of(cluster_name).is_of(caller)) {
      continue;
    }
    add("ecs:cluster", cluster_arn(caller.region, cluster_name), cluster.tags);
    for (const auto& [name, service] : cluster.services) {
      if (service->status() != ServiceStatus::Inactive) {
        add("ecs:service", service_arn(caller.region, cluster_name, name), service->tags());
      }
    }
  }
  for (const auto& [name, queue] : world_.queues()) {
    if (places_.place_of(name).is_of(caller)) {
      add("sqs:queue", places_.queue_arn(name), queue->tags());
    }
  }
  std::ranges::sort(all, {}, &Resource::arn);
  return all;
}

ApiAnswer TaggingApi::handle(const JsonCall& call) const {
  static constexpr std::array<Field, 8> kFields{{{"PaginationToken"},
                                                 {"TagFilters", FieldKind::Objects},
                                                 {"ResourcesPerPage", FieldKind::Integer},
                                                 {"TagsPerPage", FieldKind::Integer},
                                                 {"ResourceTypeFilters", FieldKind::Texts},
                                                 {"IncludeComplianceDetails", FieldKind::Flag},
                                                 {"ExcludeCompliantResources", FieldKind::Flag},
                                                 {"ResourceARNList", FieldKind::Texts}}};
  if (call.operation != kOperation) {
    return refuse("UnknownOperationException",
                  fmt::format("Resource Groups Tagging has no operation {} here.", call.operation));
  }
  const Input input = TRY(Input::read(call.body, kFields, "InvalidParameterException"));
  const auto filters = TRY(read_filters(input));
  const auto types = input.texts("ResourceTypeFilters");
  const auto arns = input.texts("ResourceARNList");
  const std::int64_t page = input.integer("ResourcesPerPage").value_or(kPageMax);
  if (page < 1 || page > kPageMax) {
    return invalid_parameter(fmt::format("ResourcesPerPage must be from 1 to {}.", kPageMax));
  }
  const std::string_view token = input.text("PaginationToken");
  std::vector<Resource> found = resources(call.caller);
  std::erase_if(found, [&](const Resource& resource) {
    const bool typed =
        types.empty() || std::ranges::any_of(types, [&](std::string_view type) {
          return resource.type == type || resource.type.substr(0, resource.type.find(':')) == type;
        });
    return !typed || (!arns.empty() && !listed(arns, resource.arn)) ||
           !std::ranges::all_of(filters,
                                [&](const TagFilter& filter) { return resource.fits(filter); }) ||
           resource.arn <= token;  // The token is the last ARN of the page before.
  });
  const bool more = std::ssize(found) > page;
  found.resize(std::min(found.size(), static_cast<std::size_t>(page)));
  json::Writer writer;
  writer.begin_object().field("PaginationToken", more ? found.back().arn : "");
  writer.name("ResourceTagMappingList").begin_array();
  for (const Resource& resource : found) {
    writer.begin_object().field("ResourceARN", resource.arn).name("Tags").begin_array();
    for (const auto& [key, value] : resource.tags) {
      writer.begin_object().field("Key", key).field("Value", value).end_object();
    }
    writer.end_array().end_object();
  }
  writer.end_array().end_object();
  return std::move(writer).text();
}

}  // namespace scaler::emulator
