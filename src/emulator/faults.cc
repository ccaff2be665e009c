#include "emulator/faults.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "json/reader.h"

namespace scaler::emulator {
namespace {

constexpr std::array<std::pair<std::string_view, FaultKind>, 8> kKinds{
    {{"throttle", FaultKind::Throttle},
     {"unavailable", FaultKind::Unavailable},
     {"denied", FaultKind::Denied},
     {"expired", FaultKind::Expired},
     {"reset", FaultKind::Reset},
     {"hang", FaultKind::Hang},
     {"malformed", FaultKind::Malformed},
     {"slow", FaultKind::Slow}}};

Result<FaultKind> parse_kind(const json::Reader& reader) {
  const std::string name = TRY(reader.string());
  const auto* const found = std::ranges::find(kKinds, name, &decltype(kKinds)::value_type::first);
  if (found == kKinds.end()) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: '{}' is none of throttle, unavailable, denied, expired, reset, "
                            "hang, malformed, slow",
                            reader.path(), name));
  }
  return found->second;
}

std::string_view kind_text(FaultKind kind) {
  return std::ranges::find(kKinds, kind, &decltype(kKinds)::value_type::second)->first;
}

}  // namespace

Result<void> Faults::add(std::string_view text) {
  const json::Value document = TRY(json::parse(text));
  const json::Reader reader(document);
  TRY(reader.only_fields({"operation", "fault", "count", "caller", "delay"}));
  Fault fault;
  const json::Reader operation = TRY(reader.field("operation"));
  fault.operation = TRY(operation.string());
  const json::Reader kind = TRY(reader.field("fault"));
  fault.kind = TRY(parse_kind(kind));
  fault.left = 1;
  if (const auto count = reader.optional_field("count")) {
    fault.left = TRY(count->integer({.min = 1}));
  }
  if (const auto caller = reader.optional_field("caller")) {
    fault.caller = TRY(caller->string());
  }
  if (const auto delay = reader.optional_field("delay")) {
    fault.delay = TRY(delay->seconds());
  }
  faults_.push_back(std::move(fault));
  return {};
}

std::optional<Fault> Faults::strike(std::string_view operation, std::string_view caller) {
  for (Fault& fault : faults_) {
    const bool meant = (fault.operation == operation || fault.operation == "*") &&
                       (fault.caller.empty() || fault.caller == caller);
    if (meant && fault.left > 0) {
      --fault.left;
      ++fault.struck;
      return fault;
    }
  }
  return std::nullopt;
}

void Faults::write(json::Writer& writer) const {
  writer.begin_array();
  for (const Fault& fault : faults_) {
    writer.begin_object()
        .field("operation", fault.operation)
        .field("fault", kind_text(fault.kind))
        .field("left", fault.left)
        .field("struck", fault.struck);
    if (!fault.caller.empty()) {
      writer.field("caller", fault.caller);
    }
    writer.end_object();
  }
  writer.end_array();
}

ApiError fault_error(FaultKind kind, std::string_view service) {
  const bool sqs = service == "sqs";
  const bool lambda = service == "lambda";
  switch (kind) {
    case FaultKind::Throttle:
      if (sqs) {
        return {.code = "RequestThrottled", .message = "Request is throttled.", .status = 403};
      }
      if (lambda) {
        return {.code = "TooManyRequestsException", .message = "Rate exceeded", .status = 429};
      }
      return {.code = service == "sts" ? "Throttling" : "ThrottlingException",
              .message = "Rate exceeded"};
    case FaultKind::Denied:
      return {.code = service == "sts" ? "AccessDenied" : "AccessDeniedException",
              .message = "The emulator was told to deny this call.",
              .status = service == "ecs" ? 400 : 403};
    case FaultKind::Expired:
      return {.code = service == "sts" ? "ExpiredToken" : "ExpiredTokenException",
              .message = "The security token included in the request is expired",
              .status = service == "ecs" ? 400 : 403};
    default:
      return {.code = "ServiceUnavailable",
              .message = "The service is temporarily unavailable.",
              .status = 503};
  }
}

}  // namespace scaler::emulator
