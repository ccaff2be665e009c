#include "emulator/request/faults.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "emulator/request/api_input.h"
#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/json/reader.h"

namespace scaler::emulator {
namespace {

constexpr std::array<std::pair<std::string_view, FaultKind>, 11> kKinds{
    {{"throttle", FaultKind::Throttle},
     {"unavailable", FaultKind::Unavailable},
     {"denied", FaultKind::Denied},
     {"expired", FaultKind::Expired},
     {"reset", FaultKind::Reset},
     {"hang", FaultKind::Hang},
     {"malformed", FaultKind::Malformed},
     {"slow", FaultKind::Slow},
     {"lost", FaultKind::Lost},
     {"crash", FaultKind::Crash},
     {"duplicate", FaultKind::Duplicate}}};
constexpr Duration kSlow = std::chrono::seconds(2);

Result<FaultKind> parse_kind(const json::Reader& reader) {
  const std::string name = TRY(reader.string());
  const auto* const found = std::ranges::find(kKinds, name, &decltype(kKinds)::value_type::first);
  if (found == kKinds.end()) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: '{}' is none of throttle, unavailable, denied, expired, reset, "
                            "hang, malformed, slow, lost, crash, duplicate",
                            reader.path(), shortened(name)));
  }
  return found->second;
}

Result<void> check_operation(std::string_view name, const json::Reader& reader,
                             std::span<const std::string_view> operations) {
  if (operations.empty() || name == "*" || name == kInvocation || listed(operations, name)) {
    return {};
  }
  return fail(ErrorKind::Malformed,
              fmt::format("{}: '{}' is no operation that is offered here{}", reader.path(),
                          shortened(name), did_you_mean(name, operations)));
}

/// An invocation can be throttled, hang, crash or happen twice; an API call cannot happen twice.
Result<void> check_fit(const InjectedFault& fault, const json::Reader& reader) {
  const bool both = fault.kind == FaultKind::Throttle || fault.kind == FaultKind::Hang ||
                    fault.kind == FaultKind::Crash;
  if (both || (fault.kind == FaultKind::Duplicate) == (fault.operation == kInvocation)) {
    return {};
  }
  return fail(ErrorKind::Malformed,
              fmt::format("{}: this does not happen to {}; throttle, hang, crash and duplicate "
                          "happen to {}, all but duplicate to an API call",
                          reader.path(), fault.operation, kInvocation));
}

Result<void> read_choice(const json::Reader& reader, InjectedFault& fault) {
  fault.left = 1;
  if (const auto count = reader.optional_field("count")) {
    fault.left = TRY(count->integer({.min = 1}));
  }
  if (const auto after = reader.optional_field("after")) {
    fault.after = TRY(after->integer({.min = 0}));
  }
  if (const auto caller = reader.optional_field("caller")) {
    fault.caller = TRY(caller->string());
  }
  if (const auto about = reader.optional_field("about")) {
    fault.about = TRY(about->string());
  }
  if (const auto probability = reader.optional_field("probability")) {
    fault.probability = static_cast<double>(TRY(probability->millionths(0, 1))) / 1e6;
  }
  return {};
}

std::string_view kind_text(FaultKind kind) {
  return std::ranges::find(kKinds, kind, &decltype(kKinds)::value_type::second)->first;
}

}  // namespace

Result<void> Faults::add(std::string_view text, std::span<const std::string_view> operations) {
  const json::Value document = TRY(json::parse(text));
  const json::Reader reader(document);
  TRY(reader.only_fields({"operation", "fault", "count", "after", "caller", "about", "delay",
                          "probability", "effect"}));
  InjectedFault fault;
  const json::Reader operation = TRY(reader.field("operation"));
  fault.operation = TRY(operation.string());
  TRY(check_operation(fault.operation, operation, operations));
  const json::Reader kind = TRY(reader.field("fault"));
  fault.kind = TRY(parse_kind(kind));
  TRY(check_fit(fault, kind));
  TRY(read_choice(reader, fault));
  fault.delay = fault.kind == FaultKind::Slow ? kSlow : Duration(0);
  if (const auto delay = reader.optional_field("delay")) {
    fault.delay = TRY(delay->seconds());
  }
  if (const auto effect = reader.optional_field("effect")) {
    fault.effect = TRY(effect->boolean());
  }
  faults_.push_back(std::move(fault));
  return {};
}

std::optional<InjectedFault> Faults::strike(std::string_view operation, std::string_view caller,
                                            std::string_view body) {
  for (InjectedFault& fault : faults_) {
    const bool any = fault.operation == "*" && operation != kInvocation;
    const bool meant = (any || fault.operation == operation) &&
                       (fault.caller.empty() || fault.caller == caller) &&
                       body.contains(fault.about);
    if (!meant || fault.left == 0) {
      continue;
    }
    if (fault.after > 0) {
      --fault.after;
    } else if (random_.uniform() < fault.probability) {
      --fault.left;
      ++fault.struck;
      fault.last = operation;
      return fault;
    }
  }
  return std::nullopt;
}

void Faults::write(json::Writer& writer) const {
  writer.begin_array();
  for (const InjectedFault& fault : faults_) {
    writer.begin_object()
        .field("operation", fault.operation)
        .field("fault", kind_text(fault.kind))
        .field("left", fault.left)
        .field("struck", fault.struck);
    if (fault.probability < 1) {
      writer.field("probability", fault.probability);
    }
    if (!fault.caller.empty()) {
      writer.field("caller", fault.caller);
    }
    if (!fault.about.empty()) {
      writer.field("about", fault.about);
    }
    if (!fault.last.empty()) {
      writer.field("last", fault.last);
    }
    writer.end_object();
  }
  writer.end_array();
}

ApiError fault_error(FaultKind kind, std::string_view service) {
  const bool sqs = service == "sqs";
  const bool lambda = service == "lambda";
  const bool query = listed(std::array{"sts", "autoscaling", "iam"}, service);
  switch (kind) {
    case FaultKind::Throttle:
      if (sqs) {
        return {.code = "RequestThrottled", .message = "Request is throttled.", .status = 403};
      }
      if (lambda) {
        return {.code = "TooManyRequestsException", .message = "Rate exceeded", .status = 429};
      }
      return {.code = query ? "Throttling" : "ThrottlingException", .message = "Rate exceeded"};
    case FaultKind::Denied:
      return {.code = query ? "AccessDenied" : "AccessDeniedException",
              .message = "The emulator was told to deny this call.",
              .status = service == "ecs" ? 400 : 403};
    case FaultKind::Expired:
      return {.code = query ? "ExpiredToken" : "ExpiredTokenException",
              .message = "The security token included in the request is expired",
              .status = service == "ecs" ? 400 : 403};
    default:
      return {.code = "ServiceUnavailable",
              .message = "The service is temporarily unavailable.",
              .status = 503};
  }
}

}  // namespace scaler::emulator
