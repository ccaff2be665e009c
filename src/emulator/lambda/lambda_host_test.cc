#include "emulator/lambda/lambda_host.h"

#include <array>
#include <fcntl.h>
#include <optional>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/lambda/fake_bootstrap.h"
#include "ground/json/reader.h"
#include "ground/net/url.h"

namespace scaler::emulator {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

const std::string kFunctions = "/2015-03-31/functions/";
const std::string kMappings = "/2015-03-31/event-source-mappings";
constexpr std::string_view kQueueArn = "arn:aws:sqs:us-east-1:000000000000:jobs";

class LambdaHostTest : public ::testing::Test {
 protected:
  LambdaHostTest() { queue_ = &world_.create_queue("jobs", {}); }

  void use(std::string_view script, LambdaOptions options = {}) {
    script_ = std::make_unique<Script>(std::string(kRuntime) + std::string(script));
    options.function.bootstrap = script_->path();
    options.job_queue = "jobs";
    auto host = LambdaHost::create(loop_, world_, std::move(options), log_);
    ASSERT_TRUE(host.has_value()) << host.error().message;
    host_ = std::move(*host);
  }

  static net::HttpHeaders signed_headers() {
    std::string date =
        format_instant(std::chrono::floor<std::chrono::seconds>(system_clock().now()));
    std::erase_if(date, [](char c) { return c == '-' || c == ':'; });
    return {{.name = "Host", .value = "127.0.0.1"},
            {.name = "X-Amz-Date", .value = date},
            {.name = "Authorization",
             .value = "AWS4-HMAC-SHA256 Credential=AKIA/" + date.substr(0, 8) +
                      "/us-east-1/lambda/aws4_request, "
                      "SignedHeaders=host;x-amz-date, Signature=" +
                      std::string(64, 'a')}};
  }

  net::HttpResponse call(std::string method, std::string target, std::string body = "",
                         net::HttpHeaders more = {}) {
    net::ServerRequest request = {.method = std::move(method),
                                  .target = std::move(target),
                                  .headers = signed_headers(),
                                  .body = std::move(body)};
    for (net::HttpHeader& header : more) {
      std::string& authorization = request.headers[2].value;
      std::string name = header.name;
      std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      });
      const std::size_t place = authorization.find(", Signature");
      authorization.insert(place, ";" + name);
      request.headers.push_back(std::move(header));
    }
    return send(request);
  }

  net::HttpResponse send(const net::ServerRequest& request) {
    std::optional<net::HttpResponse> answer;
    host_->handle(request, [&answer](net::HttpResponse response) { answer = std::move(response); });
    EXPECT_TRUE(run_until(loop_, [&] { return answer.has_value(); }));
    return answer.value_or(net::HttpResponse{});
  }

  std::string mapping_path() const { return kMappings + "/" + host_->mapping()->identity().uuid; }

  static std::string text(const net::HttpResponse& response, std::string_view name) {
    const auto document = json::parse(response.body);
    return json::Reader(*document).field(name).value().string().value();
  }

  void expect_error(const net::HttpResponse& response, int status, std::string_view code) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(net::find_header(response.headers, "x-amzn-errortype").value_or(""), code);
    EXPECT_EQ(text(response, "Type"), "User");
    EXPECT_NE(text(response, "Message"), "");
  }

  net::EventLoop loop_;
  Random random_ = Random(3);
  world::World world_ = world::World({}, system_clock().now(), random_);
  world::Queue* queue_ = nullptr;
  Log log_ = Log(-1, LogLevel::Fatal, system_clock());
  std::unique_ptr<Script> script_;
  std::unique_ptr<LambdaHost> host_;
};

TEST_F(LambdaHostTest, HasAMappingForEachOfTheScalersOwnQueues) {
  world::Queue& ticks = world_.create_queue("ticks", {.visibility_timeout = 60s});
  use("while next; do answer '{\"batchItemFailures\":[]}'; done", {.own_queues = {"ticks"}});
  const auto listed = json::parse(call("GET", kMappings).body);
  ASSERT_TRUE(listed.has_value());
  EXPECT_EQ(json::Reader(*listed).field("EventSourceMappings")->items()->size(), 2U);
  EXPECT_EQ(call("GET", kMappings + "/" + host_->mappings()[1]->identity().uuid).status, 200);

  world_.send(ticks, {.body = "tick"});
  EXPECT_TRUE(run_until(loop_, [this] { return host_->mappings()[1]->totals().deleted == 1; }));
  EXPECT_EQ(host_->mapping()->totals().received, 0);
}

