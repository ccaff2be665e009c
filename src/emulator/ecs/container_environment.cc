#include "emulator/ecs/container_environment.h"

#include <vector>

#include "ground/json/reader.h"

namespace scaler::emulator {
namespace {

using json::Reader;

std::vector<Reader> items_of(const Reader& object, std::string_view name) {
  const auto field = object.optional_field(name);
  return field ? field->items().value_or(std::vector<Reader>()) : std::vector<Reader>();
}

std::string text_of(const Reader& object, std::string_view name) {
  const auto field = object.optional_field(name);
  return field ? field->string().value_or("") : "";
}

}  // namespace

Environment container_environment(const world::TaskDefinition& definition) {
  Environment environment;
  const Result<json::Value> document = json::parse(definition.document);
  const auto containers =
      document ? items_of(Reader(*document), "containerDefinitions") : std::vector<Reader>();
  if (containers.empty()) {
    return environment;
  }
  for (const Reader& variable : items_of(containers.front(), "environment")) {
    environment.try_emplace(text_of(variable, "name"), text_of(variable, "value"));
  }
  environment.erase("");
  return environment;
}

}  // namespace scaler::emulator
