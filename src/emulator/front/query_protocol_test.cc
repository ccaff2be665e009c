#include "emulator/front/query_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/front/sqs_query.h"

namespace scaler::emulator {
namespace {

using ::testing::HasSubstr;

/// The JSON input of SQS's operation, or "error <code>".
std::string input_of(std::string_view text) {
  const auto form = parse_form(text);
  if (!form) {
    return "error " + form.error().code;
  }
  const auto operation = find_operation(kSqsQuery, *form);
  if (!operation) {
    return "error " + operation.error().code;
  }
  const auto input = read_query(**operation, *form);
  return input ? *input : "error " + input.error().code;
}

std::string output_of(std::string_view operation, const std::string& answer) {
  const auto form = parse_form("Action=" + std::string(operation));
  const auto found = find_operation(kSqsQuery, *form);
  const auto document = json::parse(answer);
  return found && document ? write_query(kSqsQuery, **found, *document, "id") : "error";
}

TEST(QueryForm, BecomesTheInputOfTheJsonProtocol) {
  EXPECT_EQ(input_of("Action=ListQueues&Version=2012-11-05"), "{}");
  EXPECT_EQ(input_of("QueueNamePrefix=a%20b+c&Action=ListQueues&MaxResults=5"),
            R"({"MaxResults":5,"QueueNamePrefix":"a b c"})");
  EXPECT_EQ(input_of("Action=CreateQueue&QueueName=q&Attribute.1.Name=A&Attribute.1.Value=1"
                     "&Tag.1.Key=k&Tag.1.Value=v"),
            R"({"Attributes":{"A":"1"},"QueueName":"q","tags":{"k":"v"}})");
  EXPECT_EQ(
      input_of("Action=SendMessage&MessageAttribute.1.Name=n&MessageAttribute.1.Value.DataType"
               "=Binary&MessageAttribute.1.Value.BinaryValue=%2F%2Bs%3D"),
      R"({"MessageAttributes":{"n":{"BinaryValue":"/+s=","DataType":"Binary"}}})");
  EXPECT_EQ(input_of("Action=DeleteMessageBatch&DeleteMessageBatchRequestEntry.1.Id=a"
                     "&DeleteMessageBatchRequestEntry.1.ReceiptHandle=h"),
            R"({"Entries":[{"Id":"a","ReceiptHandle":"h"}]})");
}

TEST(QueryForm, OrdersAListByItsNumbers) {
  EXPECT_EQ(input_of("Action=UntagQueue&TagKey.10=c&TagKey.9=b&TagKey.1=a"),
            R"({"TagKeys":["a","b","c"]})");
}

TEST(QueryForm, TakesAnElementWithoutItsNumber) {
  EXPECT_EQ(input_of("Action=ReceiveMessage&AttributeName=All"), R"({"AttributeNames":["All"]})");
  EXPECT_EQ(input_of("Action=SetQueueAttributes&Attribute.Name=A&Attribute.Value=1"),
            R"({"Attributes":{"A":"1"}})");
}

TEST(QueryForm, TakesAnEmptyListUnderItsName) {
  EXPECT_EQ(input_of("Action=ReceiveMessage&AttributeNames="), R"({"AttributeNames":[]})");
  EXPECT_EQ(input_of("Action=DeleteMessageBatch"), R"({"Entries":[]})");
  EXPECT_EQ(input_of("Action=DeleteMessageBatch&Entries="), R"({"Entries":[]})");
}

TEST(QueryForm, RefusesWhatItCannotRead) {
  const std::string deep(200'000, '.');
  std::string wide = "Action=ListQueues";
  for (int i = 0; i <= 4000; ++i) {
    wide += "&TagKey." + std::to_string(i) + "=x";
  }
  for (const std::string& text :
       {std::string("Action=ListQueues&A=%4"), std::string("Action=%zz"),
        std::string("Action=ListQueues&Action=ListQueues"), std::string("Action=SendMessage&X=%FF"),
        "Action=ListQueues&A" + deep + "=1", wide}) {
    EXPECT_EQ(input_of(text), "error MalformedQueryString") << text.substr(0, 50);
  }
  EXPECT_EQ(input_of(""), "error MissingAction");
  EXPECT_EQ(input_of("Action=Nope"), "error InvalidAction");
  EXPECT_EQ(input_of("Action=ListQueues&Version=2009-02-01"), "error InvalidAction");
  for (const char* more :
       {"Nope=1", "MessageBody.1=x", "MessageBody=x&MessageBody.1=y",
        "DelaySeconds=", "DelaySeconds=1s", "DelaySeconds=99999999999", "MessageAttribute=1",
        "MessageAttribute.1=1", "MessageAttribute.1.Nope=1",
        "MessageAttribute.1.Name.x=1&MessageAttribute.1.Value.DataType=S",
        "MessageAttribute.1.Name=a&MessageAttribute.1.Value=1", "AttributeNames=x", "=",
        "MessageAttribute.01.Name=a&MessageAttribute.01.Value.DataType=S"}) {
    EXPECT_EQ(input_of("Action=SendMessage&" + std::string(more)), "error InvalidParameterValue")
        << more;
  }
  EXPECT_EQ(input_of("Action=TagQueue&Tag.1.Key=a"), "error MissingParameter");
  EXPECT_EQ(input_of("Action=TagQueue&Tag.1.Value=a"), "error MissingParameter");
}

TEST(QueryAnswer, HasAResultOnlyWhereTheOperationHasOne) {
  constexpr std::string_view kEnd =
      "<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata>";
  EXPECT_EQ(output_of("DeleteQueue", "{}"),
            "<?xml version=\"1.0\"?><DeleteQueueResponse "
            "xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\">" +
                std::string(kEnd) + "</DeleteQueueResponse>");
  EXPECT_THAT(output_of("ReceiveMessage", "{}"),
              HasSubstr("<ReceiveMessageResult></ReceiveMessageResult>" + std::string(kEnd)));
}

TEST(QueryAnswer, FlattensListsAndMaps) {
  EXPECT_THAT(output_of("ListQueues", R"({"QueueUrls":["a","b"],"NextToken":"t"})"),
              HasSubstr("<QueueUrl>a</QueueUrl><QueueUrl>b</QueueUrl><NextToken>t</NextToken>"));
  EXPECT_THAT(output_of("ListQueueTags", R"({"Tags":{"k":"v"}})"),
              HasSubstr("<Tag><Key>k</Key><Value>v</Value></Tag>"));
  EXPECT_THAT(output_of("ReceiveMessage",
                        R"({"Messages":[{"Body":"b","Attributes":{"SenderId":"s"},)"
                        R"("MessageAttributes":{"n":{"DataType":"String","StringValue":"x"}}}]})"),
              HasSubstr("<Message><Body>b</Body><Attribute><Name>SenderId</Name><Value>s</Value>"
                        "</Attribute><MessageAttribute><Name>n</Name><Value><StringValue>x"
                        "</StringValue><DataType>String</DataType></Value></MessageAttribute>"
                        "</Message>"));
}

TEST(QueryAnswer, SpellsTheCodesOfABatchInItsOwnWay) {
  EXPECT_THAT(
      output_of("ChangeMessageVisibilityBatch",
                R"({"Failed":[{"Id":"a","SenderFault":true,"Code":"MessageNotInflight"}]})"),
      HasSubstr("<BatchResultErrorEntry><Id>a</Id><SenderFault>true</SenderFault>"
                "<Code>AWS.SimpleQueueService.MessageNotInflight</Code></BatchResultErrorEntry>"));
}

TEST(QueryAnswer, CarriesATextThroughAParserAsItIs) {
  EXPECT_EQ(xml_text("a\tb\r\n<&>\"\x01"), "a&#9;b&#13;&#10;&lt;&amp;&gt;&quot;?");
  EXPECT_EQ(xml_text("\xef\xbf\xbd\xef\xbf\xbe\xef\xbf\xbf\xef\xbc\xa1"),
            "\xef\xbf\xbd??\xef\xbc\xa1");
  EXPECT_EQ(xml_text("\xef"), "\xef");
}

}  // namespace
}  // namespace scaler::emulator
