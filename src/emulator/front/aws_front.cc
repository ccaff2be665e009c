#include "emulator/front/aws_front.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "emulator/front/query_protocol.h"
#include "emulator/front/route.h"
#include "emulator/front/wire_error.h"
#include "emulator/tasks/task_agent.h"

namespace scaler::emulator {
namespace {

/// "Mon, 23 Nov 2026 12:00:00 GMT": clients correct their clocks by it.
std::string http_date(std::chrono::sys_seconds at) {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{at - day};
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays.at(std::chrono::weekday(day).c_encoding()),
      static_cast<unsigned>(date.day()), kMonths.at(static_cast<unsigned>(date.month()) - 1),
      static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
      time.seconds().count());
}

/// The Host header, if URLs can be made of it; from another machine anything may come.
std::string host_of(const net::ServerRequest& request) {
  const std::string_view host = net::find_header(request.headers, "host").value_or("");
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
  return host.find_first_not_of(kPlain) == host.npos ? std::string(host) : "";
}

}  // namespace

struct AwsFront::Exchange {
  net::ServerRequest request = {};
  net::Respond respond = {};
  Route route = {};
  Caller caller = {};
  std::string request_id = {};
  std::string date = {};

  void send(net::HttpResponse response) const {
    response.headers.push_back({.name = "x-amzn-RequestId", .value = request_id});
    response.headers.push_back({.name = "Date", .value = date});
    response.headers.push_back(
        {.name = "Content-Type", .value = std::string(content_type(route.protocol))});
    respond(std::move(response));
  }

  void answer(std::string body) const { send({.status = 200, .body = std::move(body)}); }

  void fail(const ApiError& error) const {
    const auto query_mode = net::find_header(request.headers, "x-amzn-query-mode");
    send(error_response({.protocol = route.protocol,
                         .service = route.service,
                         .query = route.query,
                         .request_id = request_id,
                         .query_mode = query_mode == "true"},
                        error));
  }
};

AwsFront::AwsFront(net::EventLoop& loop, world::World& world, SqsApi& sqs, EcsPlaces& ecs,
                   OtherServices& others, const Clock& machine, std::uint64_t seed)
    : loop_(loop),
      world_(world),
      sqs_(sqs),
      ecs_(ecs),
      others_(others),
      machine_(machine),
      sts_(world, seed + 2),
      random_(seed),
      faults_(seed + 1) {}

void AwsFront::handle(net::ServerRequest request, const net::Respond& respond) {
  Route route = find_route(request);
  const auto exchange = std::make_shared<Exchange>(Exchange{.request = std::move(request),
                                                            .respond = respond,
                                                            .route = std::move(route),
                                                            .request_id = request_id(),
                                                            .date = date()});
  if (!exchange->route.error.code.empty()) {
    return exchange->fail(exchange->route.error);
  }
  if (exchange->route.service == "lambda" && lambda_ == nullptr) {
    return exchange->fail({.code = "ResourceNotFoundException",
                           .message = "The emulator runs without a Lambda function.",
                           .status = 404});
  }
  check_and_dispatch(exchange);
}

ApiResult<Caller> AwsFront::check_caller(const Exchange& exchange) const {
  if (is_unsigned_operation(exchange.route.operation)) {
    return Caller{.access_key_id = "anonymous"};
  }
  Caller caller = TRY(check_signature(exchange.request, exchange.route.service, machine_.now()));
  caller.host = host_of(exchange.request);
  TRY(sts_.check_session(
      caller.access_key_id,
      net::find_header(exchange.request.headers, "x-amz-security-token").value_or("")));
  const auto session = sts_.account_of(caller.access_key_id);
  caller.account = session ? *session : account_of_task_key(world_, caller.access_key_id);
  return caller;
}

void AwsFront::check_and_dispatch(const std::shared_ptr<Exchange>& exchange) {
  auto caller = check_caller(*exchange);
  if (!caller) {
    return exchange->fail(caller.error());
  }
  exchange->caller = std::move(*caller);
  count(*exchange);
  if (!rates_.take(exchange->caller, exchange->route.operation, world_.now())) {
    return exchange->fail(fault_error(FaultKind::Throttle, exchange->route.service));
  }
  if (!struck(exchange)) {
    dispatch(*exchange);
  }
}

