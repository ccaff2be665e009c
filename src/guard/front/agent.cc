#include "guard/front/agent.h"

#include <algorithm>

#include "ground/base/text.h"
#include "ground/json/members.h"
#include "ground/json/value.h"
#include "ground/json/writer.h"
#include "ground/net/url.h"

namespace scaler::guard {
namespace {

constexpr std::string_view kPath = "/task-protection/v1/state";
/// Protecting too long does no harm, and is asked for again.
constexpr Duration kAskPatience = std::chrono::seconds(5);
/// Giving protection up must not be carried out after it was asked for again: it is waited for.
constexpr Duration kPatienceUnprotect = std::chrono::seconds(30);

bool true_in(const json::Value& value, std::string_view name) {
  const json::Value* found = value.find(name);
  const auto* flag = found == nullptr ? nullptr : std::get_if<bool>(&found->data());
  return flag != nullptr && *flag;
}

AgentReply read_failure(const json::Value& failure) {
  const std::string_view reason = json::text_in(failure, "Reason");
  const std::string_view detail = json::text_in(failure, "Detail");
  const auto kind = reason == "DEPLOYMENT_BLOCKED" ? AgentReply::Kind::Blocked
                    : reason == "TASK_NOT_VALID"   ? AgentReply::Kind::NotValid
                                                   : AgentReply::Kind::Failed;
  return {.kind = kind,
          .why = std::string(reason) + (detail.empty() ? "" : ": " + std::string(detail))};
}

AgentReply read_protection(const json::Value& protection, const AgentAnswer& asked, Instant now) {
  if (!true_in(protection, "ProtectionEnabled")) {
    return {.kind = AgentReply::Kind::Off};
  }
  std::string expiration(json::text_in(protection, "ExpirationDate"));
  const Result<Instant> expires = parse_instant(expiration);
  if (!expires.has_value() || *expires <= now) {
    return {.kind = AgentReply::Kind::Failed,
            .why = "protected, but with the expiry '" + expiration + "', which is not to come"};
  }
  Duration left = *expires - now;
  if (asked.what == AskAgent::What::Protect) {
    left = std::min(left, asked.protect_for);
  }
  return {.kind = AgentReply::Kind::On,
          .expires = asked.at + left,
          .expiration = std::move(expiration)};
}

AgentReply read_error(int status, const json::Value& error) {
  const std::string code(json::text_in(error, "Code"));
  const std::string message(json::text_in(error, "Message"));
  const bool throttled = status == 429 || code.starts_with("Throttling");
  const bool denied = !throttled && status >= 400 && status < 500 && status != 408;
  return {.kind = denied ? AgentReply::Kind::Denied : AgentReply::Kind::Failed,
          .throttled = throttled,
          .why = "status " + std::to_string(status) + (code.empty() ? "" : ", " + code) +
                 (message.empty() ? "" : ": " + message)};
}

}  // namespace

AgentReply read_agent_reply(const Result<net::HttpResponse>& response, const AgentAnswer& asked,
                            Instant now) {
  if (!response.has_value()) {
    return {.kind = AgentReply::Kind::Failed, .why = response.error().message};
  }
  const Result<json::Value> body = json::parse(response->body);
  if (!body.has_value()) {
    AgentReply error = read_error(response->status, {});
    error.why += response->status == 200 ? ", but no JSON" : "";
    return error;
  }
  if (const json::Value* error = body->find("error");
      response->status != 200 || (error != nullptr && !error->is_null())) {
    return read_error(response->status, error == nullptr ? json::Value() : *error);
  }
  if (const json::Value* failure = body->find("failure");
      failure != nullptr && !failure->is_null()) {
    return read_failure(*failure);
  }
  const json::Value* protection = body->find("protection");
  if (protection == nullptr || protection->is_null()) {
    return {.kind = AgentReply::Kind::Failed, .why = "an answer without protection or failure"};
  }
  return read_protection(*protection, asked, now);
}

Result<Agent> Agent::create(net::HttpCaller& http, std::string_view uri, const Clock& clock,
                            std::function<Instant()> aws_now) {
  Result<net::Url> url = net::parse_url(uri);
  if (!url.has_value()) {
    return fail(std::move(url).error(), "ECS_AGENT_URI");
  }
  std::string path = url->path == "/" ? "" : url->path;
  return Agent(http, {.origin = std::move(url->origin), .target = path.append(kPath)}, clock,
               std::move(aws_now));
}

void Agent::ask(AskAgent::What what, Duration protect_for,
                std::function<void(AgentReply)> answered) {
  const AgentAnswer asked{.what = what, .protect_for = protect_for, .at = clock_->steady()};
  net::HttpRequest request = request_;
  if (what != AskAgent::What::Inspect) {
    const bool protect = what == AskAgent::What::Protect;
    json::Writer body;
    body.begin_object().field("ProtectionEnabled", protect);
    if (protect) {
      body.field(
          "ExpiresInMinutes",
          std::max<std::int64_t>(std::chrono::ceil<std::chrono::minutes>(protect_for).count(), 1));
    }
    request.method = "PUT";
    request.headers = {{.name = "Content-Type", .value = "application/json"}};
    request.body = std::move(body.end_object()).text();
  }
  const Duration patience = what == AskAgent::What::Unprotect ? kPatienceUnprotect : kAskPatience;
  http_->send(request, {.deadline = after(patience)},
              [now = aws_now_, asked, answered = std::move(answered)](net::Finished finished) {
                answered(read_agent_reply(finished.response, asked, now()));
              });
}

}  // namespace scaler::guard
