#include "emulator/ecs/task_definition_document.h"

#include <set>
#include <utility>

#include <fmt/core.h>

#include "emulator/ecs/ecs_names.h"
#include "ground/json/members.h"
#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

std::unexpected<ApiError> refuse_client(std::string message) {
  return refuse("ClientException", std::move(message));
}

json::Value text(std::string_view value) {
  return json::Value(std::string(value));
}

json::Value list(std::initializer_list<std::string_view> values) {
  json::Array array;
  for (const std::string_view value : values) {
    array.push_back(text(value));
  }
  return json::Value(std::move(array));
}

/// Adds the member where there is none.
void add_default(json::Value& object, std::string_view name, json::Value value) {
  const json::Value* const found = object.find(name);
  if (found == nullptr || found->is_null()) {
    auto& members = std::get<json::Object>(object.data());
    std::erase_if(members, [&](const auto& member) { return member.first == name; });
    members.emplace_back(name, std::move(value));
  }
}

json::Array* list_in(json::Value& object, std::string_view name) {
  for (auto& [member, value] : std::get<json::Object>(object.data())) {
    if (member == name) {
      return std::get_if<json::Array>(&value.data());
    }
  }
  return nullptr;
}

bool has(const json::Value& object, std::string_view name) {
  const json::Value* const found = object.find(name);
  return found != nullptr && !found->is_null();
}

ApiResult<void> check_container(const json::Value& container, bool needs_memory) {
  for (const std::string_view name : {"name", "image"}) {
    if (json::text_in(container, name).empty()) {
      return refuse_client(fmt::format("Container.{} should not be null or empty.", name));
    }
  }
  if (needs_memory && !has(container, "memory") && !has(container, "memoryReservation")) {
    return refuse_client(
        fmt::format("Invalid setting for container '{}'. At least one of 'memory' or "
                    "'memoryReservation' must be specified.",
                    json::text_in(container, "name")));
  }
  return {};
}

ApiResult<void> check(const Input& input) {
  if (!valid_ecs_name(input.text("family"))) {
    return refuse_client(
        "Family contains invalid characters: letters, numbers, hyphens, and underscores.");
  }
  const json::Array& containers = input.objects("containerDefinitions");
  if (containers.empty()) {
    return refuse_client("Container list cannot be empty.");
  }
  const std::vector<std::string_view> compatibilities = input.texts("requiresCompatibilities");
  const std::string_view pid_mode = input.text("pidMode");
  if (listed(compatibilities, "FARGATE") && !pid_mode.empty() && pid_mode != "task") {
    return refuse_client(fmt::format(
        "Tasks using the Fargate launch type do not support pidMode '{}'. The supported "
        "value for pidMode is 'task'.",
        pid_mode));
  }
  if (listed(compatibilities, "FARGATE") && input.has("networkMode") &&
      input.text("networkMode") != "awsvpc") {
    return refuse_client("Fargate only supports network mode ‘awsvpc’.");
  }
  // ECS asks for it whatever the compatibilities are; here tasks have no memory to run out of.
  const bool needs_memory = listed(compatibilities, "EC2") && !input.has("memory");
  std::set<std::string_view> names;
  for (const json::Value& container : containers) {
    TRY(check_container(container, needs_memory));
    if (const std::string_view name = json::text_in(container, "name");
        !names.insert(name).second) {
      return refuse_client(fmt::format("Container names must be unique: '{}' stands twice.", name));
    }
  }
  return {};
}

void complete_container(json::Value& container) {
  add_default(container, "cpu", json::Value(std::int64_t{0}));
  add_default(container, "essential", json::Value(true));
  for (const std::string_view name :
       {"portMappings", "environment", "mountPoints", "volumesFrom"}) {
    add_default(container, name, json::Value(json::Array()));
  }
}

void complete_volume(json::Value& volume) {
  for (auto& [name, value] : std::get<json::Object>(volume.data())) {
    if (name == "efsVolumeConfiguration" && std::holds_alternative<json::Object>(value.data())) {
      add_default(value, "rootDirectory", text("/"));
    }
  }
}

}  // namespace

ApiResult<std::string> task_definition_document(const Input& input) {
  TRY(check(input));
  json::Value document = input.value();
  std::erase_if(std::get<json::Object>(document.data()), [](const auto& member) {
    return member.first == "tags" || member.second.is_null();
  });
  const bool fargate = listed(input.texts("requiresCompatibilities"), "FARGATE");
  add_default(document, "networkMode", text(fargate ? "awsvpc" : "bridge"));
  const bool fits_fargate = json::text_in(document, "networkMode") == "awsvpc" &&
                            has(document, "cpu") && has(document, "memory");
  add_default(document, "compatibilities",
              fargate || fits_fargate ? list({"EC2", "FARGATE"}) : list({"EC2"}));
  add_default(document, "volumes", json::Value(json::Array()));
  add_default(document, "placementConstraints", json::Value(json::Array()));
  for (json::Value& container : *list_in(document, "containerDefinitions")) {
    complete_container(container);
  }
  for (json::Value& volume : *list_in(document, "volumes")) {
    complete_volume(volume);
  }
  json::Writer writer;
  writer.value(document);
  return std::move(writer).text();
}

}  // namespace scaler::emulator
