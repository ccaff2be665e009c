#include <algorithm>
#include <utility>

#include "lab/world/world.h"

// The part of World that keeps task definitions.

namespace scaler::world {

TaskDefinition& World::register_task_definition(std::string family, std::string document) {
  std::vector<TaskDefinition>& revisions = task_definitions_[family];
  return revisions.emplace_back(TaskDefinition{.family = std::move(family),
                                               .revision = std::ssize(revisions) + 1,
                                               .document = std::move(document),
                                               .registered_at = now_});
}

const TaskDefinition* World::find_task_definition(std::string_view family,
                                                  std::int64_t revision) const {
  const auto found = task_definitions_.find(family);
  if (found == task_definitions_.end()) {
    return nullptr;
  }
  const std::vector<TaskDefinition>& revisions = found->second;
  if (revision == 0) {
    const auto latest = std::find_if(revisions.rbegin(), revisions.rend(), [](const auto& each) {
      return each.status == TaskDefinitionStatus::Active;
    });
    return latest == revisions.rend() ? nullptr : &*latest;
  }
  if (revision < 1 || revision > std::ssize(revisions)) {
    return nullptr;
  }
  return &revisions[static_cast<std::size_t>(revision - 1)];
}

TaskDefinition* World::find_task_definition(std::string_view family, std::int64_t revision) {
  return const_cast<TaskDefinition*>(std::as_const(*this).find_task_definition(family, revision));
}

}  // namespace scaler::world
