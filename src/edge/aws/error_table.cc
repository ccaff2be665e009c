#include "edge/aws/error_table.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "ground/json/members.h"
#include "ground/json/value.h"

namespace scaler::aws {
namespace {

struct Row {
  std::string_view code = {};
  ErrorKind kind = {};
};

constexpr auto kTable = std::to_array<Row>({
    {"Throttling", ErrorKind::Throttled},
    {"ThrottlingException", ErrorKind::Throttled},
    {"ThrottledException", ErrorKind::Throttled},
    {"RequestThrottledException", ErrorKind::Throttled},
    {"RequestThrottled", ErrorKind::Throttled},
    {"TooManyRequestsException", ErrorKind::Throttled},
    {"ProvisionedThroughputExceededException", ErrorKind::Throttled},
    {"TransactionInProgressException", ErrorKind::Throttled},
    {"RequestLimitExceeded", ErrorKind::Throttled},
    {"BandwidthLimitExceeded", ErrorKind::Throttled},
    {"LimitExceededException", ErrorKind::Throttled},
    {"SlowDown", ErrorKind::Throttled},
    {"PriorRequestNotComplete", ErrorKind::Throttled},
    {"EC2ThrottledException", ErrorKind::Throttled},
    {"KmsThrottled", ErrorKind::Throttled},

    {"RequestTimeout", ErrorKind::Unavailable},
    {"RequestTimeoutException", ErrorKind::Unavailable},
    {"InternalError", ErrorKind::Unavailable},
    {"InternalFailure", ErrorKind::Unavailable},
    {"InternalServiceException", ErrorKind::Unavailable},
    {"IDPCommunicationError", ErrorKind::Unavailable},
    {"ServerException", ErrorKind::Unavailable},
    {"ServiceException", ErrorKind::Unavailable},
    {"ServiceUnavailable", ErrorKind::Unavailable},
    {"ResourceNotReadyException", ErrorKind::Unavailable},

    {"ExpiredToken", ErrorKind::Unauthorized},
    {"ExpiredTokenException", ErrorKind::Unauthorized},
    {"UnrecognizedClientException", ErrorKind::Unauthorized},
    {"InvalidClientTokenId", ErrorKind::Unauthorized},
    {"InvalidAccessKeyId", ErrorKind::Unauthorized},
    {"InvalidToken", ErrorKind::Unauthorized},
    {"AuthFailure", ErrorKind::Unauthorized},
    {"MissingAuthenticationToken", ErrorKind::Unauthorized},
    {"MissingAuthenticationTokenException", ErrorKind::Unauthorized},
    {"IncompleteSignature", ErrorKind::Unauthorized},
    {"IncompleteSignatureException", ErrorKind::Unauthorized},
    {"InvalidSignatureException", ErrorKind::Unauthorized},
    {"SignatureDoesNotMatch", ErrorKind::Unauthorized},
    {"RequestExpired", ErrorKind::Unauthorized},
    {"RequestTimeTooSkewed", ErrorKind::Unauthorized},

    {"QueueDoesNotExist", ErrorKind::NotFound},
    {"AWS.SimpleQueueService.NonExistentQueue", ErrorKind::NotFound},
    {"ClusterNotFoundException", ErrorKind::NotFound},
    {"ServiceNotFoundException", ErrorKind::NotFound},
    {"ResourceNotFoundException", ErrorKind::NotFound},
    {"NoSuchKey", ErrorKind::NotFound},
    {"NoSuchBucket", ErrorKind::NotFound},

    {"ResourceInUseException", ErrorKind::Conflict},
    {"ResourceConflictException", ErrorKind::Conflict},
    {"ConcurrentUpdateException", ErrorKind::Conflict},
    {"ConditionalCheckFailedException", ErrorKind::Conflict},
    {"ScalingActivityInProgress", ErrorKind::Conflict},
    {"ResourceContention", ErrorKind::Conflict},

    {"AccessDenied", ErrorKind::Denied},
    {"AccessDeniedException", ErrorKind::Denied},
    {"OptInRequired", ErrorKind::Denied},

    {"InvalidParameterException", ErrorKind::Rejected},
    {"ClientException", ErrorKind::Rejected},
    {"ServiceQuotaExceededException", ErrorKind::Rejected},
});

/// Of a change of a service these say that it, or the account, may not have so many tasks. Of other
/// operations the last says that they come too fast.
constexpr auto kTooManyTasks =
    std::to_array<std::string_view>({"InvalidParameterException", "ClientException",
                                     "ServiceQuotaExceededException", "LimitExceededException"});

constexpr auto kCredentialCodes = std::to_array<std::string_view>(
    {"ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId",
     "InvalidAccessKeyId", "InvalidToken", "AuthFailure"});

constexpr auto kClockCodes =
    std::to_array<std::string_view>({"InvalidSignatureException", "SignatureDoesNotMatch",
                                     "RequestExpired", "RequestTimeTooSkewed", "AuthFailure"});

bool contains(std::span<const std::string_view> codes, std::string_view code) {
  return std::ranges::find(codes, code) != codes.end();
}

/// "com.amazonaws.sqs#QueueDoesNotExist:http://..." -> "QueueDoesNotExist".
std::string plain_code(std::string_view text) {
  text = text.substr(0, text.find(':'));
  const std::size_t hash = text.rfind('#');
  return std::string(hash == std::string_view::npos ? text : text.substr(hash + 1));
}

std::string member(const json::Value& value, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const std::string* const text = json::text_member(value, name);
    if (text != nullptr && !text->empty()) {
      return *text;
    }
  }
  return "";
}

std::string decode_entities(std::string_view text) {
  static constexpr auto kEntities = std::to_array<std::pair<std::string_view, char>>(
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}});
  std::string decoded;
  while (!text.empty()) {
    const auto* const entity = std::ranges::find_if(
        kEntities, [text](const auto& candidate) { return text.starts_with(candidate.first); });
    if (entity != kEntities.end()) {
      decoded += entity->second;
      text.remove_prefix(entity->first.size());
    } else {
      decoded += text.front();
      text.remove_prefix(1);
    }
  }
  return decoded;
}

