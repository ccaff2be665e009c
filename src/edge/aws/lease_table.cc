#include "edge/aws/lease_table.h"

#include <utility>

#include "ground/json/reader.h"
#include "ground/json/writer.h"
#include "scaler/core/names.h"

namespace scaler::aws {
namespace {

constexpr std::string_view kOwner = "lease_owner";
constexpr std::string_view kVersion = "lease_version";

void write_string(json::Writer& out, std::string_view name, std::string_view text) {
  out.name(name).begin_object().field("S", text).end_object();
}

Result<std::string> read_string(const json::Reader& item, std::string_view name) {
  const json::Reader attribute = TRY(item.field(name));
  const json::Reader text = TRY(attribute.field("S"));
  return text.string();
}

/// The name of the table's key, when it has only one, which is a string.
Result<std::string> key_of(const json::Reader& table) {
  const json::Reader schema = TRY(table.field("KeySchema"));
  const std::vector<json::Reader> keys = TRY(schema.items());
  const json::Reader definitions = TRY(table.field("AttributeDefinitions"));
  if (keys.size() == 1) {
    const json::Reader name = TRY(keys.front().field("AttributeName"));
    std::string key = TRY(name.string());
    for (const json::Reader& definition : TRY(definitions.items())) {
      const json::Reader defined = TRY(definition.field("AttributeName"));
      const json::Reader type = TRY(definition.field("AttributeType"));
      if (TRY(defined.string()) == key && TRY(type.string()) == "S" && key != kOwner &&
          key != kVersion) {
        return key;
      }
    }
  }
  return fail(ErrorKind::Malformed,
              "a lease needs a table whose only key is a partition key of type S (string)");
}

/// The beginning of a body: which table.
json::Writer body_for(const LeaseItem& item) {
  json::Writer body;
  body.begin_object().field("TableName", item.table);
  return body;
}

struct Condition {
  std::string_view expression = {};
  std::string_view name = {};   ///< what #n stands for
  std::string_view value = {};  ///< what :v stands for
};

void write_condition(json::Writer& body, const Condition& condition) {
  body.field("ConditionExpression", condition.expression);
  body.name("ExpressionAttributeNames").begin_object().field("#n", condition.name).end_object();
  if (condition.expression.find(":v") != std::string_view::npos) {
    body.name("ExpressionAttributeValues").begin_object();
    write_string(body, ":v", condition.value);
    body.end_object();
  }
}

std::string put_body(const LeaseItem& item, std::string_view key_name, const LeaseRecord& record,
                     const Condition& condition) {
  json::Writer body = body_for(item);
  body.name("Item").begin_object();
  write_string(body, key_name, item.key);
  write_string(body, kOwner, record.owner);
  write_string(body, kVersion, record.version);
  body.end_object();
  write_condition(body, condition);
  return std::move(body.end_object()).text();
}

}  // namespace

ApiCall DynamoLeaseTable::call(std::string operation, std::string body) const {
  const auto arn = parse_arn(item_.table);
  return {.service = AwsService::DynamoDb,
          .region = arn ? arn->region : "",
          .operation = std::move(operation),
          .subject = item_.table,
          .body = std::move(body)};
}

Result<void> DynamoLeaseTable::open(Deadline deadline) {
  const ApiReply reply = TRY(client_->call(
      call("DescribeTable", std::move(body_for(item_).end_object()).text()), deadline));
  const json::Reader root(reply.value);
  const Result<json::Reader> table = root.field("Table");
  const Result<std::string> key =
      table ? key_of(*table) : Result<std::string>(std::unexpected(table.error()));
  if (!key) {
    return fail(key.error(), "DynamoDB DescribeTable " + item_.table);
  }
  key_name_ = *key;
  return {};
}

Result<std::optional<LeaseRecord>> DynamoLeaseTable::read() {
  json::Writer body = body_for(item_);
  body.name("Key").begin_object();
  write_string(body, key_name_, item_.key);
  body.end_object().field("ConsistentRead", true).end_object();
  const ApiReply reply = TRY(client_->call(call("GetItem", std::move(body).text()), deadline()));
  const json::Reader root(reply.value);
  const auto item = root.optional_field("Item");
  if (!item) {
    return std::optional<LeaseRecord>();
  }
  const Result<std::string> owner = read_string(*item, kOwner);
  const Result<std::string> version = read_string(*item, kVersion);
  if (!owner || !version) {
    // Whatever it is, it is somebody's: nobody writes until a person has had a look.
    return fail(ErrorKind::Malformed,
                "DynamoDB GetItem " + item_.table + ": the item '" + item_.key + "' is no lease (" +
                    (owner ? version : owner).error().message +
                    "): remove it, or give the lease another key, --lease dynamodb:TABLE/KEY");
  }
  return LeaseRecord{.owner = *owner, .version = *version};
}

Result<void> DynamoLeaseTable::take(const LeaseRecord& record, const std::string& seen_version) {
  const Condition nobody{.expression = "attribute_not_exists(#n)", .name = key_name_};
  const Condition unchanged{
      .expression = "attribute_not_exists(#n) OR #n = :v", .name = kVersion, .value = seen_version};
  TRY(client_->call(call("PutItem", put_body(item_, key_name_, record,
                                             seen_version.empty() ? nobody : unchanged)),
                    deadline()));
  return {};
}

Result<void> DynamoLeaseTable::renew(const LeaseRecord& record) {
  TRY(client_->call(
      call("PutItem", put_body(item_, key_name_, record,
                               {.expression = "#n = :v", .name = kOwner, .value = record.owner})),
      deadline()));
  return {};
}

Result<void> DynamoLeaseTable::release(const std::string& owner) {
  json::Writer body = body_for(item_);
  body.name("Key").begin_object();
  write_string(body, key_name_, item_.key);
  body.end_object();
  write_condition(body, {.expression = "#n = :v", .name = kOwner, .value = owner});
  TRY(client_->call(call("DeleteItem", std::move(body.end_object()).text()), deadline()));
  return {};
}

}  // namespace scaler::aws
