#include "guard/front/agent.h"

#include <gtest/gtest.h>

namespace scaler::guard {
namespace {

using namespace std::chrono_literals;
using Kind = AgentReply::Kind;

constexpr Instant kNow{1795435200s};  // 2026-11-23T12:00:00Z
constexpr Deadline kAsked{1000s};

AgentReply read(std::string body, int status = 200, AskAgent::What what = AskAgent::What::Protect) {
  return read_agent_reply(net::HttpResponse{.status = status, .body = std::move(body)},
                          {.what = what, .protect_for = 10min, .at = kAsked}, kNow);
}

constexpr std::string_view kOn =
    R"({"protection":{"ExpirationDate":"2026-11-23T12:10:00Z","ProtectionEnabled":true,"TaskArn":"arn"}})";

TEST(AgentReply, IsOnWithAnExpiryToCome) {
  const AgentReply reply = read(std::string(kOn));
  EXPECT_EQ(reply.kind, Kind::On);
  EXPECT_EQ(reply.expires, kAsked + 10min);
  EXPECT_EQ(reply.expiration, "2026-11-23T12:10:00Z");
}

TEST(AgentReply, LastsNoLongerThanWasAskedForWhateverTheClocksSay) {
  const std::string later =
      R"({"protection":{"ExpirationDate":"2026-11-23T18:00:00Z","ProtectionEnabled":true}})";
  EXPECT_EQ(read(later).expires, kAsked + 10min);
  EXPECT_EQ(read(later, 200, AskAgent::What::Inspect).expires, kAsked + 6h) << "somebody else's";
}

TEST(AgentReply, IsNoProtectionWithoutAnExpiryToCome) {
  for (const char* date :
       {"\"2026-11-23T12:00:00Z\"", "\"2020-01-01T00:00:00Z\"", "\"soon\"", "1", "null"}) {
    EXPECT_EQ(read(std::string(R"({"protection":{"ProtectionEnabled":true,"ExpirationDate":)") +
                   date + "}}")
                  .kind,
              Kind::Failed)
        << date;
  }
  EXPECT_EQ(read(R"({"protection":{"ProtectionEnabled":true}})").kind, Kind::Failed);
}

TEST(AgentReply, TellsRefusalsThatComeAs200) {
  EXPECT_EQ(read(R"({"failure":{"Arn":"a","Detail":"d","Reason":"DEPLOYMENT_BLOCKED"}})").kind,
            Kind::Blocked);
  EXPECT_EQ(read(R"({"failure":{"Reason":"TASK_NOT_VALID"}})").kind, Kind::NotValid);
  EXPECT_EQ(read(R"({"failure":{"Reason":"MISSING"}})").kind, Kind::Failed);
  EXPECT_EQ(read(R"({"failure":{}})").kind, Kind::Failed);
  EXPECT_EQ(read(R"({"failure":7})").kind, Kind::Failed);
}

TEST(AgentReply, IsOff) {
  EXPECT_EQ(read(R"({"protection":{"ProtectionEnabled":false,"TaskArn":"a"}})").kind, Kind::Off);
  EXPECT_EQ(read(R"({"protection":{"ProtectionEnabled":"true"}})").kind, Kind::Off);
  EXPECT_EQ(read(R"({"protection":{}})").kind, Kind::Off);
}

TEST(AgentReply, TellsDenialsFromFailures) {
  const std::string denied =
      R"({"error":{"Arn":"a","Code":"AccessDeniedException","Message":"not authorized"}})";
  EXPECT_EQ(read(denied, 400).kind, Kind::Denied);
  EXPECT_EQ(read(denied, 200).kind, Kind::Failed) << "no status that denies";
  EXPECT_EQ(read("", 403).kind, Kind::Denied);
  EXPECT_EQ(read("<html>", 404).kind, Kind::Denied);
  EXPECT_EQ(read("", 500).kind, Kind::Failed);
  EXPECT_EQ(read(R"({"error":{"Code":"ServerException"}})", 500).kind, Kind::Failed);
  EXPECT_EQ(read("{", 504).kind, Kind::Failed);
  EXPECT_NE(read(denied, 400).why.find("AccessDeniedException: not authorized"), std::string::npos);
}

TEST(AgentReply, TellsThrottling) {
  const AgentReply reply = read(R"({"error":{"Code":"ThrottlingException"}})", 400);
  EXPECT_EQ(reply.kind, Kind::Failed);
  EXPECT_TRUE(reply.throttled);
  EXPECT_TRUE(read("", 429).throttled);
}

TEST(AgentReply, IsAFailureWhenNothingCanBeUnderstood) {
  EXPECT_EQ(read("<html>").why, "status 200, but no JSON");
  for (const char* body : {"", "{", "[]", "{}", "null", R"({"protection":null})",
                           R"({"protection":null,"failure":null})"}) {
    EXPECT_EQ(read(body).kind, Kind::Failed) << body;
  }
  EXPECT_EQ(read_agent_reply(fail(ErrorKind::Unavailable, "no"), {}, kNow).why, "no");
}

}  // namespace
}  // namespace scaler::guard
