#include "edge/wiring/wake_mapping.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "edge/aws/test_support.h"

namespace scaler {
namespace {

const std::string kFunction = "arn:aws:lambda:us-east-1:123456789012:function:scaler";
const std::string kQueue = "arn:aws:sqs:us-east-1:210987654321:jobs";
const std::string kOther = "arn:aws:sqs:us-east-1:123456789012:other";
const std::string kUrl = "https://sqs.us-east-1.amazonaws.com/210987654321/jobs";

std::string mapping(std::string_view id, std::string_view function_arn,
                    std::string_view state = "Enabled", std::string_view queue_arn = kQueue) {
  return fmt::format(R"({{"UUID":"{}","State":"{}","EventSourceArn":"{}","FunctionArn":"{}"}})", id,
                     state, queue_arn, function_arn);
}

class WakeMappingTest : public ::testing::Test {
 protected:
  void list(std::string_view mappings) {
    test_.transport.reply_with(
        {aws::ok(fmt::format(R"({{"EventSourceMappings":[{}]}})", mappings))});
  }
  Result<std::vector<MappingStatus>> find(const std::string& function_arn,
                                          const std::string& queue_arn = {}) {
    return AwsWakeMapping(mappings_).find(
        {.queue_url = kUrl, .queue_arn = queue_arn, .function_arn = function_arn}, aws::soon());
  }

  aws::TestClient test_;
  aws::EventSourceMappings mappings_{test_.client()};
};

TEST_F(WakeMappingTest, AsksOnceByTheQueuesArn) {
  list(mapping("u1", kFunction));
  EXPECT_TRUE(find(kFunction).has_value());
  ASSERT_EQ(test_.transport.requests.size(), 1U);
  EXPECT_EQ(test_.transport.requests[0].target,
            "/2015-03-31/event-source-mappings?EventSourceArn="
            "arn%3Aaws%3Asqs%3Aus-east-1%3A210987654321%3Ajobs&MaxItems=100");
}

TEST_F(WakeMappingTest, FindsThatOfEveryQualifierAndKnowsWhichWasInvoked) {
  list(mapping("plain", kFunction) + "," + mapping("live", kFunction + ":live", "Disabled") + "," +
       mapping("seven", kFunction + ":7", "Disabling"));
  const auto found = find(kFunction + ":live");
  ASSERT_EQ(found->size(), 3U);
  EXPECT_FALSE(found->at(0).invoked);
  EXPECT_TRUE(found->at(0).enabled);
  EXPECT_TRUE(found->at(1).invoked);
  EXPECT_EQ(found->at(1).function_arn, kFunction + ":live");
  EXPECT_FALSE(found->at(1).enabled);
  EXPECT_TRUE(found->at(2).in_transition);
}

TEST_F(WakeMappingTest, TakesTheLatestForThePlainFunction) {
  list(mapping("u1", kFunction + ":$LATEST"));
  EXPECT_TRUE(find(kFunction)->at(0).invoked);
}

TEST_F(WakeMappingTest, LeavesOtherFunctionsAndQueuesAlone) {
  list(mapping("u1", kFunction + "-two") + "," +
       mapping("u2", "arn:aws:lambda:us-east-1:999999999999:function:scaler") + "," +
       mapping("u3", kFunction, "Enabled", "arn:aws:sqs:us-east-1:123456789012:jobs"));
  EXPECT_EQ(find(kFunction + ":live").error().message,
            "no event source mapping on arn:aws:sqs:us-east-1:210987654321:jobs delivers to "
            "arn:aws:lambda:us-east-1:123456789012:function:scaler, by whatever alias or version: "
            "none could be switched");
}

TEST_F(WakeMappingTest, TakesTheQueuesArnFromTheEvent) {
  const std::string other = "arn:aws:sqs:eu-west-1:210987654321:jobs";
  list(mapping("u1", kFunction, "Enabled", other));
  EXPECT_TRUE(find(kFunction, other).has_value());
  EXPECT_EQ(find(kFunction).error().kind, ErrorKind::NotFound);
}

TEST_F(WakeMappingTest, OneListTellsThoseOfAllQueues) {
  list(mapping("u1", kFunction) + "," + mapping("u2", kFunction + ":live", "Disabled", kOther) +
       "," + mapping("u3", kFunction + "-two") + "," +
       mapping("u4", kFunction + ":live", "Enabled", ""));
  const auto found = AwsWakeMapping(mappings_).list(kFunction + ":live", aws::soon());
  ASSERT_EQ(found->size(), 3U);
  EXPECT_EQ(found->at(0).queue_arn, kQueue);
  EXPECT_FALSE(found->at(0).invoked);
  EXPECT_EQ(found->at(1).queue_arn, kOther);
  EXPECT_TRUE(found->at(1).invoked);
  ASSERT_EQ(test_.transport.requests.size(), 1U);
  EXPECT_EQ(test_.transport.requests[0].target, "/2015-03-31/event-source-mappings?MaxItems=100");
}

TEST_F(WakeMappingTest, AListHasPages) {
  test_.transport.reply_with(
      {aws::ok(fmt::format(R"({{"EventSourceMappings":[{}],"NextMarker":"m 1"}})",
                           mapping("u1", kFunction))),
       aws::ok(fmt::format(R"({{"EventSourceMappings":[{}]}})", mapping("u2", kFunction)))});
  EXPECT_EQ(AwsWakeMapping(mappings_).list(kFunction, aws::soon())->size(), 2U);
  EXPECT_EQ(test_.transport.requests.at(1).target,
            "/2015-03-31/event-source-mappings?Marker=m%201&MaxItems=100");
}

TEST_F(WakeMappingTest, AFunctionWithoutMappingsIsNoError) {
  list("");
  EXPECT_TRUE(AwsWakeMapping(mappings_).list(kFunction, aws::soon())->empty());
}

TEST_F(WakeMappingTest, WithoutTheInvokedArnNobodyIsAsked) {
  EXPECT_EQ(find("").error().kind, ErrorKind::Malformed);
  EXPECT_TRUE(test_.transport.requests.empty());
}

}  // namespace
}  // namespace scaler
