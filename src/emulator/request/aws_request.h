#pragma once
// What every AWS request must have, whatever its service: a well-formed Signature Version 4 header
// with the right scope, a recent date, the signed headers. The signature itself is not computed:
// the emulator knows no secret keys. Errors are values with AWS's code, status and message.

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "ground/base/clock.h"
#include "ground/json/value.h"
#include "ground/net/http.h"
#include "ground/net/http_server.h"

namespace scaler::emulator {

inline constexpr std::string_view kAccount = "000000000000";

struct ApiError {
  std::string code = {};  ///< as AWS spells it: "QueueDoesNotExist", ...
  std::string message = {};
  int status = 400;
};

/// A value or an error for the caller of the API.
template <typename T>
class [[nodiscard]] ApiResult : public std::expected<T, ApiError> {
 public:
  using std::expected<T, ApiError>::expected;
};

/// A message is cut off after a thousand bytes: it may quote what the caller sent.
std::unexpected<ApiError> refuse(std::string code, std::string message, int status = 400);

/// Who calls, for which region and service the request is signed, and where it went.
struct Caller {
  std::string access_key_id = {};
  std::string region = {};
  std::string service = {};  ///< the signing name: "sqs", "ecs", ...
  std::string account = std::string(kAccount);
  std::string host = {};     ///< by what name and port the emulator was called: the Host header
};

/// One request of a JSON service, its signature checked.
struct JsonCall {
  std::string_view operation = {};
  const json::Value& body;
  const Caller& caller;
  /// Whether nobody waits for the answer any more.
  std::function<bool()> abandoned = [] { return false; };
};

/// The body of the answer, JSON, or what is wrong.
using ApiAnswer = ApiResult<std::string>;
using ApiReply = std::function<void(ApiAnswer)>;

/// Checks the signature's form against `service`.
/// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
ApiResult<Caller> check_signature(const net::ServerRequest& request, std::string_view service,
                                  Instant now);

/// The date of X-Amz-Date, "20261123T120000Z".
ApiResult<Instant> parse_amz_date(std::string_view text);

}  // namespace scaler::emulator
