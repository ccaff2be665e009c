#include "lab/study/settings.h"

#include <string>
#include <vector>

#include <fmt/core.h>

#include "ground/json/writer.h"
#include "wire/policy.h"

namespace scaler::study {
namespace {

struct Changed {
  const PolicyField* field = nullptr;
  std::string json = {};
};

std::vector<Changed> changed_fields(const PolicyOptions& options) {
  const PolicyOptions defaults;
  std::vector<Changed> changed;
  for (const PolicyField& field : policy_fields()) {
    std::string value = field_json(field, options);
    if (value != field_json(field, defaults)) {
      changed.push_back({.field = &field, .json = std::move(value)});
    }
  }
  return changed;
}

}  // namespace

std::string tell(const Settings& settings) {
  std::string text;
  for (const Changed& changed : changed_fields(settings.policy)) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", changed.field->name,
                        unquoted(changed.json));
  }
  if (settings.triggers.tick) {
    text += fmt::format(" tick_seconds={}", in_seconds(*settings.triggers.tick));
  }
  return text + (settings.triggers.wake ? " wake=true" : "") +
         (settings.triggers.doorbell ? " doorbell=true" : "");
}

std::string to_json(const Settings& settings) {
  json::Writer writer;
  writer.begin_object().name("policy").begin_object();
  for (const Changed& changed : changed_fields(settings.policy)) {
    writer.name(changed.field->name).raw(changed.json);
  }
  writer.end_object();
  if (settings.triggers.tick) {
    writer.field("tick_seconds", in_seconds(*settings.triggers.tick));
  }
  writer.field("wake", settings.triggers.wake);
  if (settings.triggers.doorbell) {
    writer.field("doorbell", true);
  }
  return std::move(writer.end_object()).text();
}

}  // namespace scaler::study
