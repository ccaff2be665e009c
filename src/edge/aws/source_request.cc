#include "edge/aws/source_request.h"

#include <algorithm>
#include <utility>

#include "edge/aws/redaction.h"
#include "ground/json/members.h"
#include "ground/json/value.h"

namespace scaler::aws {
namespace {

bool worth_repeating(const Result<net::HttpResponse>& response, bool after_silence) {
  if (!response.has_value()) {
    return after_silence && response.error().kind == ErrorKind::Unavailable;
  }
  if (response->status < 400) {
    return false;
  }
  const ErrorKind kind = classify(read_error(*response).code, response->status);
  return kind == ErrorKind::Unavailable || kind == ErrorKind::Throttled;
}

const std::string* filled_member(const json::Value& value, std::string_view name) {
  const std::string* const text = json::text_member(value, name);
  return text == nullptr || text->empty() ? nullptr : text;
}

/// Whether something stands there that is no text: left out, keys would lack a part or last for
/// ever.
bool is_no_text(const json::Value& value, std::string_view name) {
  const json::Value* const member = value.find(name);
  return member != nullptr && !member->is_null() && json::text_member(value, name) == nullptr;
}

}  // namespace

Result<net::HttpResponse> ask(const CredentialSurroundings& surroundings,
                              const net::HttpRequest& request, const Attempts& attempts,
                              Deadline deadline) {
  for (int attempt = 1;; ++attempt) {
    Result<net::HttpResponse> response =
        std::move(surroundings.transport
                      .send(std::span(&request, 1), std::min(deadline, after(attempts.limit)))
                      .front());
    if (attempt >= attempts.most || !worth_repeating(response, attempts.after_silence) ||
        after(attempts.pause) >= deadline) {
      return response;
    }
    surroundings.sleep(attempts.pause);
  }
}

Error refusal(const std::string& what, const net::HttpResponse& response,
              std::initializer_list<std::string_view> secrets) {
  const ServiceError said = read_error(response);
  std::string message = what + ": " + said.code;
  if (!said.message.empty()) {
    message += ": " + said.message;
  }
  return {.kind = classify(said.code, response.status),
          .message = without_secrets(std::move(message), secrets)};
}

Result<Credentials> read_keys(std::string_view body, std::string_view token_name) {
  const auto malformed = [](const std::string& what) {
    return fail(ErrorKind::Malformed, "the reply " + what);
  };
  const Result<json::Value> reply = json::parse(body);
  if (!reply.has_value()) {
    return malformed("is not JSON");
  }
  const std::string* id = filled_member(*reply, "AccessKeyId");
  const std::string* secret = filled_member(*reply, "SecretAccessKey");
  const std::string* token = filled_member(*reply, token_name);
  const std::string* expiration = filled_member(*reply, "Expiration");
  if (id == nullptr || secret == nullptr) {
    return malformed("lacks AccessKeyId or SecretAccessKey");
  }
  for (const std::string_view name : {token_name, std::string_view("Expiration")}) {
    if (is_no_text(*reply, name)) {
      return malformed("has a member " + std::string(name) + " that is no text");
    }
  }
  Credentials credentials{.access_key_id = *id, .secret_access_key = Secret(*secret)};
  if (token != nullptr) {
    credentials.session_token = Secret(*token);
  }
  if (expiration != nullptr) {
    const Result<Instant> expires = parse_instant(*expiration);
    if (!expires.has_value()) {
      return malformed("has an Expiration that is no time");
    }
    credentials.expires = *expires;
  }
  return credentials;
}

}  // namespace scaler::aws
