#include "edge/aws/event_source_mappings.h"

#include <array>
#include <utility>

#include "edge/aws/reply_fields.h"
#include "ground/base/problems.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"
#include "ground/net/url.h"
#include "scaler/core/names.h"

namespace scaler::aws {
namespace {

constexpr std::string_view kPath = "/2015-03-31/event-source-mappings";
/// More pages than any account's mappings fill: a server that repeats its marker must not hold us.
constexpr int kMappingPagesMax = 1000;

constexpr std::array<std::pair<std::string_view, MappingState>, 7> kStates{{
    {"Creating", MappingState::Creating},
    {"Enabling", MappingState::Enabling},
    {"Enabled", MappingState::Enabled},
    {"Disabling", MappingState::Disabling},
    {"Disabled", MappingState::Disabled},
    {"Updating", MappingState::Updating},
    {"Deleting", MappingState::Deleting},
}};

ApiCall mapping_call(std::string operation, const std::string& id) {
  return {.service = AwsService::Lambda,
          .operation = std::move(operation),
          .subject = id,
          .method = "GET",
          .target = std::string(kPath) + "/" + net::percent_encode(id)};
}

Result<MappingState> read_state(const json::Reader& field) {
  const std::string text = TRY(field.string());
  for (const auto& [name, state] : kStates) {
    if (text == name) {
      return state;
    }
  }
  return fail(ErrorKind::Malformed, field.path() + ": '" + shortened(text) + "' is not known");
}

Result<EventSourceMapping> read_mapping(const json::Reader& mapping) {
  const json::Reader id = TRY(mapping.field("UUID"));
  const json::Reader state = TRY(mapping.field("State"));
  EventSourceMapping read;
  read.id = TRY(id.string());
  read.event_source_arn = TRY(text_or(mapping, "EventSourceArn"));
  read.function_arn = TRY(text_or(mapping, "FunctionArn"));
  read.state = TRY(read_state(state));
  if (const auto types = mapping.optional_field("FunctionResponseTypes")) {
    for (const json::Reader& type : TRY(types->items())) {
      const bool reports = TRY(type.string()) == "ReportBatchItemFailures";
      read.reports_batch_item_failures = read.reports_batch_item_failures || reports;
    }
  }
  if (const auto size = mapping.optional_field("BatchSize")) {
    read.batch_size = TRY(size->integer({.min = 0}));
  }
  return read;
}

Result<EventSourceMapping> one_mapping(Client& client, const ApiCall& call, Deadline deadline) {
  const ApiReply reply = TRY(client.call(call, deadline));
  Result<EventSourceMapping> mapping = read_mapping(json::Reader(reply.value));
  if (!mapping.has_value()) {
    return fail(std::move(mapping).error(), "Lambda " + call.operation + " " + call.subject);
  }
  return mapping;
}

struct MappingPage {
  std::vector<EventSourceMapping> mappings = {};
  std::string next = {};
};

Result<MappingPage> read_page(const json::Value& reply) {
  const json::Reader root(reply);
  MappingPage page;
  const json::Reader list = TRY(root.field("EventSourceMappings"));
  for (const json::Reader& mapping : TRY(list.items())) {
    page.mappings.push_back(TRY(read_mapping(mapping)));
  }
  page.next = TRY(text_or(root, "NextMarker"));
  return page;
}

ApiCall list_call(const MappingFilter& filter, const std::string& marker) {
  std::vector<std::pair<std::string, std::string>> parameters;
  const auto add = [&parameters](const char* name, const std::string& value) {
    if (!value.empty()) {
      parameters.emplace_back(name, value);
    }
  };
  add("EventSourceArn", filter.event_source_arn);
  add("FunctionName", filter.function_name);
  add("Marker", marker);
  add("MaxItems", "100");
  // A mapping lies in its function's region, which is that of its queue.
  const auto function = parse_function_arn(filter.function_name);
  const auto source = parse_arn(filter.event_source_arn);
  return {
      .service = AwsService::Lambda,
      .region = function ? function->region
                : source ? source->region
                         : filter.region,
      .operation = "ListEventSourceMappings",
      .subject = filter.event_source_arn.empty() ? filter.function_name : filter.event_source_arn,
      .method = "GET",
      .target = std::string(kPath) + "?" + net::query_string(parameters)};
}

}  // namespace

Result<EventSourceMapping> EventSourceMappings::get(const std::string& id, Deadline deadline) {
  return one_mapping(*client_, mapping_call("GetEventSourceMapping", id), deadline);
}

Result<std::vector<EventSourceMapping>> EventSourceMappings::list(const MappingFilter& filter,
                                                                  Deadline deadline) {
  std::vector<EventSourceMapping> mappings;
  std::string marker;
  for (int i = 0; i < kMappingPagesMax; ++i) {
    const ApiReply reply = TRY(client_->call(list_call(filter, marker), deadline));
    Result<MappingPage> page = read_page(reply.value);
    if (!page.has_value()) {
      return fail(std::move(page).error(), "Lambda ListEventSourceMappings");
    }
    for (EventSourceMapping& mapping : page->mappings) {
      mappings.push_back(std::move(mapping));
    }
    marker = std::move(page->next);
    if (marker.empty()) {
      return mappings;
    }
  }
  return fail(ErrorKind::Malformed, "Lambda ListEventSourceMappings: the pages do not end");
}

Result<EventSourceMapping> EventSourceMappings::set_enabled(const std::string& id, bool enabled,
                                                            Deadline deadline) {
  ApiCall call = mapping_call("UpdateEventSourceMapping", id);
  call.method = "PUT";
  json::Writer body;
  body.begin_object().field("Enabled", enabled).end_object();
  call.body = std::move(body).text();
  return one_mapping(*client_, call, deadline);
}

}  // namespace scaler::aws
