#include "edge/aws/api_call.h"

#include <utility>

#include "ground/base/problems.h"
#include "ground/base/text.h"

namespace scaler::aws {
namespace {

struct Protocol {
  std::string_view content_type = {};
  std::string_view target_prefix = {};  ///< of X-Amz-Target; empty when there is no such header
};

Protocol protocol_of(AwsService service) {
  switch (service) {
    case AwsService::Sqs:
      return {.content_type = "application/x-amz-json-1.0", .target_prefix = "AmazonSQS"};
    case AwsService::Ecs:
      return {.content_type = "application/x-amz-json-1.1",
              .target_prefix = "AmazonEC2ContainerServiceV20141113"};
    case AwsService::Lambda:
      return {.content_type = "application/json"};
    case AwsService::AutoScaling:
      return {.content_type = "application/x-amz-json-1.1",
              .target_prefix = "AnyScaleFrontendService"};
    case AwsService::CloudWatch:
      return {.content_type = "application/x-amz-json-1.0",
              .target_prefix = "GraniteServiceVersion20100801"};
    case AwsService::DynamoDb:
      return {.content_type = "application/x-amz-json-1.0", .target_prefix = "DynamoDB_20120810"};
    case AwsService::Tagging:
      return {.content_type = "application/x-amz-json-1.1",
              .target_prefix = "ResourceGroupsTaggingAPI_20170126"};
    case AwsService::S3:
      return {};
    case AwsService::Sts:
    case AwsService::Ec2AutoScaling:
      return {.content_type = "application/x-www-form-urlencoded; charset=utf-8"};
  }
  return {};
}

/// The host of a bucket is its own where its certificate allows that; whoever stands in AWS's place
/// has one host for all.
Destination of_bucket(Destination destination, const std::string& bucket, bool configured) {
  if (configured || bucket.contains('.')) {
    destination.endpoint.path += "/" + bucket;
  } else {
    destination.endpoint.origin.host = bucket + "." + destination.endpoint.origin.host;
  }
  return destination;
}

/// Whoever asks another region than the bucket's is told which one is right.
std::string right_region(const net::HttpResponse& response) {
  const bool redirects =
      response.status == 301 ||
      (response.status == 400 && read_error(response).code == "AuthorizationHeaderMalformed");
  return redirects
             ? std::string(net::find_header(response.headers, "x-amz-bucket-region").value_or(""))
             : "";
}

bool speaks_query(AwsService service) {
  return service == AwsService::Sts || service == AwsService::Ec2AutoScaling;
}

}  // namespace

std::string describe(const ApiCall& call) {
  std::string text(display_name(call.service));
  text += " " + call.operation;
  return call.subject.empty() ? text : text + " " + call.subject;
}

Result<Destination> destination_of(const ApiCall& call, const ClientSettings& settings) {
  if (call.queue_url.empty()) {
    Destination destination = TRY(settings.destination(call.service, call.region));
    const bool configured =
        settings.configured.at(static_cast<std::size_t>(call.service)).has_value();
    return call.bucket.empty() ? std::move(destination)
                               : of_bucket(std::move(destination), call.bucket, configured);
  }
  const QueueAddress queue = TRY(parse_queue(call.queue_url));
  return settings.destination(queue, call.region);
}

net::HttpRequest request_of(const ApiCall& call, const Endpoint& endpoint) {
  const Protocol protocol = protocol_of(call.service);
  net::HttpRequest request{.origin = endpoint.origin,
                           .method = call.method,
                           .target = endpoint.path + call.target,
                           .body = call.body,
                           .repeatable = call.repeatable};
  if (!call.body.empty()) {
    request.headers.push_back(
        {.name = "Content-Type", .value = std::string(protocol.content_type)});
  }
  request.headers.insert(request.headers.end(), call.headers.begin(), call.headers.end());
  if (!protocol.target_prefix.empty()) {
    request.headers.push_back(
        {.name = "X-Amz-Target",
         .value = std::string(protocol.target_prefix) + "." + call.operation});
  }
  request.headers.push_back({.name = "User-Agent", .value = "ecs-scaler"});
  return request;
}

/// An object of S3 comes whole, or is the one that was named. What is a part of one, or has not
/// changed since nobody knows when, says nothing.
bool is_answer(const ApiCall& call, const net::HttpResponse& response) {
  if (call.service != AwsService::S3) {
    return response.status / 100 == 2;
  }
  const bool named = net::find_header(call.headers, "If-None-Match").has_value();
  return response.status == 200 || (response.status == 304 && named) ||
         !right_region(response).empty();
}

Result<ApiReply> decode(const ApiCall& call, const net::HttpResponse& response) {
  if (call.service == AwsService::S3) {
    return ApiReply{.text = response.body,
                    .etag = std::string(net::find_header(response.headers, "etag").value_or("")),
                    .unchanged = response.status == 304,
                    .bucket_region = right_region(response)};
  }
  if (speaks_query(call.service)) {
    return ApiReply{.text = response.body};
  }
  ApiReply reply{.value = json::Value(json::Object{}),
                 .function_error = std::string(
                     net::find_header(response.headers, "X-Amz-Function-Error").value_or(""))};
  if (response.body.empty()) {
    return reply;
  }
  Result<json::Value> value = json::parse(response.body, call.unread);
  if (!value.has_value()) {
    return fail(std::move(value).error(), describe(call));
  }
  reply.value = *std::move(value);
  return reply;
}

std::optional<Duration> server_pause(const net::HttpResponse& response) {
  const auto text = net::find_header(response.headers, "x-amz-retry-after");
  const auto milliseconds = text ? number_of<std::int64_t>(*text) : std::nullopt;
  return milliseconds && *milliseconds >= 0 ? std::optional(Duration(*milliseconds)) : std::nullopt;
}

Error error_of(const ApiCall& call, const ServiceError& error, int status) {
  constexpr std::size_t kMessageMax = 2000;
  std::string message = describe(call) + ": " + shortened(error.code);
  if (!error.message.empty()) {
    message += ": " + shortened(error.message, kMessageMax);
  }
  if (!error.request_id.empty()) {
    message += " (request id " + shortened(error.request_id) + ")";
  }
  return {.kind = classify(error.code, status, call.operation), .message = std::move(message)};
}

// "Tue, 24 Nov 2026 01:45:24 GMT" (RFC 9110 section 5.6.7; servers must not send the older forms).
std::optional<Instant> parse_http_date(std::string_view text) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || !text.ends_with(" GMT")) {
    return std::nullopt;
  }
  const std::size_t month = kMonths.find(text.substr(8, 3));
  const auto day = number_of<int>(text.substr(5, 2));
  const auto year = number_of<int>(text.substr(12, 4));
  const auto hour = number_of<int>(text.substr(17, 2));
  const auto minute = number_of<int>(text.substr(20, 2));
  const auto second = number_of<int>(text.substr(23, 2));
  if (month == std::string_view::npos || month % 3 != 0 || !day || !year || !hour || !minute ||
      !second) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) {
    return std::nullopt;
  }
  return Instant(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

}  // namespace scaler::aws