/// A 404 without a code that says what is missing may be a proxy's: it is no proof that a queue is
/// gone.
ErrorKind kind_of_status(int status) {
  if (status == 429) {
    return ErrorKind::Throttled;
  }
  return status >= 500 || status == 408 ? ErrorKind::Unavailable : ErrorKind::Rejected;
}

}  // namespace

std::string harmless(std::string text) {
  const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (byte(i) < 0x20 || byte(i) == 0x7f) {
      text[i] = ' ';
    } else if (byte(i) == 0xc2 && i + 1 < text.size() && byte(i + 1) < 0xa0) {
      text[i] = text[i + 1] = ' ';
    }
  }
  return text;
}

std::string xml_text(std::string_view xml, std::string_view name) {
  const std::string open = "<" + std::string(name) + ">";
  const std::string close = "</" + std::string(name) + ">";
  const std::size_t begin = xml.find(open);
  if (begin == std::string_view::npos) {
    return "";
  }
  const std::string_view rest = xml.substr(begin + open.size());
  const std::size_t end = rest.find(close);
  return end == std::string_view::npos ? "" : decode_entities(rest.substr(0, end));
}

ServiceError read_error(const net::HttpResponse& response) {
  const auto header = [&response](std::string_view name) {
    return std::string(net::find_header(response.headers, name).value_or(""));
  };
  ServiceError error{.request_id = header("x-amzn-requestid")};
  error.code = plain_code(header("x-amzn-errortype"));
  if (response.body.starts_with('<')) {
    error.code = xml_text(response.body, "Code");
    error.message = xml_text(response.body, "Message");
    if (error.request_id.empty()) {
      error.request_id = xml_text(response.body, "RequestId");
    }
  } else if (const Result<json::Value> body = json::parse(response.body); body.has_value()) {
    if (error.code.empty()) {
      error.code = plain_code(member(*body, {"__type", "code", "Code"}));
    }
    error.message = member(*body, {"message", "Message"});
  }
  if (error.code.empty()) {
    error.code = "HTTP status " + std::to_string(response.status);
  }
  error.code = harmless(std::move(error.code));
  error.message = harmless(std::move(error.message));
  return error;
}

ErrorKind classify(std::string_view code, int status, std::string_view operation) {
  if (operation == "UpdateService" && contains(kTooManyTasks, code)) {
    return ErrorKind::TooMany;
  }
  const auto* const row =
      std::ranges::find_if(kTable, [code](const Row& candidate) { return candidate.code == code; });
  return row == kTable.end() ? kind_of_status(status) : row->kind;
}

bool blames_credentials(std::string_view code) {
  return contains(kCredentialCodes, code);
}

bool blames_clock(std::string_view code) {
  return contains(kClockCodes, code);
}

}  // namespace scaler::aws
