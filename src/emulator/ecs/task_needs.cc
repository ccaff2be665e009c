#include "emulator/ecs/task_needs.h"

#include <optional>
#include <string>

#include "ground/base/text.h"
#include "ground/json/members.h"
#include "ground/json/value.h"

namespace scaler::emulator {
namespace {

const json::Array kNoContainers;

/// "1024", 1024, "1 vCPU" or "2 GB": units of which 1024 are one of the unit.
std::optional<std::int64_t> amount(const json::Value& object, std::string_view name) {
  const json::Value* const found = object.find(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  if (const auto* const text = std::get_if<std::string>(&found->data())) {
    const std::size_t end = text->find_first_not_of("0123456789.");
    const auto number = number_of<double>(std::string_view(*text).substr(0, end));
    if (!number) {
      return std::nullopt;
    }
    return static_cast<std::int64_t>(end == std::string::npos ? *number : *number * 1024);
  }
  const auto* const number = std::get_if<std::int64_t>(&found->data());
  return number == nullptr ? std::nullopt : std::optional(*number);
}

std::int64_t gpus_of(const json::Value& container) {
  std::int64_t gpus = 0;
  for (const json::Value& requirement : json::elements_in(container, "resourceRequirements")) {
    if (json::text_in(requirement, "type") == "GPU") {
      gpus += amount(requirement, "value").value_or(0);
    }
  }
  return gpus;
}

}  // namespace

world::Resources needs_of(const world::TaskDefinition& definition) {
  world::Resources needs;
  const Result<json::Value> document = json::parse(definition.document);
  if (!document) {
    return needs;
  }
  const json::Value* const found = document->find("containerDefinitions");
  const auto* const list = found == nullptr ? nullptr : std::get_if<json::Array>(&found->data());
  for (const json::Value& container : list == nullptr ? kNoContainers : *list) {
    needs.cpu += amount(container, "cpu").value_or(0);
    const auto soft = amount(container, "memoryReservation");
    needs.memory += soft ? *soft : amount(container, "memory").value_or(0);
    needs.gpus += gpus_of(container);
  }
  needs.cpu = amount(*document, "cpu").value_or(needs.cpu);
  needs.memory = amount(*document, "memory").value_or(needs.memory);
  return needs;
}

}  // namespace scaler::emulator
