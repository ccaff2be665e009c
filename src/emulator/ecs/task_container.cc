#include "emulator/ecs/task_container.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

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

/// A number, as the text that tasks tell.
std::string number_text(const Reader& object, std::string_view name) {
  const auto field = object.optional_field(name);
  const auto number = field ? field->integer({}) : Result<std::int64_t>(0);
  return number && *number > 0 ? fmt::format("{}", *number) : "";
}

std::optional<Duration> stop_timeout_of(const Reader& container) {
  constexpr std::int64_t kMost = 86'400;
  const auto field = container.optional_field("stopTimeout");
  const auto seconds = field ? field->integer({.min = 1, .max = kMost}) : Result<std::int64_t>(0);
  return seconds && *seconds > 0 ? std::optional(std::chrono::seconds(*seconds)) : std::nullopt;
}

std::vector<std::string> words_of(const Reader& object, std::string_view name) {
  std::vector<std::string> words;
  for (const Reader& item : items_of(object, name)) {
    words.push_back(item.string().value_or(""));
  }
  return words;
}

/// Of two variables with one name the first counts.
Environment environment_of(const Reader& container) {
  Environment environment;
  for (const Reader& variable : items_of(container, "environment")) {
    environment.try_emplace(text_of(variable, "name"), text_of(variable, "value"));
  }
  environment.erase("");
  return environment;
}

TaskContainer read_container(const Reader& container, const Reader* changes) {
  TaskContainer read{.name = text_of(container, "name"),
                     .image = text_of(container, "image"),
                     .cpu = number_text(container, "cpu"),
                     .memory = number_text(container, "memory"),
                     .command = words_of(container, "entryPoint"),
                     .environment = environment_of(container),
                     .stop_timeout = stop_timeout_of(container)};
  std::vector<std::string> command = words_of(container, "command");
  if (changes != nullptr) {
    for (auto& [name, value] : environment_of(*changes)) {
      read.environment.insert_or_assign(name, value);
    }
    if (auto words = words_of(*changes, "command"); !words.empty()) {
      command = std::move(words);
    }
  }
  std::ranges::move(command, std::back_inserter(read.command));
  return read;
}

}  // namespace

std::vector<TaskContainer> containers_of(const world::TaskDefinition& definition,
                                         std::string_view overrides) {
  std::vector<TaskContainer> containers;
  const Result<json::Value> document = json::parse(definition.document);
  const Result<json::Value> changed = json::parse(overrides.empty() ? "{}" : overrides);
  if (!document || !changed) {
    return containers;
  }
  const std::vector<Reader> changes = items_of(Reader(*changed), "containerOverrides");
  for (const Reader& container : items_of(Reader(*document), "containerDefinitions")) {
    const auto of_it = std::ranges::find_if(changes, [&](const Reader& change) {
      return text_of(change, "name") == text_of(container, "name");
    });
    containers.push_back(read_container(container, of_it == changes.end() ? nullptr : &*of_it));
  }
  return containers;
}

std::optional<std::size_t> worker_index(const std::vector<TaskContainer>& containers) {
  if (containers.empty()) {
    return std::nullopt;
  }
  const auto local = std::ranges::find_if(containers, is_local);
  return local == containers.end() ? 0 : static_cast<std::size_t>(local - containers.begin());
}

TaskContainer worker_container(const world::TaskDefinition& definition,
                               std::string_view overrides) {
  std::vector<TaskContainer> containers = containers_of(definition, overrides);
  const auto index = worker_index(containers);
  return index ? std::move(containers[*index]) : TaskContainer{};
}

bool is_local(const TaskContainer& container) {
  return container.image == kLocalImage && !container.command.empty();
}

std::string_view overrides_of(const world::Task& task) {
  const auto found = task.shown.find("overrides");
  return found == task.shown.end() ? std::string_view() : found->second;
}

}  // namespace scaler::emulator
