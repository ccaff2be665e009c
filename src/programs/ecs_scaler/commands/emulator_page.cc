#include "programs/ecs_scaler/commands/emulator_page.h"

#include <utility>

#include "ground/json/reader.h"
#include "ground/json/writer.h"
#include "scaler/core/names.h"

namespace scaler::cli {
namespace {

constexpr Duration kLookEvery = std::chrono::seconds(1);

std::string key_of(std::string_view cluster, std::string_view service) {
  return std::string(plain_name(cluster)) + "/" + std::string(plain_name(service));
}

/// "" when it is not there, or no text.
std::string text_of(const json::Reader& object, std::string_view name) {
  const auto member = object.optional_field(name);
  return member ? member->string().value_or("") : "";
}

/// The last of a list, or the first; nothing when there is none.
std::optional<json::Reader> end_of(const json::Reader& object, std::string_view name, bool last) {
  const auto member = object.optional_field(name);
  const auto items = member ? member->items() : fail(ErrorKind::NotFound, "");
  if (!items || items->empty()) {
    return std::nullopt;
  }
  return last ? items->back() : items->front();
}

/// The sum over the queues; nothing when one of them could not be read.
std::optional<QueueDepth> depth_in(const json::Reader& record) {
  const auto member = record.optional_field("queues");
  const auto queues = member ? member->items() : fail(ErrorKind::NotFound, "");
  if (!queues || queues->empty()) {
    return std::nullopt;
  }
  QueueDepth sum;
  for (const json::Reader& queue : *queues) {
    for (const auto& [name, count] : {std::pair("visible", &QueueDepth::visible),
                                      std::pair("in_flight", &QueueDepth::in_flight),
                                      std::pair("delayed", &QueueDepth::delayed)}) {
      const auto field = queue.optional_field(name);
      const auto messages = field ? field->integer({.min = 0}) : fail(ErrorKind::NotFound, "");
      if (!messages) {
        return std::nullopt;
      }
      sum.*count += *messages;
    }
  }
  return sum;
}

}  // namespace

EmulatorPage::EmulatorPage(net::EventLoop& loop, std::string shows)
    : page_(loop, {.shows = std::move(shows), .every = kLookEvery}), look_(loop) {}

emulator::EmulatorOptions EmulatorPage::attached_to(emulator::EmulatorOptions options,
                                                    const Log& log) {
  options.page = [this](const net::ServerRequest& request, const net::Respond& respond) {
    const bool meant = is_meant(request);
    if (meant) {
      page_.answer(request, respond);
    }
    return meant;
  };
  options.lambda_log_line = [this, log,
                             before = std::move(options.lambda_log_line)](std::string_view line) {
    if (before) {
      before(line);
    } else {
      log.write(LogLevel::Info, "function output", {{"line", line}});
    }
    hear(line);
  };
  return options;
}

void EmulatorPage::watch(const emulator::Emulator& emulator) {
  emulator_ = &emulator;
  look();
}

void EmulatorPage::forget() {
  emulator_ = nullptr;
  look_.cancel();
}

/// What AWS's clients send is signed, or has a query of their own at "/".
bool EmulatorPage::is_meant(const net::ServerRequest& request) {
  return (request.method == "GET" || request.method == "HEAD") &&
         page::LivePage::handles(request.target) && !request.target.starts_with("/?") &&
         !net::find_header(request.headers, "authorization");
}

void EmulatorPage::hear(std::string_view line) {
  const auto document = json::parse(line);
  const json::Value* const value = document ? document->find("record") : nullptr;
  if (value == nullptr) {
    return;
  }
  const json::Reader record(*value);
  Heard heard{.depth = depth_in(record)};
  if (const auto decision = record.optional_field("decision")) {
    heard.action = text_of(*decision, "action");
    if (const auto step = end_of(*decision, "steps", true)) {
      heard.why = text_of(*step, "note");
      json::Writer steps;
      steps.value(*decision->value().find("steps"));
      heard.steps = std::move(steps).text();
    }
  }
  if (const auto error = end_of(record, "errors", false)) {
    heard.error = error->string().value_or("");
  }
  heard_.insert_or_assign(key_of(text_of(record, "cluster"), text_of(record, "service_name")),
                          std::move(heard));
  look();
}

ServiceView EmulatorPage::view_of(const emulator::ServiceNow& now, const ServiceView* before,
                                  Instant at) {
  ServiceView view{.cluster = now.cluster,
                   .service = now.service,
                   .looked_at = at,
                   .read_at = at,
                   .desired = now.desired,
                   .running = now.running,
                   .pending = now.pending,
                   .instances = now.instances};
  std::optional<QueueDepth> depth = now.depth;
  if (const auto found = heard_.find(key_of(now.cluster, now.service)); found != heard_.end()) {
    Heard& heard = found->second;
    view.action = std::exchange(heard.action, {});
    view.why = heard.why;
    view.steps = heard.steps;
    view.error = heard.error;
    depth = depth ? depth : heard.depth;
  }
  if (depth) {
    view.visible = depth->visible;
    view.in_flight = depth->in_flight;
    view.delayed = depth->delayed;
  }
  if (before != nullptr) {
    const bool moved = before->desired != view.desired;
    view.changed_at = moved ? at : before->changed_at;
    view.changed = !moved ? before->changed : before->desired < view.desired ? "out" : "in";
  }
  return view;
}

void EmulatorPage::look() {
  if (emulator_ == nullptr) {
    return;
  }
  auto status = std::make_shared<FleetStatus>(FleetStatus{.at = system_clock().now()});
  std::map<std::string, const ServiceView*> before;
  for (const ServiceView& view : status_->services) {
    before.emplace(key_of(view.cluster, view.service), &view);
  }
  for (const emulator::ServiceNow& now : emulator_->services()) {
    const auto known = before.find(key_of(now.cluster, now.service));
    status->services.push_back(
        view_of(now, known == before.end() ? nullptr : known->second, status->at));
  }
  page_.show(status);
  status_ = std::move(status);
  look_.start(kLookEvery, [this] { look(); });
}

}  // namespace scaler::cli