TEST_F(LambdaHostTest, TellsManyMappingsByPages) {
  world_.create_queue("ticks", {.visibility_timeout = 60s});
  world_.create_queue("bell", {.visibility_timeout = 60s});
  use("next", {.own_queues = {"ticks", "bell"}});
  std::vector<std::string> told;
  std::string marker;
  for (const std::size_t size : {2U, 1U}) {
    const auto page = json::parse(
        call("GET", kMappings + "?MaxItems=2" + (marker.empty() ? "" : "&Marker=" + marker)).body);
    const json::Reader reader(*page);
    const json::Reader list = *reader.field("EventSourceMappings");
    const std::vector<json::Reader> mappings = *list.items();
    for (const json::Reader& mapping : mappings) {
      told.push_back(mapping.field("UUID")->string().value());
    }
    EXPECT_EQ(mappings.size(), size);
    const auto next = reader.optional_field("NextMarker");
    EXPECT_EQ(next.has_value(), size == 2);
    marker = next ? next->string().value() : "";
  }
  EXPECT_EQ(told.size(), 3U);
  EXPECT_NE(told[1], told[2]);
}

TEST_F(LambdaHostTest, HandsMessagesToTheFunctionSoonAndDeletesThem) {
  use("while next; do answer '{\"batchItemFailures\":[]}'; done");
  world_.send(*queue_, {.body = "a"});

  EXPECT_TRUE(run_until(loop_, [this] { return host_->mapping()->totals().deleted == 1; }));
  EXPECT_EQ(host_->function().totals().invocations, 1);
  EXPECT_THAT(world_.history(),
              Contains(Field(&world::HistoryEvent::detail, HasSubstr("invocation ok after "))));
}

TEST_F(LambdaHostTest, InvokesTheFunctionOnItsSchedule) {
  std::vector<std::string> lines;
  use("while next; do echo \"$event\"; answer '{}'; done",
      {.schedule = 20ms,
       .log_line = [&lines](std::string_view line) { lines.emplace_back(line); }});

  // An invocation counts when it begins; its line comes later.
  ASSERT_TRUE(run_until(
      loop_, [&] { return host_->function().totals().invocations >= 2 && !lines.empty(); }));
  EXPECT_THAT(lines.at(0), HasSubstr("Scheduled Event"));
}

TEST_F(LambdaHostTest, EndsPollingAndScheduleOnShutdown) {
  use("while next; do answer '{}'; done", {.schedule = 1ms});
  host_->shutdown();
  world_.send(*queue_, {.body = "a"});
  bool later = false;
  loop_.run_after(120ms, [&] { later = true; });

  ASSERT_TRUE(run_until(loop_, [&] { return later; }));

  EXPECT_EQ(queue_->totals().received, 0);
  EXPECT_EQ(host_->schedule()->sent(), 0);
}

TEST_F(LambdaHostTest, InvokesAndAnswersWithThePayload) {
  use("while next; do answer \"$event\"; done");

  const net::HttpResponse response =
      call("POST", kFunctions + "ecs-scaler/invocations", R"({"dry_run":true})");

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"dry_run":true})");
  EXPECT_FALSE(net::find_header(response.headers, "X-Amz-Function-Error").has_value());
  EXPECT_EQ(net::find_header(response.headers, "X-Amz-Executed-Version"), "$LATEST");
}

TEST_F(LambdaHostTest, MarksAFunctionErrorInAHeader) {
  use("exit 1");

  const net::HttpResponse response = call("POST", kFunctions + "ecs-scaler/invocations");

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(net::find_header(response.headers, "X-Amz-Function-Error"), "Unhandled");
  EXPECT_EQ(text(response, "errorType"), "Runtime.ExitError");
}

TEST_F(LambdaHostTest, ThrottlesBeyondTheReservedConcurrency) {
  use("next", {.function = {.concurrency_max = 0}});

  const auto response = call("POST", kFunctions + "ecs-scaler/invocations", "{}");

  expect_error(response, 429, "TooManyRequestsException");
  EXPECT_TRUE(net::find_header(response.headers, "Retry-After").has_value());
}

