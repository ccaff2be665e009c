#pragma once
// What a message carries besides its body: the sender's message attributes, trace header and group.
// In the world they are one opaque text, which this file makes and takes apart: {"sender":"..",
// "attributes":{name:{"DataType":..,"StringValue"|"BinaryValue":..}},"trace":"..","group":".."}

#include <cstddef>
#include <string>
#include <string_view>

#include "emulator/request/api_input.h"
#include "emulator/request/aws_request.h"
#include "ground/json/value.h"

namespace scaler::emulator {

/// A message's attributes after all checks.
struct CheckedAttributes {
  std::string text = {};        ///< for world::NewMessage::attributes
  std::string md5 = {};         ///< of the message attributes; empty when there are none
  std::string system_md5 = {};  ///< of the system attributes; empty when there are none
  std::size_t bytes = 0;        ///< names, types and values: part of the message's size
};

/// Checks the fields MessageAttributes, MessageSystemAttributes and MessageGroupId of a send.
/// Errors: InvalidParameterValue, UnsupportedOperation, SerializationException.
ApiResult<CheckedAttributes> check_attributes(const Input& message, std::string_view sender);

/// SQS's MD5 over message attributes in the form {name: {"DataType":.., ..}}.
/// Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/
///         sqs-message-metadata.html
std::string attributes_md5(const json::Object& attributes);

/// Whether a receive's MessageAttributeNames ask for the name: itself, "All", ".*" or "prefix.*".
bool asked_for(std::string_view name, const std::vector<std::string_view>& patterns);

}  // namespace scaler::emulator
