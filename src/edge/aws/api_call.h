#pragma once
// ApiCall: one call as a service wants it, to HTTP and back. No network, no clock.

#include <optional>
#include <string>
#include <string_view>

#include "edge/aws/error_table.h"
#include "edge/aws/settings.h"
#include "ground/base/clock.h"
#include "ground/json/value.h"
#include "ground/net/http.h"
#include "scaler/core/names.h"

namespace scaler::aws {

struct ApiCall {
  AwsService service = AwsService::Sqs;
  /// Where it is asked: the queue's own region and host, or a region; both empty: the default one.
  std::string queue_url = {};
  std::string region = {};     ///< with a queue: of one whose URL does not say it
  std::string bucket = {};     ///< of S3: stands in the host, or before the path
  std::string operation = {};  ///< "GetQueueAttributes"
  std::string subject = {};    ///< the queue or service that it is about: for messages
  std::string method = "POST";
  std::string target = "/";       ///< path and query, percent-encoded
  net::HttpHeaders headers = {};  ///< beside those of the protocol
  std::string body = {};
  bool repeatable = true;  ///< may be carried out twice when it is unclear whether it was at all
  bool once = false;       ///< not repeated after a failure: by then it may be wrong
  std::string_view unread = {};  ///< a member of the reply that nobody reads and is not kept
  /// How long one attempt may take when that is more than the client's own limit.
  Duration attempt_limit = {};
  /// After this moment (steady time) it is not sent any more: it is Overdue.
  Deadline leave_by = Deadline::max();
  AccountRole role = {};  ///< as whom it is made; none: as the program itself
};

struct ApiReply {
  json::Value value = {};  ///< an empty object for an empty body; null for a body that is XML
  std::string text = {};   ///< a body that is XML, or an object of S3
  std::string function_error = {};  ///< Lambda's X-Amz-Function-Error: the function failed
  std::string etag = {};            ///< the version of an object of S3
  bool unchanged = false;           ///< it is the one that If-None-Match named
  std::string bucket_region = {};   ///< nothing else was told but where the bucket is
};

/// "ECS UpdateService cluster/service": for messages.
std::string describe(const ApiCall& call);

/// The request without its signature.
net::HttpRequest request_of(const ApiCall& call, const Endpoint& endpoint);

/// Errors: Malformed, as ClientSettings::destination() and parse_queue().
Result<Destination> destination_of(const ApiCall& call, const ClientSettings& settings);

/// Whether the response tells what was asked for, or at least where to ask for it.
bool is_answer(const ApiCall& call, const net::HttpResponse& response);

/// Reads such a response. Errors: Malformed.
Result<ApiReply> decode(const ApiCall& call, const net::HttpResponse& response);

/// What a response that is no success says, as error_table.h classifies it.
Error error_of(const ApiCall& call, const ServiceError& error, int status);

/// The server's x-amz-retry-after.
std::optional<Duration> server_pause(const net::HttpResponse& response);

/// An instant from an HTTP Date header; nothing when it is none.
std::optional<Instant> parse_http_date(std::string_view text);

}  // namespace scaler::aws
