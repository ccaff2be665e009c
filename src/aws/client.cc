#include "aws/client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <map>
#include <utility>

#include "aws/error_table.h"

namespace scaler::aws {
namespace {

/// Services accept five minutes of difference; some differences are the network's.
constexpr Duration kSkewIgnored = std::chrono::minutes(4);

struct Protocol {
  std::string_view content_type = {};
  std::string_view target_prefix = {};  ///< of X-Amz-Target; empty when there is no such header
};

Protocol protocol_of(Service service) {
  switch (service) {
    case Service::Sqs:
      return {.content_type = "application/x-amz-json-1.0", .target_prefix = "AmazonSQS"};
    case Service::Ecs:
      return {.content_type = "application/x-amz-json-1.1",
              .target_prefix = "AmazonEC2ContainerServiceV20141113"};
    case Service::Lambda:
      return {.content_type = "application/json"};
    case Service::AutoScaling:
      return {.content_type = "application/x-amz-json-1.1",
              .target_prefix = "AnyScaleFrontendService"};
    case Service::Sts:
      return {.content_type = "application/x-www-form-urlencoded; charset=utf-8"};
  }
  return {};
}

std::string describe(const ApiCall& call) {
  std::string text(display_name(call.service));
  text += " " + call.operation;
  return call.subject.empty() ? text : text + " " + call.subject;
}

Result<ApiReply> decode(const ApiCall& call, const net::HttpResponse& response) {
  if (call.service == Service::Sts) {
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
  std::int64_t milliseconds = 0;
  if (!text) {
    return std::nullopt;
  }
  const char* end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, milliseconds);
  if (parsed.ec != std::errc{} || parsed.ptr != end || milliseconds < 0) {
    return std::nullopt;
  }
  return Duration(milliseconds);
}

std::unexpected<Error> service_error(const ApiCall& call, const ServiceError& error, int status) {
  std::string message = describe(call) + ": " + error.code;
  if (!error.message.empty()) {
    message += ": " + error.message;
  }
  if (!error.request_id.empty()) {
    message += " (request id " + error.request_id + ")";
  }
  return fail(classify(error.code, status), std::move(message));
}

bool worth_repeating(ErrorKind kind) {
  return kind == ErrorKind::Throttled || kind == ErrorKind::Unavailable;
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  return parsed.ec == std::errc{} && parsed.ptr == end ? std::optional(value) : std::nullopt;
}

}  // namespace

// "Tue, 24 Nov 2026 01:45:24 GMT" (RFC 9110 section 5.6.7; servers must not send the older forms).
std::optional<Instant> parse_http_date(std::string_view text) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || !text.ends_with(" GMT")) {
    return std::nullopt;
  }
  const std::size_t month = kMonths.find(text.substr(8, 3));
  const auto day = number(text.substr(5, 2));
  const auto year = number(text.substr(12, 4));
  const auto hour = number(text.substr(17, 2));
  const auto minute = number(text.substr(20, 2));
  const auto second = number(text.substr(23, 2));
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

/// One call() under way.
struct Client::Batch {
  std::span<const ApiCall> calls = {};
  Deadline deadline = {};
  std::vector<Result<ApiReply>> results = {};
  Instant signed_at = {};            ///< by our clock
  bool credentials_renewed = false;  ///< each of these once a call, for the whole batch
  bool clock_corrected = false;
  bool mended_this_round = false;
};

Client::Client(Settings settings, ClientSurroundings surroundings)
    : settings_(std::move(settings)),
      surroundings_(std::move(surroundings)),
      signer_(settings_.region),
      policy_(settings_.attempts_max) {}

std::vector<Result<ApiReply>> Client::call(std::span<const ApiCall> calls, Deadline deadline) {
  Batch batch{.calls = calls, .deadline = deadline};
  batch.results.assign(calls.size(), fail(ErrorKind::Unavailable, "not sent"));
  const RetrySurroundings surroundings{.random = surroundings_.random,
                                       .sleep = surroundings_.sleep};
  const Round round = [this, &batch](std::span<const std::size_t> items) {
    return surroundings_.within_limits ? attempt_in_time(batch, items) : attempt(batch, items);
  };
  run_rounds(calls.size(), round, policy_, surroundings, deadline);
  return std::move(batch.results);
}

Result<ApiReply> Client::call(const ApiCall& call, Deadline deadline) {
  return std::move(this->call(std::span(&call, 1), deadline).front());
}

/// attempt(), in as many waves as the services' limits ask for.
std::vector<Attempt> Client::attempt_in_time(Batch& batch, std::span<const std::size_t> items) {
  const Instant now = surroundings_.clock.now();
  const Duration left = std::chrono::floor<Duration>(batch.deadline - after(Duration::zero()));
  std::vector<Attempt> attempts(items.size(), Attempt{.next = Attempt::Next::GiveUp});
  std::map<Duration, std::vector<std::size_t>> waves;  // Positions in `items` by their delay.
  for (std::size_t i = 0; i < items.size(); ++i) {
    const ApiCall& call = batch.calls[items[i]];
    if (const auto delay = limiter_.reserve(call.service, call.operation, now, left)) {
      waves[*delay].push_back(i);
    } else {
      batch.results[items[i]] =
          fail(ErrorKind::Throttled, describe(call) + ": not sent: the documented rate of " +
                                         call.operation + " does not allow it in time");
    }
  }
  Duration waited{0};
  for (const auto& [delay, positions] : waves) {
    if (delay > waited) {
      surroundings_.sleep(delay - waited);
      waited = delay;
    }
    std::vector<std::size_t> wave;
    for (const std::size_t position : positions) {
      wave.push_back(items[position]);
    }
    const std::vector<Attempt> made = attempt(batch, wave);
    for (std::size_t i = 0; i < positions.size(); ++i) {
      attempts[positions[i]] = made[i];
    }
  }
  return attempts;
}

