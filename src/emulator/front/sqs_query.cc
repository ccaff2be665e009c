#include "emulator/front/sqs_query.h"

#include <array>

#include "emulator/sqs/sqs_api.h"

namespace scaler::emulator {
namespace {

using enum Shape;

constexpr Member texts(std::string_view name, std::string_view wire) {
  return {.name = name, .wire = wire, .shape = Texts};
}

constexpr Member kUrl = one("QueueUrl");
constexpr Member kId = one("Id");
constexpr Member kHandle = one("ReceiptHandle");
constexpr Member kVisibility = one("VisibilityTimeout", Integer);
constexpr Member kNextToken = one("NextToken");
constexpr Member kMaxResults = one("MaxResults", Integer);
constexpr Member kAttributes{"Attributes", "Attribute", TextMap};
constexpr Member kAttributeNames = texts("AttributeNames", "AttributeName");

constexpr Member tags(std::string_view name) {
  return {.name = name, .wire = "Tag", .shape = TextMap, .key = "Key"};
}

constexpr std::array<Member, 5> kAttributeValue{{{"StringValue", "StringValue"},
                                                 {"BinaryValue", "BinaryValue"},
                                                 {"StringListValues", "StringListValue", Texts},
                                                 {"BinaryListValues", "BinaryListValue", Texts},
                                                 {"DataType", "DataType"}}};
constexpr Member kMessageAttributes{"MessageAttributes", "MessageAttribute", StructureMap,
                                    kAttributeValue};
constexpr Member kSystemAttributes{"MessageSystemAttributes", "MessageSystemAttribute",
                                   StructureMap, kAttributeValue};

constexpr std::array kQueue{kUrl};

constexpr std::array kAddPermission{kUrl, one("Label"), texts("AWSAccountIds", "AWSAccountId"),
                                    texts("Actions", "ActionName")};
constexpr std::array kRemovePermission{kUrl, one("Label")};

constexpr std::array kCreateQueue{one("QueueName"), kAttributes, tags("tags")};
constexpr std::array kGetQueueUrl{one("QueueName"), one("QueueOwnerAWSAccountId")};
constexpr std::array kListQueues{one("QueueNamePrefix"), kNextToken, kMaxResults};
constexpr std::array kQueueList{texts("QueueUrls", "QueueUrl"), kNextToken};
constexpr std::array kListSources{kUrl, kNextToken, kMaxResults};
constexpr std::array kSourceList{texts("queueUrls", "QueueUrl"), kNextToken};
constexpr std::array kGetAttributes{kUrl, kAttributeNames};
constexpr std::array kAttributeMap{kAttributes};
constexpr std::array kSetAttributes{kUrl, kAttributes};
constexpr std::array kTagQueue{kUrl, tags("Tags")};
constexpr std::array kUntagQueue{kUrl, texts("TagKeys", "TagKey")};
constexpr std::array kTagMap{tags("Tags")};

constexpr std::array kSendMessage{kUrl,
                                  one("MessageBody"),
                                  one("DelaySeconds", Integer),
                                  kMessageAttributes,
                                  kSystemAttributes,
                                  one("MessageDeduplicationId"),
                                  one("MessageGroupId")};
/// Of a message alone, which has no Id, and of one in a batch.
constexpr std::array kSent{kId,
                           one("MessageId"),
                           one("MD5OfMessageBody"),
                           one("MD5OfMessageAttributes"),
                           one("MD5OfMessageSystemAttributes"),
                           one("SequenceNumber")};
constexpr Member kSystemAttributeNames =
    texts("MessageSystemAttributeNames", "MessageSystemAttributeName");
constexpr Member kMessageAttributeNames = texts("MessageAttributeNames", "MessageAttributeName");
constexpr std::array kReceiveMessage{kUrl,
                                     kAttributeNames,
                                     kSystemAttributeNames,
                                     kMessageAttributeNames,
                                     one("MaxNumberOfMessages", Integer),
                                     kVisibility,
                                     one("WaitTimeSeconds", Integer),
                                     one("ReceiveRequestAttemptId")};
constexpr std::array kMessage{one("MessageId"),  kHandle,     one("MD5OfBody"),
                              one("Body"),       kAttributes, one("MD5OfMessageAttributes"),
                              kMessageAttributes};
constexpr std::array kReceived{Member{"Messages", "Message", Structures, kMessage}};

constexpr std::array kDeleteMessage{kUrl, kHandle};
constexpr std::array kChangeVisibility{kUrl, kHandle, kVisibility};

constexpr std::array kSendEntry{kId,
                                one("MessageBody"),
                                one("DelaySeconds", Integer),
                                kMessageAttributes,
                                kSystemAttributes,
                                one("MessageDeduplicationId"),
                                one("MessageGroupId")};
constexpr std::array kSendBatch{
    kUrl, Member{"Entries", "SendMessageBatchRequestEntry", Structures, kSendEntry}};
constexpr std::array kDeleteEntry{kId, kHandle};
constexpr std::array kDeleteBatch{
    kUrl, Member{"Entries", "DeleteMessageBatchRequestEntry", Structures, kDeleteEntry}};
constexpr std::array kChangeEntry{kId, kHandle, kVisibility};
constexpr std::array kChangeBatch{
    kUrl, Member{"Entries", "ChangeMessageVisibilityBatchRequestEntry", Structures, kChangeEntry}};

constexpr std::array kDone{kId};
constexpr std::array kNotDone{kId, Member{"SenderFault", "SenderFault", Flag},
                              Member{"Code", "Code", ErrorCode}, one("Message")};
constexpr Member kFailed{"Failed", "BatchResultErrorEntry", Structures, kNotDone};
constexpr std::array kBatchSent{
    Member{"Successful", "SendMessageBatchResultEntry", Structures, kSent}, kFailed};
constexpr std::array kBatchDeleted{
    Member{"Successful", "DeleteMessageBatchResultEntry", Structures, kDone}, kFailed};
constexpr std::array kBatchChanged{
    Member{"Successful", "ChangeMessageVisibilityBatchResultEntry", Structures, kDone}, kFailed};

constexpr std::array kStartMove{one("SourceArn"), one("DestinationArn"),
                                one("MaxNumberOfMessagesPerSecond", Integer)};
constexpr std::array kMove{one("TaskHandle")};
constexpr std::array kListMoves{one("SourceArn"), kMaxResults};
constexpr std::array kMoveEntry{one("TaskHandle"),
                                one("Status"),
                                one("SourceArn"),
                                one("DestinationArn"),
                                one("MaxNumberOfMessagesPerSecond", Integer),
                                one("ApproximateNumberOfMessagesMoved", Integer),
                                one("ApproximateNumberOfMessagesToMove", Integer),
                                one("FailureReason"),
                                one("StartedTimestamp", Integer)};
constexpr std::array kMoves{
    Member{"Results", "ListMessageMoveTasksResultEntry", Structures, kMoveEntry}};
constexpr std::array kMoved{one("ApproximateNumberOfMessagesMoved", Integer)};

/// What the table holds is what the protocol has; what of it is modelled, SqsApi says.
constexpr std::array<QueryOperation, 23> kSqsOperations{
    {{"AddPermission", kAddPermission},
     {"CancelMessageMoveTask", kMove, kMoved},
     {"ChangeMessageVisibility", kChangeVisibility},
     {"ChangeMessageVisibilityBatch", kChangeBatch, kBatchChanged},
     {"CreateQueue", kCreateQueue, kQueue},
     {"DeleteMessage", kDeleteMessage},
     {"DeleteMessageBatch", kDeleteBatch, kBatchDeleted},
     {"DeleteQueue", kQueue},
     {"GetQueueAttributes", kGetAttributes, kAttributeMap},
     {"GetQueueUrl", kGetQueueUrl, kQueue},
     {"ListDeadLetterSourceQueues", kListSources, kSourceList},
     {"ListMessageMoveTasks", kListMoves, kMoves},
     {"ListQueueTags", kQueue, kTagMap},
     {"ListQueues", kListQueues, kQueueList},
     {"PurgeQueue", kQueue},
     {"ReceiveMessage", kReceiveMessage, kReceived},
     {"RemovePermission", kRemovePermission},
     {"SendMessage", kSendMessage, kSent},
     {"SendMessageBatch", kSendBatch, kBatchSent},
     {"SetQueueAttributes", kSetAttributes},
     {"StartMessageMoveTask", kStartMove, kMove},
     {"TagQueue", kTagQueue},
     {"UntagQueue", kUntagQueue}}};

}  // namespace

constexpr QueryService kSqsQuery{"http://queue.amazonaws.com/doc/2012-11-05/", "2012-11-05",
                                 kSqsOperations, &SqsApi::query_code};

}  // namespace scaler::emulator
