// What one signature costs, with the day's key kept as the client keeps it, and without.

#include <benchmark/benchmark.h>

#include "edge/aws/sigv4.h"
#include "ground/base/check.h"

namespace scaler::aws {
namespace {

const Secret kSecret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
constexpr SigningScope kScope{.date = "20150830", .region = "us-east-1", .service = "sqs"};

net::HttpRequest depth_request() {
  return {.origin = {.host = "sqs.us-east-1.amazonaws.com"},
          .method = "POST",
          .headers = {{.name = "Content-Type", .value = "application/x-amz-json-1.0"},
                      {.name = "X-Amz-Target", .value = "AmazonSQS.GetQueueAttributes"},
                      {.name = "X-Amz-Date", .value = "20150830T123600Z"}},
          .body = R"({"QueueUrl":"https://sqs.us-east-1.amazonaws.com/123456789012/q1",)"
                  R"("AttributeNames":["ApproximateNumberOfMessages"]})"};
}

/// tests/vectors/sigv4.json has this request too; botocore signs it the same.
void check() {
  const Signature signature = sign(depth_request(), "AKIDEXAMPLE", derive_key(kSecret, kScope));
  CHECK(signature.hex == "b30af87736c97e3462284711ab9ebd65489d2d7ce7d0fb184fed7d24ae9a3643");
}

void sign_request(benchmark::State& state) {
  check();
  const SigningKey key = derive_key(kSecret, kScope);
  const net::HttpRequest request = depth_request();
  for (auto _ : state) {
    benchmark::DoNotOptimize(sign(request, "AKIDEXAMPLE", key));
  }
}
BENCHMARK(sign_request);

void sign_with_kept_key_and_session_token(benchmark::State& state) {
  check();
  Signer signer("us-east-1");
  const Credentials credentials{.access_key_id = "AKIDEXAMPLE",
                                .secret_access_key = kSecret,
                                .session_token = Secret(std::string(400, 'T'))};
  net::HttpRequest unsigned_request = depth_request();
  unsigned_request.headers.pop_back();
  const Instant at = std::chrono::sys_days(std::chrono::year(2015) / 8 / 30);
  for (auto _ : state) {
    net::HttpRequest request = unsigned_request;
    signer.sign(request, credentials, "sqs", at);
    benchmark::DoNotOptimize(request);
  }
}
BENCHMARK(sign_with_kept_key_and_session_token);

void derive_day_key(benchmark::State& state) {
  check();
  for (auto _ : state) {
    benchmark::DoNotOptimize(derive_key(kSecret, kScope));
  }
}
BENCHMARK(derive_day_key);

}  // namespace
}  // namespace scaler::aws
