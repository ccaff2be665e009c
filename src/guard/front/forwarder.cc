#include "guard/front/forwarder.h"

#include <utility>

#include "edge/aws/api_call.h"
#include "edge/aws/error_table.h"

namespace scaler::guard {
namespace {

constexpr Duration kClockTolerance = std::chrono::seconds(5);

}  // namespace

bool fails_for_now(const Result<net::HttpResponse>& answer) {
  return !answer.has_value() || answer->status >= 500 ||
         (answer->status >= 400 &&
          aws::classify(aws::read_error(*answer).code, answer->status) == ErrorKind::Throttled);
}

struct Forwarder::Attempt {
  net::HttpRequest request = {};  ///< without its signature
  std::string region = {};
  Deadline deadline = {};
  Answered answered = {};
  bool again = false;  ///< it was refused once
};

Forwarder::Forwarder(aws::ClientSettings settings, net::EventLoop& loop, net::HttpCaller& http,
                     CredentialKeeper& credentials, const Clock& clock)
    : settings_(std::move(settings)),
      loop_(loop),
      http_(http),
      credentials_(credentials),
      clock_(clock) {}

/// What is no URL, and a URL of a host that says no region, is looked for where the worker signed
/// for, unless the guard was told a region.
Result<aws::Destination> Forwarder::destination(const Whereto& whereto) const {
  Result<QueueAddress> queue = parse_queue(whereto.queue_url);
  if (!queue.has_value()) {
    return settings_.destination(aws::AwsService::Sqs, whereto.region);
  }
  if (queue->region.empty() && settings_.region.empty()) {
    queue->region = whereto.region;
  }
  return settings_.destination(*queue);
}

std::string Forwarder::whole_url(const std::string& path, const std::string& region) const {
  const Result<aws::Destination> place = destination({.region = region});
  if (!place.has_value()) {
    return path;
  }
  const net::Origin& origin = place->endpoint.origin;
  return origin.scheme + "://" + net::host_header(origin) + place->endpoint.path + path;
}

void Forwarder::send(net::HttpRequest request, const Whereto& whereto, Duration patience,
                     Answered answered) {
  auto attempt = std::make_shared<Attempt>(Attempt{
      .request = std::move(request), .deadline = after(patience), .answered = std::move(answered)});
  Result<aws::Destination> destination = this->destination(whereto);
  if (!destination.has_value()) {
    fail_later(attempt, std::move(destination).error());
    return;
  }
  attempt->region = std::move(destination->region);
  attempt->request.origin = std::move(destination->endpoint.origin);
  // A worker that goes where a queue's URL points names the whole path, not what stands behind the
  // endpoint's.
  const std::string& path = destination->endpoint.path;
  if (!attempt->request.target.starts_with(path + "/")) {
    attempt->request.target.insert(0, path);
  }
  begin(attempt);
}

void Forwarder::call(std::string_view operation, std::string body, const Whereto& whereto,
                     Duration patience, Answered answered) {
  send({.method = "POST",
        .headers = {{.name = "Content-Type", .value = "application/x-amz-json-1.0"},
                    {.name = "X-Amz-Target", .value = "AmazonSQS." + std::string(operation)}},
        .body = std::move(body)},
       whereto, patience, std::move(answered));
}

void Forwarder::fail_later(const std::shared_ptr<Attempt>& attempt, Error error) {
  loop_.post([attempt, error = std::move(error)] { attempt->answered(std::unexpected(error)); });
}

void Forwarder::begin(const std::shared_ptr<Attempt>& attempt) {
  const aws::Credentials* credentials = credentials_.latest();
  if (credentials == nullptr) {
    fail_later(attempt, {.kind = ErrorKind::Unauthorized, .message = "there are no credentials"});
    return;
  }
  net::HttpRequest request = attempt->request;
  signers_.try_emplace(attempt->region, attempt->region)
      .first->second.sign(request, *credentials, aws::signing_name(aws::AwsService::Sqs),
                          clock_.now() + clock_offset_);
  http_.send(request, {.deadline = attempt->deadline},
             [this, alive = alive_, attempt](net::Finished finished) {
               if (*alive) {
                 settle(attempt, std::move(finished.response));
               }
             });
}

void Forwarder::note_clock(const net::HttpResponse& response) {
  const auto told = aws::parse_http_date(net::find_header(response.headers, "date").value_or(""));
  if (told) {
    const Duration difference = *told - clock_.now();
    // The header has whole seconds, and took its way.
    clock_difference_ =
        std::chrono::abs(difference) < kClockTolerance ? Duration::zero() : difference;
  }
}

void Forwarder::settle(const std::shared_ptr<Attempt>& attempt,
                       Result<net::HttpResponse> response) {
  if (response.has_value()) {
    note_clock(*response);
  }
  if (response.has_value() && response->status >= 400 && !std::exchange(attempt->again, true) &&
      goes_again(attempt, *response)) {
    return;
  }
  attempt->answered(std::move(response));
}

bool Forwarder::goes_again(const std::shared_ptr<Attempt>& attempt,
                           const net::HttpResponse& response) {
  const std::string code = aws::read_error(response).code;
  if (aws::blames_credentials(code)) {
    credentials_.renew([this, alive = alive_, attempt] {
      if (*alive) {
        begin(attempt);
      }
    });
    return true;
  }
  if (!aws::blames_clock(code)) {
    return false;
  }
  if (clock_difference_ == clock_offset_) {
    return false;
  }
  clock_offset_ = clock_difference_;
  begin(attempt);
  return true;
}

}  // namespace scaler::guard