TEST_F(LambdaHostTest, OffersEventAndDryRunInvocations) {
  use("while next; do answer '{}'; done");
  const std::string path = kFunctions + "ecs-scaler/invocations";
  const auto type = [](const char* name) {
    return net::HttpHeaders{{.name = "X-Amz-Invocation-Type", .value = name}};
  };

  EXPECT_EQ(call("POST", path, "{}", type("DryRun")).status, 204);
  EXPECT_EQ(host_->function().totals().invocations, 0);
  EXPECT_EQ(call("POST", path, "{}", type("Event")).status, 202);
  EXPECT_EQ(host_->function().totals().invocations, 1);
  expect_error(call("POST", path, "{}", type("Later")), 400, "InvalidParameterValueException");
  expect_error(call("POST", path, "{"), 400, "InvalidRequestContentException");
  expect_error(call("POST", path, std::string(1U << 20U, '1') + "1", type("Event")), 413,
               "RequestTooLargeException");
}

TEST_F(LambdaHostTest, TellsTheFunctionsConfiguration) {
  use("next", {.function = {.environment = {{"SCALE_UP_TARGET", "3"}}}});

  for (const std::string& name :
       {std::string("ecs-scaler"), std::string("ecs-scaler:$LATEST"),
        net::percent_encode("arn:aws:lambda:us-east-1:000000000000:function:ecs-scaler"),
        std::string("000000000000:function:ecs-scaler")}) {
    const net::HttpResponse response = call("GET", kFunctions + name + "/configuration");

    EXPECT_EQ(response.status, 200) << name;
    EXPECT_EQ(text(response, "FunctionName"), "ecs-scaler");
    EXPECT_EQ(text(response, "State"), "Active");
    EXPECT_THAT(response.body, HasSubstr(R"("Variables":{"SCALE_UP_TARGET":"3"})"));
    EXPECT_THAT(response.body, HasSubstr(R"("Timeout":30)"));
  }
  expect_error(call("GET", kFunctions + "other/configuration"), 404, "ResourceNotFoundException");
  expect_error(call("GET", kFunctions + "ecs-scaler/configuration?Qualifier=7"), 404,
               "ResourceNotFoundException");
}

TEST_F(LambdaHostTest, ListsMappingsByQueueAndFunction) {
  use("next");
  const auto count = [this](const std::string& query) {
    const auto response = call("GET", kMappings + "/" + query);
    const auto document = json::parse(response.body);
    return json::Reader(*document).field("EventSourceMappings").value().items().value().size();
  };

  EXPECT_EQ(count(""), 1U);
  EXPECT_EQ(count("?EventSourceArn=" + net::percent_encode(kQueueArn)), 1U);
  EXPECT_EQ(count("?EventSourceArn=arn%3Aother"), 0U);
  EXPECT_EQ(count("?FunctionName=ecs-scaler&MaxItems=100"), 1U);
  EXPECT_EQ(count("?FunctionName=other"), 0U);
  EXPECT_EQ(count("?Marker=x"), 0U);
  expect_error(call("GET", kMappings + "?MaxItems=0"), 400, "InvalidParameterValueException");
  expect_error(call("GET", kMappings + "?MaxItems=1x"), 400, "InvalidParameterValueException");
  expect_error(call("GET", kMappings + "?Other=1"), 400, "InvalidParameterValueException");
}

TEST_F(LambdaHostTest, TogglesTheMapping) {
  use("next");
  EXPECT_EQ(text(call("GET", mapping_path()), "State"), "Enabled");

  const net::HttpResponse response = call("PUT", mapping_path(), R"({"Enabled":false})");

  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(text(response, "State"), "Disabling");
  expect_error(call("PUT", mapping_path(), R"({"Enabled":true})"), 400, "ResourceInUseException");
  world_.advance(world_.now() + 31s);
  EXPECT_EQ(call("PUT", mapping_path(), R"({"Enabled":true})").status, 202);
}

