#include "edge/aws/sts_credentials.h"

#include <optional>

#include "edge/aws/api_call.h"
#include "edge/aws/settings.h"
#include "edge/aws/sigv4.h"
#include "edge/aws/source_request.h"
#include "ground/net/url.h"

namespace scaler::aws {
namespace {

/// AWS's time, when this response says that ours is wrong.
std::optional<Instant> right_time(const net::HttpResponse& response) {
  if (response.status < 400 || !blames_clock(read_error(response).code)) {
    return std::nullopt;
  }
  return parse_http_date(net::find_header(response.headers, "date").value_or(""));
}

}  // namespace

Result<Credentials> sts_credentials(const CredentialSurroundings& surroundings, const StsCall& call,
                                    const Credentials* signer, Deadline deadline) {
  const ClientSettings settings = TRY(read_settings(surroundings.environment));
  const std::string what = "STS " + call.action + " " + call.subject;
  const Result<Destination> destination = settings.destination(AwsService::Sts);
  if (!destination.has_value()) {
    return fail(destination.error(), what);
  }
  StsParameters parameters{{"Action", call.action}, {"Version", "2011-06-15"}};
  parameters.insert(parameters.end(), call.parameters.begin(), call.parameters.end());
  const net::HttpRequest unsigned_request = request_of(
      {.service = AwsService::Sts, .operation = call.action, .body = net::query_string(parameters)},
      destination->endpoint);
  const auto send = [&](Instant at) -> Result<net::HttpResponse> {
    net::HttpRequest request = unsigned_request;
    if (signer != nullptr) {
      Signer(destination->region).sign(request, *signer, signing_name(AwsService::Sts), at);
    }
    return ask(surroundings, request, {}, deadline);
  };
  Result<net::HttpResponse> response = send(surroundings.clock.now());
  if (response.has_value() && signer != nullptr) {
    if (const std::optional<Instant> time = right_time(*response)) {
      response = send(*time);
    }
  }
  if (!response.has_value()) {
    return fail(std::move(response).error(), what);
  }
  if (response->status != 200) {
    const std::string nothing;
    return std::unexpected(
        refusal(what, *response,
                {call.secret.reveal(), signer == nullptr ? nothing : signer->session_token.reveal(),
                 signer == nullptr ? nothing : signer->secret_access_key.reveal()}));
  }
  return read_sts_keys(what, response->body);
}

Result<Credentials> read_sts_keys(const std::string& what, const std::string& xml) {
  Credentials credentials{.access_key_id = xml_text(xml, "AccessKeyId"),
                          .secret_access_key = Secret(xml_text(xml, "SecretAccessKey")),
                          .session_token = Secret(xml_text(xml, "SessionToken"))};
  const Result<Instant> expires = parse_instant(xml_text(xml, "Expiration"));
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() ||
      credentials.session_token.empty() || !expires.has_value()) {
    return fail(ErrorKind::Malformed, what + ": the reply lacks keys or their expiration");
  }
  credentials.expires = *expires;
  return credentials;
}

void add_role(StsParameters& parameters, const std::string& arn, const std::string& session_name,
              const std::string& external_id) {
  parameters.emplace_back("RoleArn", arn);
  parameters.emplace_back("RoleSessionName", session_name);
  if (!external_id.empty()) {
    parameters.emplace_back("ExternalId", external_id);
  }
}

std::string usual_session_name(const Clock& clock) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(clock.now().time_since_epoch());
  return "ecs-scaler-" + std::to_string(seconds.count());
}

}  // namespace scaler::aws