/// attempt_side_by_side() in portions, so that no call spends its attempt's time waiting for a
/// connection to become free.
std::vector<Attempt> Client::attempt(Batch& batch, std::span<const std::size_t> items) {
  constexpr std::size_t kPortion = 640;  // Ten for each connection.
  std::vector<Attempt> attempts;
  attempts.reserve(items.size());
  for (std::size_t begin = 0; begin < items.size(); begin += kPortion) {
    const auto portion = items.subspan(begin, std::min(kPortion, items.size() - begin));
    std::ranges::copy(attempt_side_by_side(batch, portion), std::back_inserter(attempts));
  }
  return attempts;
}

std::vector<Attempt> Client::attempt_side_by_side(Batch& batch,
                                                  std::span<const std::size_t> items) {
  Duration limit = surroundings_.attempt_limit;
  for (const std::size_t item : items) {
    limit = std::max(limit, batch.calls[item].attempt_limit);
  }
  const Deadline deadline = std::min(batch.deadline, after(limit));
  const Result<Credentials> credentials = surroundings_.credentials.current(batch.deadline);
  if (!credentials.has_value()) {
    for (const std::size_t item : items) {
      batch.results[item] = fail(credentials.error(), describe(batch.calls[item]));
    }
    return {items.size(), Attempt{.next = Attempt::Next::GiveUp}};
  }
  batch.signed_at = surroundings_.clock.now();
  batch.mended_this_round = false;
  std::vector<net::HttpRequest> requests;
  requests.reserve(items.size());
  for (const std::size_t item : items) {
    requests.push_back(
        signed_request(batch.calls[item], *credentials, batch.signed_at + clock_offset_));
  }
  std::vector<Result<net::HttpResponse>> responses =
      surroundings_.transport.send(requests, deadline);
  std::vector<Attempt> attempts;
  attempts.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (responses[i].has_value()) {
      attempts.push_back(judge(batch, items[i], *responses[i]));
      continue;
    }
    Error error = std::move(responses[i]).error();
    const bool again = worth_repeating(error.kind) && batch.calls[items[i]].repeatable;
    attempts.push_back(
        {.next = again ? Attempt::Next::AgainLater : Attempt::Next::GiveUp, .kind = error.kind});
    batch.results[items[i]] = fail(std::move(error), describe(batch.calls[items[i]]));
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (batch.calls[items[i]].once && attempts[i].next == Attempt::Next::AgainLater) {
      attempts[i].next = Attempt::Next::GiveUp;
    }
  }
  return attempts;
}

net::HttpRequest Client::signed_request(const ApiCall& call, const Credentials& credentials,
                                        Instant at) {
  const Endpoint& endpoint = settings_.endpoint(call.service);
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
  if (!protocol.target_prefix.empty()) {
    request.headers.push_back(
        {.name = "X-Amz-Target",
         .value = std::string(protocol.target_prefix) + "." + call.operation});
  }
  request.headers.push_back({.name = "User-Agent", .value = "ecs-scaler"});
  signer_.sign(request, credentials, signing_name(call.service), at);
  return request;
}

Attempt Client::judge(Batch& batch, std::size_t item, const net::HttpResponse& response) {
  const ApiCall& call = batch.calls[item];
  if (const auto date = parse_http_date(net::find_header(response.headers, "date").value_or(""))) {
    clock_difference_ = *date - batch.signed_at;
  }
  if (response.status / 100 == 2) {
    batch.results[item] = decode(call, response);
    return {.next = Attempt::Next::Finished};
  }
  const ServiceError error = read_error(response);
  batch.results[item] = service_error(call, error, response.status);
  const ErrorKind kind = batch.results[item].error().kind;
  if (worth_repeating(kind)) {
    surroundings_.log.write(LogLevel::Debug, "AWS call failed",
                            {{"call", describe(call)}, {"code", error.code}});
    return {
        .next = Attempt::Next::AgainLater, .kind = kind, .server_pause = server_pause(response)};
  }
  if (correct_clock(batch, error.code, response) || renew_credentials(batch, error.code)) {
    return {.next = Attempt::Next::AgainNow};
  }
  return {.next = Attempt::Next::GiveUp};
}

bool Client::correct_clock(Batch& batch, std::string_view code, const net::HttpResponse& response) {
  if (!blames_clock(code)) {
    return false;
  }
  const auto date = parse_http_date(net::find_header(response.headers, "date").value_or(""));
  if (!date) {
    return false;
  }
  const Duration offset = *date - batch.signed_at;
  const bool differs = std::chrono::abs(offset - clock_offset_) > kSkewIgnored;
  if (batch.clock_corrected) {
    return batch.mended_this_round && !differs;
  }
  if (!differs) {
    return false;
  }
  surroundings_.log.write(
      LogLevel::Warn, "this machine's clock is wrong; signing with AWS's",
      {{"ahead_seconds", std::chrono::floor<std::chrono::seconds>(offset).count()}});
  clock_offset_ = offset;
  batch.clock_corrected = true;
  batch.mended_this_round = true;
  return true;
}

bool Client::renew_credentials(Batch& batch, std::string_view code) {
  if (!blames_credentials(code)) {
    return false;
  }
  if (batch.credentials_renewed) {
    return batch.mended_this_round;
  }
  batch.credentials_renewed = true;
  const Result<Credentials> renewed = surroundings_.credentials.renew(batch.deadline);
  if (!renewed.has_value()) {
    surroundings_.log.write(LogLevel::Warn, "credentials were refused and could not be renewed",
                            {{"code", code}, {"error", renewed.error().message}});
    return false;
  }
  batch.mended_this_round = true;
  return true;
}

}  // namespace scaler::aws