TEST_F(LambdaHostTest, ChangesTheMappingsSettings) {
  use("next");

  const net::HttpResponse response =
      call("PUT", mapping_path(),
           R"({"FunctionName":"ecs-scaler","BatchSize":50,"MaximumBatchingWindowInSeconds":2,)"
           R"("ScalingConfig":{"MaximumConcurrency":2},"FunctionResponseTypes":[]})");

  EXPECT_EQ(response.status, 202) << response.body;
  EXPECT_EQ(text(response, "State"), "Updating");
  EXPECT_EQ(host_->mapping()->settings(), (MappingSettings{.batch_size = 50,
                                                           .batching_window = 2s,
                                                           .concurrency_max = 2,
                                                           .report_batch_item_failures = false}));
}

TEST_F(LambdaHostTest, RefusesWrongUpdates) {
  use("next");
  for (const std::string body :
       {R"({"BatchSize":0})", R"({"BatchSize":11})", R"({"BatchSize":10001})",
        R"({"MaximumBatchingWindowInSeconds":301})", R"({"MaximumBatchingWindowInSeconds":-1})",
        R"({"ScalingConfig":{"MaximumConcurrency":1}})",
        R"({"FunctionResponseTypes":["Report"]})"}) {
    expect_error(call("PUT", mapping_path(), body), 400, "InvalidParameterValueException");
  }
  for (const std::string body : {"", "{", "[]", R"({"enabled":true})", R"({"Enabled":"no"})",
                                 R"({"FilterCriteria":{}})", R"({"ScalingConfig":{"Max":2}})"}) {
    const auto response = call("PUT", mapping_path(), body);
    EXPECT_EQ(response.status, body.empty() ? 202 : 400) << body;
  }
  expect_error(call("PUT", kMappings + "/unknown", "{}"), 404, "ResourceNotFoundException");
  EXPECT_EQ(host_->mapping()->state(), MappingState::Enabled);
}

TEST_F(LambdaHostTest, RefusesOtherPathsAndUnsignedRequests) {
  use("next");
  expect_error(call("PATCH", mapping_path()), 404, "UnknownOperationException");
  expect_error(call("PUT", kMappings), 404, "UnknownOperationException");
  expect_error(call("GET", mapping_path() + "/more"), 404, "UnknownOperationException");
  expect_error(call("GET", "/2015-03-31/layers"), 404, "UnknownOperationException");
  expect_error(call("PUT", "/2015-03-31/functions"), 404, "UnknownOperationException");

  expect_error(send({.method = "GET", .target = kMappings}), 403,
               "MissingAuthenticationTokenException");
}

// Versions and aliases.

class AliasTest : public LambdaHostTest {
 protected:
  /// Answers with the ARN by which it was invoked.
  AliasTest() {
    use(R"(
while next; do
  arn=${reply#*Invoked-Function-Arn: }
  echo "${arn%%$'\n'*} $AWS_LAMBDA_FUNCTION_VERSION"
  answer "\"${arn%%$'\n'*}\""
done)",
        {.schedule = Duration(0),
         .log_line = [this](std::string_view line) { lines_.emplace_back(line); }});
  }
  void make_alias() {
    EXPECT_EQ(call("POST", kFunction + "/versions", R"({"Description":"first"})").status, 201);
    EXPECT_EQ(
        call("POST", kFunction + "/aliases", R"({"Name":"live","FunctionVersion":"1"})").status,
        201);
  }
  net::HttpResponse create_mapping(const std::string& function, const std::string& more = "") {
    return call("POST", kMappings,
                R"({"FunctionName":")" + function + R"(","EventSourceArn":")" +
                    std::string(kQueueArn) + "\"" + more + "}");
  }
  /// How often it stands in the answer.
  static std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
      ++found;
    }
    return found;
  }
  std::size_t listed(const std::string& query) {
    return count(call("GET", kMappings + query).body, "UUID");
  }

  const std::string kFunction = kFunctions + "ecs-scaler";
  const std::string kArn = "arn:aws:lambda:us-east-1:000000000000:function:ecs-scaler";
  std::vector<std::string> lines_;
};

