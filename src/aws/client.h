#pragma once
// Client: calls to AWS's services: encode, sign, send, classify, decode, inside the one retry loop.
// The typed calls (sqs.h, ecs.h, ...) are made of it.

#include <span>
#include <string>
#include <vector>

#include "aws/credentials.h"
#include "aws/rate_limiter.h"
#include "aws/retry.h"
#include "aws/settings.h"
#include "aws/sigv4.h"
#include "aws/transport.h"
#include "base/log.h"
#include "json/value.h"

namespace scaler::aws {

/// One call as a service wants it on the wire.
struct ApiCall {
  Service service = Service::Sqs;
  std::string operation = {};  ///< "GetQueueAttributes"
  std::string subject = {};    ///< the queue or service that it is about: for messages
  std::string method = "POST";
  std::string target = "/";  ///< path and query, percent-encoded
  std::string body = {};
  bool repeatable = true;  ///< may be carried out twice when it is unclear whether it was at all
  bool once = false;       ///< not repeated after a failure: by then it may be wrong
  std::string_view unread = {};  ///< a member of the reply that nobody reads and is not kept
  /// How long one attempt may take when that is more than the client's own limit.
  Duration attempt_limit = {};
};

struct ApiReply {
  json::Value value = {};  ///< an empty object for an empty body; null for a body that is XML
  std::string text = {};   ///< a body that is XML
  std::string function_error = {};  ///< Lambda's X-Amz-Function-Error: the function failed
};

struct ClientSurroundings {
  Transport& transport;
  CredentialProvider& credentials;
  const Clock& clock;
  Random& random;
  const Log& log;
  Sleeper sleep = sleep_on_thread;
  Duration attempt_limit = std::chrono::seconds(5);
  bool within_limits = true;  ///< keeps calls within the services' documented rates
};

/// Not for use from several threads at once.
class Client {
 public:
  Client(Settings settings, ClientSurroundings surroundings);

  /// Makes all calls side by side, some hundreds at a time, and repeats what may be repeated until
  /// the deadline. Calls over a documented rate (rate_limiter.h) go later, in the order given.
  /// Shape:  one result per call, in order.
  /// Errors: as error_table.h classifies the service's codes;
  ///         Unavailable when it cannot be reached;
  ///         Malformed for a reply that is not what the service should send. Messages name
  ///         operation and subject, and carry the service's code and request id.
  std::vector<Result<ApiReply>> call(std::span<const ApiCall> calls, Deadline deadline);

  /// call() for one.
  Result<ApiReply> call(const ApiCall& call, Deadline deadline);

  const Settings& settings() const { return settings_; }
  /// What AWS's clock is ahead of ours by; the Date of the latest reply says so, to the second.
  Duration clock_difference() const { return clock_difference_; }

 private:
  struct Batch;

  std::vector<Attempt> attempt_in_time(Batch& batch, std::span<const std::size_t> items);
  std::vector<Attempt> attempt(Batch& batch, std::span<const std::size_t> items);
  std::vector<Attempt> attempt_side_by_side(Batch& batch, std::span<const std::size_t> items);
  net::HttpRequest signed_request(const ApiCall& call, const Credentials& credentials, Instant at);
  Attempt judge(Batch& batch, std::size_t item, const net::HttpResponse& response);
  bool correct_clock(Batch& batch, std::string_view code, const net::HttpResponse& response);
  bool renew_credentials(Batch& batch, std::string_view code);

  Settings settings_;
  ClientSurroundings surroundings_;
  Signer signer_;
  RetryPolicy policy_;
  RateLimiter limiter_;
  Duration clock_offset_{0};  ///< what AWS's clock is ahead of ours, as far as we sign with it
  Duration clock_difference_{0};
};

/// An instant from an HTTP Date header; nothing when it is none.
std::optional<Instant> parse_http_date(std::string_view text);

}  // namespace scaler::aws