bool AwsFront::struck(const std::shared_ptr<Exchange>& exchange) {
  const auto fault = faults_.strike(exchange->route.operation, exchange->caller.access_key_id,
                                    exchange->request.body);
  if (!fault) {
    return false;
  }
  switch (fault->kind) {
    case FaultKind::Reset:
      break;
    case FaultKind::Hang:
      hanging_.push_back(exchange->respond);
      break;
    case FaultKind::Malformed:
      exchange->answer(R"({"Attributes":{"ApproximateNumberOfMess)");
      break;
    case FaultKind::Lost:
      dispatch_unanswered(*exchange);
      break;
    case FaultKind::Crash:
      if (fault->effect) {
        dispatch_unanswered(*exchange);
      }
      if (lambda_ != nullptr) {
        lambda_->crash();
      }
      break;
    case FaultKind::Slow:
      std::erase_if(slow_, [](const net::Timer& timer) { return !timer.waits(); });
      slow_.emplace_back(loop_).start(fault->delay, [this, exchange] { dispatch(*exchange); });
      break;
    default:
      exchange->fail(fault_error(fault->kind, exchange->route.service));
  }
  return true;
}

void AwsFront::dispatch_unanswered(Exchange exchange) {
  exchange.respond = [](const net::HttpResponse&) {};
  dispatch(exchange);
}

void AwsFront::dispatch(const Exchange& exchange) {
  if (exchange.route.service == "lambda") {
    if (!lambda_->is_of(exchange.caller)) {
      return exchange.fail({.code = "ResourceNotFoundException",
                            .message = fmt::format("{} is in another account or region.",
                                                   function_arn(lambda_->function().settings())),
                            .status = 404});
    }
    return lambda_->handle(exchange.request, exchange.respond);
  }
  if (exchange.route.query != nullptr) {
    return dispatch_query(exchange);
  }
  // A long poll is answered after this request is gone, hence a copy of what the answer needs.
  dispatch_json(exchange, exchange.request.body, [exchange](ApiAnswer answer) {
    answer ? exchange.answer(std::move(*answer)) : exchange.fail(answer.error());
  });
}

void AwsFront::dispatch_query(const Exchange& exchange) {
  const auto operation = find_operation(*exchange.route.query, exchange.route.form);
  const auto input = operation ? read_query(**operation, exchange.route.form)
                               : ApiResult<std::string>(std::unexpected(operation.error()));
  if (!input) {
    return exchange.fail(input.error());
  }
  dispatch_json(exchange, *input, [exchange, operation = *operation](ApiAnswer answer) {
    if (!answer) {
      return exchange.fail(answer.error());
    }
    const Result<json::Value> document = json::parse(answer->empty() ? "{}" : *answer);
    if (!document) {
      return exchange.fail(
          {.code = "InternalFailure", .message = document.error().message, .status = 500});
    }
    exchange.answer(write_query(*exchange.route.query, *operation, *document, exchange.request_id));
  });
}

void AwsFront::dispatch_json(const Exchange& exchange, std::string_view text,
                             const ApiReply& reply) {
  const Result<json::Value> body = json::parse(text);
  if (!body) {
    return reply(refuse("SerializationException", body.error().message));
  }
  const JsonCall call{.operation = exchange.route.operation,
                      .body = *body,
                      .caller = exchange.caller,
                      .abandoned = exchange.request.abandoned};
  if (exchange.route.service == "sqs") {
    sqs_.handle(call, reply);
  } else if (exchange.route.service == "sts") {
    reply(sts_.handle(call));
  } else if (OtherServices::offers(exchange.route.service)) {
    reply(others_.handle(exchange.route.service, call));
  } else {
    reply(ecs_.handle(call));
  }
}

void AwsFront::count(const Exchange& exchange) {
  auto operation = calls_.find(exchange.route.operation);
  if (operation == calls_.end()) {
    operation = calls_.try_emplace(exchange.route.operation).first;
  }
  auto caller = operation->second.find(exchange.caller.access_key_id);
  if (caller == operation->second.end()) {
    caller = operation->second.try_emplace(exchange.caller.access_key_id).first;
  }
  ++caller->second;
}

const std::string& AwsFront::date() {
  const auto second = std::chrono::floor<std::chrono::seconds>(machine_.now());
  if (second != date_second_ || date_.empty()) {
    date_second_ = second;
    date_ = http_date(second);
  }
  return date_;
}

std::string AwsFront::request_id() {
  const std::uint64_t high = random_.next();
  const std::uint64_t low = random_.next();
  return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", high >> 32U, (high >> 16U) & 0xffffU,
                     high & 0xfffU, (low >> 48U) & 0xfffU, low & 0xffffffffffffU);
}

}  // namespace scaler::emulator
