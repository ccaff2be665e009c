#include "emulator/front/wire_error.h"

#include <array>
#include <utility>

#include <fmt/core.h>

#include "emulator/request/api_input.h"
#include "emulator/sqs/sqs_api.h"
#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

/// Errors of the JSON protocol itself.
constexpr std::array<std::string_view, 8> kCommon{
    "AccessDeniedException",        "ExpiredTokenException",
    "IncompleteSignatureException", "InvalidSignatureException",
    "SerializationException",       "UnknownOperationException",
    "UnrecognizedClientException",  "MissingAuthenticationTokenException"};

/// The name before "#" in __type: SQS's own errors have its, those of the protocol have another.
std::string json_type(std::string_view service, std::string_view code) {
  if (service != "sqs") {
    return std::string(code);
  }
  return fmt::format(
      "{}#{}", listed(kCommon, code) ? "com.amazon.coral.service" : "com.amazonaws.sqs", code);
}

std::string_view blamed(const ApiError& error) {
  return error.status >= 500 ? "Receiver" : "Sender";
}

std::string query_body(const ErrorPlace& place, const ApiError& error) {
  const std::string space = place.query == nullptr
                                ? std::string()
                                : fmt::format(" xmlns=\"{}\"", place.query->xml_namespace);
  return fmt::format(
      "<?xml version=\"1.0\"?><ErrorResponse{}><Error><Type>{}</Type><Code>{}</Code>"
      "<Message>{}</Message></Error><RequestId>{}</RequestId></ErrorResponse>",
      space, blamed(error), xml_text(query_code(place.query, error.code)), xml_text(error.message),
      place.request_id);
}

std::string ec2_body(const ErrorPlace& place, const ApiError& error) {
  return fmt::format(
      "<?xml version=\"1.0\"?><Response><Errors><Error><Code>{}</Code><Message>{}</Message>"
      "</Error></Errors><RequestID>{}</RequestID></Response>",
      xml_text(query_code(place.query, error.code)), xml_text(error.message), place.request_id);
}

std::string s3_body(const ErrorPlace& place, const ApiError& error) {
  return fmt::format(
      "<?xml version=\"1.0\"?><Error><Code>{}</Code><Message>{}</Message><RequestId>{}</RequestId>"
      "</Error>",
      xml_text(query_code(place.query, error.code)), xml_text(error.message), place.request_id);
}

/// A text of CBOR (RFC 8949): its length in one or two bytes.
void append_cbor(std::string& out, std::string_view text) {
  constexpr char kTwoBytes = '\x79';
  out += kTwoBytes;
  out += static_cast<char>((text.size() >> 8U) & 0xffU);
  out += static_cast<char>(text.size() & 0xffU);
  out += text;
}

std::string cbor_body(const ApiError& error) {
  constexpr char kMapOfTwo = '\xa2';
  std::string body(1, kMapOfTwo);
  append_cbor(body, "__type");
  append_cbor(body, error.code);
  append_cbor(body, "message");
  append_cbor(body, error.message);
  return body;
}

std::string json_body(const ErrorPlace& place, const ApiError& error) {
  json::Writer writer;
  writer.begin_object();
  if (place.protocol == WireProtocol::RestJson) {
    writer.field("Type", error.status >= 500 ? "Service" : "User");
  } else {
    writer.field("__type", json_type(place.service, error.code));
  }
  writer.field("message", error.message).end_object();
  return std::move(writer).text();
}

std::string body_of(const ErrorPlace& place, const ApiError& error) {
  switch (place.protocol) {
    case WireProtocol::Json10:
    case WireProtocol::Json11:
    case WireProtocol::RestJson:
      return json_body(place, error);
    case WireProtocol::Query:
    case WireProtocol::RestXml:
      return query_body(place, error);
    case WireProtocol::Ec2:
      return ec2_body(place, error);
    case WireProtocol::S3:
      return s3_body(place, error);
    case WireProtocol::Cbor:
      return cbor_body(error);
  }
  std::unreachable();
}

}  // namespace

std::string_view content_type(WireProtocol protocol) {
  switch (protocol) {
    case WireProtocol::Json10:
      return "application/x-amz-json-1.0";
    case WireProtocol::Json11:
    case WireProtocol::RestJson:
      return "application/x-amz-json-1.1";
    case WireProtocol::Query:
    case WireProtocol::Ec2:
      return "text/xml";
    case WireProtocol::RestXml:
    case WireProtocol::S3:
      return "application/xml";
    case WireProtocol::Cbor:
      return "application/cbor";
  }
  std::unreachable();
}

net::HttpResponse error_response(const ErrorPlace& place, const ApiError& error) {
  net::HttpResponse response{.status = error.status, .body = body_of(place, error)};
  if (place.protocol == WireProtocol::RestJson) {
    response.headers.push_back({.name = "x-amzn-ErrorType", .value = error.code});
  } else if (place.protocol == WireProtocol::Cbor) {
    response.headers.push_back({.name = "smithy-protocol", .value = "rpc-v2-cbor"});
  } else if (place.query_mode && place.service == "sqs" && place.protocol == WireProtocol::Json10) {
    response.headers.push_back(
        {.name = "x-amzn-query-error",
         .value = fmt::format("{};{}", SqsApi::query_code(error.code), blamed(error))});
  }
  return response;
}

}  // namespace scaler::emulator
