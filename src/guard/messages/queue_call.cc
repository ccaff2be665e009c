#include "guard/messages/queue_call.h"

#include <algorithm>
#include <array>

#include "ground/base/text.h"
#include "ground/json/members.h"
#include "ground/json/value.h"
#include "ground/json/writer.h"
#include "ground/net/url.h"
#include "guard/messages/query_form.h"

namespace scaler::guard {
namespace {

constexpr std::string_view kJsonTarget = "AmazonSQS.";

/// What an operation is to the guard.
struct Operation {
  std::string_view name;
  QueueCall::Kind kind;
  std::string_view list = {};  ///< of a batch: its entries in a form
};

constexpr std::array kOperations = {
    Operation{"ReceiveMessage", QueueCall::Kind::Receive},
    Operation{"DeleteMessage", QueueCall::Kind::Delete},
    Operation{"DeleteMessageBatch", QueueCall::Kind::Delete, "DeleteMessageBatchRequestEntry"},
    Operation{"ChangeMessageVisibility", QueueCall::Kind::ChangeVisibility},
    Operation{"ChangeMessageVisibilityBatch", QueueCall::Kind::ChangeVisibility,
              "ChangeMessageVisibilityBatchRequestEntry"},
    Operation{"GetQueueUrl", QueueCall::Kind::NamesQueues},
    Operation{"CreateQueue", QueueCall::Kind::NamesQueues},
    Operation{"ListQueues", QueueCall::Kind::NamesQueues},
    Operation{"ListDeadLetterSourceQueues", QueueCall::Kind::NamesQueues},
};

const Operation* find_operation(std::string_view name) {
  const auto* const found = std::ranges::find(kOperations, name, &Operation::name);
  return found == kOperations.end() ? nullptr : found;
}

/// Some SDKs and people write numbers as text, which SQS takes.
std::optional<Duration> seconds_in(const json::Value& value, std::string_view name) {
  const std::optional<std::int64_t> number = json::whole_in(value, name);
  return number ? std::optional(sqs_seconds(*number)) : std::nullopt;
}

std::optional<Duration> seconds_of(std::optional<std::string_view> text) {
  const auto number = number_of<std::int64_t>(text.value_or(""));
  return number ? std::optional(sqs_seconds(*number)) : std::nullopt;
}

CallEntry json_entry(const json::Value& value) {
  return {.id = std::string(json::text_in(value, "Id")),
          .handle = std::string(json::text_in(value, "ReceiptHandle")),
          .visibility = seconds_in(value, "VisibilityTimeout")};
}

CallEntry form_entry(const QueryForm& form) {
  return {.id = std::string(form_value(form, "Id").value_or("")),
          .handle = std::string(form_value(form, "ReceiptHandle").value_or("")),
          .visibility = seconds_of(form_value(form, "VisibilityTimeout"))};
}

void take_operation(QueueCall& call, const std::string& name) {
  call.operation = name;
  if (const Operation* operation = find_operation(name)) {
    call.kind = operation->kind;
    call.batch = !operation->list.empty();
  }
}

bool has_entries(const QueueCall& call) {
  return call.kind == QueueCall::Kind::Delete || call.kind == QueueCall::Kind::ChangeVisibility;
}

void read_json(QueueCall& call, const json::Value& body) {
  call.queue_url = json::text_in(body, "QueueUrl");
  call.wait = seconds_in(body, "WaitTimeSeconds");
  if (call.kind == QueueCall::Kind::Receive) {
    call.visibility = seconds_in(body, "VisibilityTimeout");
  }
  if (!has_entries(call)) {
    return;
  }
  if (!call.batch) {
    call.entries.push_back(json_entry(body));
    return;
  }
  for (const json::Value& entry : json::elements_in(body, "Entries")) {
    call.entries.push_back(json_entry(entry));
  }
}

void read_query(QueueCall& call, const QueryForm& form) {
  call.protocol = WireProtocol::Query;
  take_operation(call, std::string(form_value(form, "Action").value_or("")));
  call.queue_url = form_value(form, "QueueUrl").value_or("");
  call.wait = seconds_of(form_value(form, "WaitTimeSeconds"));
  if (call.kind == QueueCall::Kind::Receive) {
    call.visibility = seconds_of(form_value(form, "VisibilityTimeout"));
  }
  if (!has_entries(call)) {
    return;
  }
  if (!call.batch) {
    call.entries.push_back(form_entry(form));
    return;
  }
  for (const QueryForm& entry : form_entries(form, find_operation(call.operation)->list)) {
    call.entries.push_back(form_entry(entry));
  }
}

/// Of a credential's scope, "KEY/20261129/eu-central-1/sqs/aws4_request".
std::string region_of(std::string_view scope) {
  const auto parts = split(scope.substr(0, scope.find_first_of(", ")), "/");
  return parts.size() == 5 ? std::string(parts[2]) : "";
}

/// The region of "AWS4-HMAC-SHA256 Credential=KEY/20261129/eu-central-1/sqs/aws4_request, ...".
std::string signed_region(const net::HttpHeaders& headers) {
  const std::string_view header = net::find_header(headers, "authorization").value_or("");
  constexpr std::string_view kScope = "Credential=";
  const std::size_t begin = header.find(kScope);
  return begin == std::string_view::npos ? "" : region_of(header.substr(begin + kScope.size()));
}

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

std::string_view query_of(std::string_view target) {
  const std::size_t mark = target.find('?');
  return mark == std::string_view::npos ? "" : target.substr(mark + 1);
}

bool has_form_body(const net::ServerRequest& request) {
  const std::string_view type = net::find_header(request.headers, "content-type").value_or("");
  return lower_case(type).starts_with("application/x-www-form-urlencoded");
}

/// The form of a request in the Query protocol, whether it stands in the target, in the body, or a
/// part in each; nothing for any other request.
std::optional<QueryForm> form_of(const net::ServerRequest& request) {
  QueryForm form = read_form(query_of(request.target));
  if (has_form_body(request)) {
    std::ranges::move(read_form(request.body), std::back_inserter(form));
    return form;
  }
  return form_value(form, "Action") ? std::optional(std::move(form)) : std::nullopt;
}

/// Of a signature that stands among the parameters: SQS would find two.
bool signs(std::string_view parameter) {
  static constexpr std::array<std::string_view, 12> kNames = {
      "X-Amz-Algorithm", "X-Amz-Credential",    "X-Amz-Date",           "X-Amz-Expires",
      "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Security-Token", "AWSAccessKeyId",
      "Signature",       "SignatureMethod",     "SignatureVersion",     "SecurityToken"};
  return std::ranges::find(kNames, parameter) != kNames.end();
}

/// Whether the request's Connection header names it: it is for the next hop alone.
bool concerns_hop(const net::HttpHeaders& headers, std::string_view name) {
  const std::string_view named = net::find_header(headers, "connection").value_or("");
  return std::ranges::any_of(split(named, ", \t"),
                             [name](std::string_view one) { return equal_in_any_case(one, name); });
}

/// Whatever belongs to this connection or to the worker's signature, which is made anew.
bool stays_here(std::string_view header) {
  static constexpr std::array<std::string_view, 14> kStay = {"host",
                                                             "connection",
                                                             "keep-alive",
                                                             "proxy-connection",
                                                             "content-length",
                                                             "transfer-encoding",
                                                             "te",
                                                             "upgrade",
                                                             "expect",
                                                             "accept-encoding",
                                                             "authorization",
                                                             "x-amz-date",
                                                             "x-amz-security-token",
                                                             "x-amz-content-sha256"};
  return std::ranges::any_of(kStay,
                             [header](auto name) { return equal_in_any_case(header, name); });
}

/// From `from` on, which it moves: the text of the next member QueueUrl of a JSON body, without its
/// quotes. Within a string no quote stands without a backslash, so nothing that a message says
/// looks like this member.
std::optional<std::string_view> next_queue_url(std::string_view body, std::size_t& from) {
  constexpr std::string_view kName = R"("QueueUrl")";
  constexpr std::string_view kBlank = " \t\r\n";
  for (std::size_t at = body.find(kName, from); at != std::string_view::npos;
       at = body.find(kName, from)) {
    from = at + kName.size();
    const std::size_t colon = body.find_first_not_of(kBlank, from);
    const bool within = at > 0 && body[at - 1] == '\\';
    if (within || colon == std::string_view::npos || body[colon] != ':') {
      continue;
    }
    const std::size_t quote = body.find_first_not_of(kBlank, colon + 1);
    const bool is_text = quote != std::string_view::npos && body[quote] == '"';
    const std::size_t end = is_text ? body.find('"', quote + 1) : std::string_view::npos;
    if (end != std::string_view::npos) {
      from = end;
      return body.substr(quote + 1, end - quote - 1);
    }
  }
  return std::nullopt;
}

/// The body with the queue's own URL where it has the guarded one. All else stays as it is, byte by
/// byte: it is SQS that says what it takes.
std::string unguarded_json(std::string body) {
  std::size_t from = 0;
  while (const auto text = next_queue_url(body, from)) {
    const Result<json::Value> value = json::parse(std::string(1, '"').append(*text).append(1, '"'));
    const auto* const url = value.has_value() ? std::get_if<std::string>(&value->data()) : nullptr;
    if (const auto own = url != nullptr ? unguarded(*url) : std::nullopt) {
      const std::string written = json::Writer().value(*own).text();
      const auto at = static_cast<std::size_t>(text->data() - body.data());
      return body.replace(at - 1, text->size() + 2, written);
    }
  }
  return body;
}

std::string unguarded_form(std::string_view text) {
  QueryForm form = read_form(text);
  bool changed = std::erase_if(form, [](const auto& one) { return signs(one.first); }) > 0;
  for (auto& [name, value] : form) {
    if (auto own = name == "QueueUrl" ? unguarded(value) : std::nullopt) {
      value = *std::move(own);
      changed = true;
    }
  }
  return changed ? net::query_string(form) : std::string(text);
}

}  // namespace

std::string origin_form(std::string_view target) {
  const std::size_t host = target.find("://");
  if (target.starts_with('/') || host == std::string_view::npos) {
    return std::string(target);
  }
  const std::size_t rest = target.find_first_of("/?", host + 3);
  const std::string_view told = rest == std::string_view::npos ? "" : target.substr(rest);
  return (told.starts_with('/') ? "" : "/") + std::string(told);
}

QueueCall read_call(const net::ServerRequest& request) {
  QueueCall call{.region = signed_region(request.headers)};
  const std::string_view target = net::find_header(request.headers, "x-amz-target").value_or("");
  if (target.starts_with(kJsonTarget)) {
    take_operation(call, std::string(target.substr(kJsonTarget.size())));
    if (const Result<json::Value> body = json::parse(request.body); body.has_value()) {
      read_json(call, *body);
    }
  } else if (const std::optional<QueryForm> form = form_of(request)) {
    read_query(call, *form);
    if (call.region.empty()) {
      call.region = region_of(form_value(*form, "X-Amz-Credential").value_or(""));
    }
  }
  const std::string_view path = path_of(request.target);
  if (call.queue_url.empty() && path != "/") {
    call.queue_url = path;
  }
  if (auto own = unguarded(call.queue_url)) {
    call.queue_url = *std::move(own);
  }
  return call;
}

net::HttpRequest forwardable(const net::ServerRequest& request) {
  net::HttpRequest forwarded{
      .method = request.method, .target = request.target, .body = request.body};
  const std::string_view path = path_of(request.target);
  const std::string_view query = query_of(request.target);
  forwarded.target = origin_form(unguarded(path).value_or(std::string(path)));
  if (!query.empty()) {
    forwarded.target += "?" + unguarded_form(query);
  }
  for (const net::HttpHeader& header : request.headers) {
    if (!stays_here(header.name) && !concerns_hop(request.headers, header.name)) {
      forwarded.headers.push_back(header);
    }
  }
  if (net::find_header(request.headers, "x-amz-target")) {
    forwarded.body = unguarded_json(request.body);
  } else if (has_form_body(request)) {
    forwarded.body = unguarded_form(request.body);
  }
  return forwarded;
}

}  // namespace scaler::guard