TEST_F(AliasTest, PublishesVersions) {
  const auto made = call("POST", kFunction + "/versions", R"({"Description":"first"})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(text(made, "Version"), "1");
  EXPECT_EQ(text(made, "FunctionArn"), kArn + ":1");
  EXPECT_EQ(text(made, "Description"), "first");
  EXPECT_EQ(text(call("POST", kFunction + "/versions"), "Version"), "2");
  const auto all = call("GET", kFunction + "/versions");
  EXPECT_THAT(all.body, HasSubstr(R"("FunctionArn":")" + kArn + R"(:$LATEST")"));
  EXPECT_EQ(count(all.body, R"("Version":)"), 3U);
  EXPECT_EQ(text(call("GET", kFunction + "/configuration?Qualifier=2"), "FunctionArn"),
            kArn + ":2");
}

TEST_F(AliasTest, KeepsAliases) {
  make_alias();
  const auto alias = call("GET", kFunction + "/aliases/live");
  EXPECT_EQ(text(alias, "AliasArn"), kArn + ":live");
  EXPECT_EQ(text(alias, "FunctionVersion"), "1");
  const auto changed =
      call("PUT", kFunction + "/aliases/live",
           R"({"FunctionVersion":"$LATEST","RevisionId":")" + text(alias, "RevisionId") + "\"}");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(text(changed, "FunctionVersion"), "$LATEST");
  EXPECT_NE(text(changed, "RevisionId"), text(alias, "RevisionId"));
  EXPECT_EQ(count(call("GET", kFunction + "/aliases").body, "AliasArn"), 1U);
  EXPECT_EQ(count(call("GET", kFunction + "/aliases?FunctionVersion=1").body, "AliasArn"), 0U);
  EXPECT_EQ(call("DELETE", kFunction + "/aliases/live").status, 204);
  expect_error(call("GET", kFunction + "/aliases/live"), 404, "ResourceNotFoundException");
}

TEST_F(AliasTest, RefusesWrongAliases) {
  make_alias();
  const std::string path = kFunction + "/aliases";
  expect_error(call("POST", path, R"({"Name":"live","FunctionVersion":"1"})"), 409,
               "ResourceConflictException");
  expect_error(call("POST", path, R"({"Name":"next","FunctionVersion":"9"})"), 404,
               "ResourceNotFoundException");
  for (const std::string name : {"7", "", "a b"}) {
    expect_error(call("POST", path, R"({"Name":")" + name + R"(","FunctionVersion":"1"})"), 400,
                 "ValidationException");
  }
  expect_error(call("PUT", path + "/live", R"({"RevisionId":"old"})"), 412,
               "PreconditionFailedException");
  expect_error(call("PUT", path + "/other", "{}"), 404, "ResourceNotFoundException");
  expect_error(call("GET", kFunctions + "other/aliases"), 404, "ResourceNotFoundException");
}

TEST_F(AliasTest, TellsTheFunctionByWhatItWasInvoked) {
  make_alias();
  const std::array<std::pair<std::string, std::string>, 5> cases = {
      {{"/invocations", ""},
       {":live/invocations", ":live"},
       {"/invocations?Qualifier=live", ":live"},
       {"/invocations?Qualifier=1", ":1"},
       {":$LATEST/invocations", ":$LATEST"}}};
  for (const auto& [path, qualifier] : cases) {
    EXPECT_EQ(call("POST", kFunction + path).body, "\"" + kArn + qualifier + "\"") << path;
  }
  const auto answer = call("POST", kFunction + ":live/invocations");
  EXPECT_EQ(net::find_header(answer.headers, "X-Amz-Executed-Version"), "1");
  EXPECT_THAT(lines_, Contains(kArn + ":live 1"));
  expect_error(call("POST", kFunction + ":live/invocations?Qualifier=1"), 400,
               "InvalidParameterValueException");
  expect_error(call("POST", kFunction + ":other/invocations"), 404, "ResourceNotFoundException");
}

TEST_F(AliasTest, AListByNameTellsTheMappingsOfExactlyThat) {
  make_alias();
  EXPECT_EQ(text(create_mapping("ecs-scaler:live"), "FunctionArn"), kArn + ":live");
  EXPECT_EQ(listed("?FunctionName=ecs-scaler"), 1U);
  EXPECT_EQ(listed("?FunctionName=ecs-scaler%3Alive"), 1U);
  EXPECT_EQ(listed("?FunctionName=" + net::percent_encode(kArn + ":live")), 1U);
  EXPECT_EQ(listed("?FunctionName=ecs-scaler%3A1"), 0U);
  EXPECT_EQ(listed("?EventSourceArn=" + net::percent_encode(kQueueArn)), 2U);
}

