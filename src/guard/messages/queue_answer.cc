#include <algorithm>
#include <array>
#include <set>

#include "edge/aws/error_table.h"
#include "ground/base/text.h"
#include "ground/json/members.h"
#include "ground/json/value.h"
#include "ground/json/writer.h"
#include "guard/messages/query_form.h"
#include "guard/messages/queue_call.h"

namespace scaler::guard {
namespace {

constexpr std::string_view kNoAnswer = "no answer to ReceiveMessage";

Result<std::vector<AnsweredMessage>> read_json_messages(const std::string& body) {
  const json::Value value = TRY(json::parse(body));
  std::vector<AnsweredMessage> messages;
  const json::Value* list = value.find("Messages");
  if (list == nullptr || list->is_null()) {
    return messages;
  }
  const auto* entries = std::get_if<json::Array>(&list->data());
  if (entries == nullptr) {
    return fail(ErrorKind::Malformed, std::string(kNoAnswer) + ": Messages is no array");
  }
  for (const json::Value& entry : *entries) {
    const std::string* const text = json::text_member(entry, "ReceiptHandle");
    if (text == nullptr || text->empty()) {
      return fail(ErrorKind::Malformed, std::string(kNoAnswer) + ": a message has no handle");
    }
    messages.push_back({.handle = *text});
  }
  return messages;
}

Result<std::vector<AnsweredMessage>> read_xml_messages(const std::string& body) {
  if (!body.contains("<ReceiveMessageRes")) {
    return fail(ErrorKind::Malformed, std::string(kNoAnswer));
  }
  std::vector<AnsweredMessage> messages;
  for (const std::string_view message : elements(body, "Message")) {
    messages.push_back({.handle = aws::xml_text(message, "ReceiptHandle")});
    if (messages.back().handle.empty()) {
      return fail(ErrorKind::Malformed, std::string(kNoAnswer) + ": a message has no handle");
    }
  }
  return messages;
}

/// Of an answer to a batch: the ids of what was done.
std::set<std::string> done_ids(const QueueCall& call, const std::string& body) {
  std::set<std::string> ids;
  if (call.protocol == WireProtocol::Query) {
    for (const std::string_view entry : elements(body, call.operation + "ResultEntry")) {
      ids.insert(aws::xml_text(entry, "Id"));
    }
    return ids;
  }
  const json::Value answer = json::parse(body).value_or(json::Value());
  for (const json::Value& entry : json::elements_in(answer, "Successful")) {
    if (const std::string* const text = json::text_member(entry, "Id")) {
      ids.insert(*text);
    }
  }
  return ids;
}

/// The URLs of an answer, as SQS's own SDKs name their members.
bool guard_member(std::string_view name, json::Value& value, const Door& door) {
  bool changed = false;
  const auto guard_one = [&](json::Value& one) {
    if (auto* url = std::get_if<std::string>(&one.data())) {
      *url = guarded(*url, door);
      changed = true;
    }
  };
  if (name == "QueueUrl") {
    guard_one(value);
  } else if (equal_in_any_case(name, "QueueUrls")) {
    if (auto* list = std::get_if<json::Array>(&value.data())) {
      std::ranges::for_each(*list, guard_one);
    }
  }
  return changed;
}

std::string guarded_json(std::string body, const Door& door) {
  Result<json::Value> value = json::parse(body);
  auto* members = value ? std::get_if<json::Object>(&value->data()) : nullptr;
  if (members == nullptr) {
    return body;
  }
  bool changed = false;
  for (auto& [name, member] : *members) {
    changed = guard_member(name, member, door) || changed;
  }
  return changed ? json::Writer().value(*value).text() : body;
}

std::string guarded_xml(const std::string& body, const Door& door) {
  std::string result;
  std::size_t done = 0;
  for (const std::string_view url : elements(body, "QueueUrl")) {
    const auto begin = static_cast<std::size_t>(url.data() - body.data());
    result.append(body, done, begin - done).append(guarded(url, door));
    done = begin + url.size();
  }
  return result.append(body, done);
}

bool concerns_connection(std::string_view header) {
  static constexpr std::array<std::string_view, 4> kHeaders = {
      "connection", "keep-alive", "content-length", "transfer-encoding"};
  return std::ranges::any_of(kHeaders,
                             [header](auto name) { return equal_in_any_case(header, name); });
}

}  // namespace

Result<std::vector<AnsweredMessage>> read_messages(const QueueCall& call,
                                                   const net::HttpResponse& response) {
  return call.protocol == WireProtocol::Json ? read_json_messages(response.body)
                                             : read_xml_messages(response.body);
}

std::vector<CallEntry> done_entries(const QueueCall& call, const net::HttpResponse& response) {
  if (response.status != 200) {
    return {};
  }
  std::vector<CallEntry> entries = call.entries;
  if (call.batch) {
    const std::set<std::string> ids = done_ids(call, response.body);
    std::erase_if(entries, [&ids](const CallEntry& entry) { return !ids.contains(entry.id); });
  }
  return entries;
}

net::HttpResponse empty_answer(const QueueCall& call) {
  if (call.protocol == WireProtocol::Json) {
    return {.status = 200,
            .headers = {{.name = "Content-Type", .value = "application/x-amz-json-1.0"}},
            .body = "{}"};
  }
  return {.status = 200,
          .headers = {{.name = "Content-Type", .value = "text/xml"}},
          .body =
              "<?xml version=\"1.0\"?><ReceiveMessageResponse "
              "xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><ReceiveMessageResult/>"
              "<ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId>"
              "</ResponseMetadata></ReceiveMessageResponse>"};
}

net::HttpResponse passed_on(const QueueCall& call, net::HttpResponse response, const Door& door) {
  std::erase_if(response.headers,
                [](const net::HttpHeader& header) { return concerns_connection(header.name); });
  if (call.kind == QueueCall::Kind::NamesQueues) {
    response.body = call.protocol == WireProtocol::Json
                        ? guarded_json(std::move(response.body), door)
                        : guarded_xml(response.body, door);
  }
  return response;
}

}  // namespace scaler::guard
