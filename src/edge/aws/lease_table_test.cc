#include "edge/aws/lease_table.h"

#include <gtest/gtest.h>

#include "edge/aws/test_support.h"
#include "ground/json/value.h"

namespace scaler::aws {
namespace {

constexpr const char* kTable =
    R"({"Table":{"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],)"
    R"("AttributeDefinitions":[{"AttributeName":"other","AttributeType":"N"},)"
    R"({"AttributeName":"id","AttributeType":"S"}]}})";

/// A table whose key has been found, and which then gives these replies.
struct OpenTable {
  explicit OpenTable(std::vector<Result<net::HttpResponse>> replies) {
    replies.insert(replies.begin(), ok(kTable));
    test.transport.reply_with(std::move(replies));
    EXPECT_TRUE(table.open(soon()).has_value());
  }

  const net::HttpRequest& last_request() { return test.transport.requests.back(); }

  TestClient test{};
  DynamoLeaseTable table{test.client(), {.table = "locks", .key = "blue"}};
};

std::string_view header(const net::HttpRequest& request, std::string_view name) {
  return net::find_header(request.headers, name).value_or("");
}

net::HttpResponse conflict() {
  return service_failure(400, "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException");
}

TEST(LeaseTable, ReadsAsOfThisMoment) {
  OpenTable open({ok(R"({"Item":{"id":{"S":"blue"},"lease_owner":{"S":"me"},)"
                     R"("lease_version":{"S":"me-3"}}})")});
  const auto record = open.table.read();
  ASSERT_TRUE(record.has_value() && record->has_value());
  EXPECT_EQ(**record, (LeaseRecord{.owner = "me", .version = "me-3"}));
  EXPECT_EQ(header(open.last_request(), "x-amz-target"), "DynamoDB_20120810.GetItem");
  EXPECT_EQ(header(open.last_request(), "content-type"), "application/x-amz-json-1.0");
  EXPECT_EQ(net::host_header(open.last_request().origin), "dynamodb.us-east-1.amazonaws.com");
  EXPECT_EQ(open.last_request().body,
            R"({"TableName":"locks","Key":{"id":{"S":"blue"}},"ConsistentRead":true})");
}

TEST(LeaseTable, AnItemThatIsNotThereIsNoErrorAndOneOfAnotherShapeIs) {
  OpenTable open({ok("{}"), ok(R"({"Item":{"id":{"S":"blue"}}})")});
  EXPECT_EQ(open.table.read()->has_value(), false);
  const auto foreign = open.table.read();
  ASSERT_FALSE(foreign.has_value());
  EXPECT_EQ(foreign.error().kind, ErrorKind::Malformed);
  EXPECT_EQ(foreign.error().message,
            "DynamoDB GetItem locks: the item 'blue' is no lease ($.Item.lease_owner is missing): "
            "remove it, or give the lease another key, --lease dynamodb:TABLE/KEY");
}

TEST(LeaseTable, WritesUnderConditions) {
  OpenTable open({ok("{}"), ok("{}"), ok("{}"), ok("{}")});
  const LeaseRecord record{.owner = "me", .version = "me-1"};
  const std::string item =
      R"({"TableName":"locks","Item":{"id":{"S":"blue"},"lease_owner":{"S":"me"},)"
      R"("lease_version":{"S":"me-1"}},"ConditionExpression":)";

  ASSERT_TRUE(open.table.take(record, "").has_value());
  EXPECT_EQ(open.last_request().body, item + R"x("attribute_not_exists(#n)",)x"
                                             R"("ExpressionAttributeNames":{"#n":"id"}})");
  ASSERT_TRUE(open.table.take(record, "you-7").has_value());
  EXPECT_EQ(open.last_request().body, item +
                                          R"x("attribute_not_exists(#n) OR #n = :v",)x"
                                          R"("ExpressionAttributeNames":{"#n":"lease_version"},)"
                                          R"("ExpressionAttributeValues":{":v":{"S":"you-7"}}})");
  ASSERT_TRUE(open.table.renew(record).has_value());
  EXPECT_EQ(open.last_request().body, item + R"("#n = :v",)"
                                             R"("ExpressionAttributeNames":{"#n":"lease_owner"},)"
                                             R"("ExpressionAttributeValues":{":v":{"S":"me"}}})");
  ASSERT_TRUE(open.table.release("me").has_value());
  EXPECT_EQ(header(open.last_request(), "x-amz-target"), "DynamoDB_20120810.DeleteItem");
}

TEST(LeaseTable, AConditionThatDoesNotHoldIsAConflictAndNotRepeated) {
  OpenTable open({conflict()});
  EXPECT_EQ(open.table.renew({.owner = "me", .version = "me-1"}).error().kind, ErrorKind::Conflict);
  EXPECT_EQ(open.test.transport.requests.size(), 2U);
}

TEST(LeaseTable, RefusesATableWithAnotherKindOfKey) {
  for (const char* const table :
       {R"({"Table":{"KeySchema":[{"AttributeName":"id"}],)"
        R"("AttributeDefinitions":[{"AttributeName":"id","AttributeType":"N"}]}})",
        R"({"Table":{"KeySchema":[{"AttributeName":"id"},{"AttributeName":"b"}],)"
        R"("AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]}})",
        R"({"Table":{"KeySchema":[{"AttributeName":"lease_owner"}],)"
        R"("AttributeDefinitions":[{"AttributeName":"lease_owner","AttributeType":"S"}]}})",
        R"({"Table":{}})", "{}"}) {
    TestClient test;
    test.transport.reply_with({ok(table)});
    DynamoLeaseTable lease(test.client(), {.table = "locks", .key = "blue"});
    EXPECT_EQ(lease.open(soon()).error().kind, ErrorKind::Malformed) << table;
  }
}

}  // namespace
}  // namespace scaler::aws