TEST_F(AliasTest, AMappingOnAnAliasInvokesTheAlias) {
  make_alias();
  host_->handle({.method = "DELETE", .target = mapping_path(), .headers = signed_headers()},
                [](const net::HttpResponse& response) { EXPECT_EQ(response.status, 202); });
  world_.advance(world_.now() + 31s);
  ASSERT_TRUE(run_until(loop_, [this] { return host_->mappings().empty(); }));
  EXPECT_EQ(host_->mapping(), nullptr);
  EXPECT_EQ(text(create_mapping(kArn + ":live"), "State"), "Creating");
  world_.advance(world_.now() + 31s);
  world_.send(*queue_, {.body = "a"});
  EXPECT_TRUE(run_until(loop_, [this] { return !lines_.empty(); }));
  EXPECT_THAT(lines_, ElementsAre(kArn + ":live 1"));
}

TEST_F(AliasTest, RefusesWrongMappings) {
  expect_error(create_mapping("ecs-scaler"), 409, "ResourceConflictException");
  expect_error(create_mapping("ecs-scaler:live"), 404, "ResourceNotFoundException");
  make_alias();
  expect_error(create_mapping("ecs-scaler:live", R"(,"BatchSize":0)"), 400,
               "InvalidParameterValueException");
  expect_error(call("POST", kMappings,
                    R"({"FunctionName":"ecs-scaler:live",)"
                    R"("EventSourceArn":"arn:aws:sqs:us-east-1:000000000000:none"})"),
               400, "InvalidParameterValueException");
  EXPECT_EQ(text(create_mapping("ecs-scaler:live", R"(,"Enabled":false)"), "State"), "Creating");
  expect_error(call("PUT", mapping_path(), R"({"FunctionName":"ecs-scaler:7"})"), 404,
               "ResourceNotFoundException");
}

TEST_F(LambdaHostTest, RefusesSettingsThatLambdaRefuses) {
  const Script script("#!/bin/sh\n");
  const auto refusal = [&](auto change) {
    LambdaOptions options = {.function = {.bootstrap = script.path()}, .job_queue = "jobs"};
    change(options);
    const auto host = LambdaHost::create(loop_, world_, std::move(options), log_);
    return host ? std::string() : host.error().message;
  };

  EXPECT_EQ(refusal([](LambdaOptions&) {}), "");
  EXPECT_THAT(refusal([](auto& o) { o.function.bootstrap = "/nonexistent"; }),
              HasSubstr("/nonexistent"));
  EXPECT_THAT(refusal([](auto& o) { o.function.environment["AWS_REGION"] = "x"; }),
              HasSubstr("AWS_REGION is reserved"));
  EXPECT_THAT(refusal([](auto& o) { o.function.environment["A"] = std::string(4096, 'x'); }),
              HasSubstr("4097 bytes"));
  EXPECT_THAT(refusal([](auto& o) { o.function.timeout = 901s; }), HasSubstr("timeout"));
  EXPECT_THAT(refusal([](auto& o) { o.function.timeout = 31s; }), HasSubstr("visibility timeout"));
  EXPECT_THAT(refusal([](auto& o) { o.function.memory_mb = 64; }), HasSubstr("memory"));
  EXPECT_THAT(refusal([](auto& o) { o.mapping.batch_size = 11; }), HasSubstr("batch"));
}

TEST(FunctionEnvironment, IsThatOfTheDefaultDeploymentWithOverrides) {
  const Environment environment = function_environment(
      {.endpoint = "http://e",
       .queue_url = "http://q",
       .cluster = "main",
       .service = "worker",
       .overrides = {
           {"SCALE_UP_TARGET", "3"}, {"ECS_SERVICE_NAME", "other"}, {"SQS_QUEUE_URL", ""}}});

  EXPECT_EQ(environment, (Environment{{"AWS_ENDPOINT_URL", "http://e"},
                                      {"ECS_CLUSTER_NAME", "main"},
                                      {"ECS_SERVICE_NAME", "other"},
                                      {"SCALE_UP_TARGET", "3"},
                                      {"WAKE", "true"}}));
}

}  // namespace
}  // namespace scaler::emulator
