#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "emulator/ecs/ecs_api.h"
#include "emulator/ecs/ecs_fields.h"
#include "emulator/ecs/ecs_input.h"
#include "emulator/ecs/ecs_names.h"
#include "emulator/ecs/task_definition_document.h"

// The part of EcsApi that deals with task definitions.

namespace scaler::emulator {
namespace {

using world::TaskDefinition;
using world::TaskDefinitionStatus;

constexpr std::size_t kDefinitionsPerDelete = 10;
constexpr std::size_t kPage = 100;

std::string definition_answer(const TaskDefinition& definition, const Caller& caller,
                              WithTags with_tags) {
  json::Writer writer;
  writer.begin_object().name("taskDefinition");
  write_task_definition(writer, definition, caller.region);
  if (with_tags == WithTags::Yes) {
    write_tags(writer, definition.tags);
  }
  writer.end_object();
  return std::move(writer).text();
}

/// Why the text names no revision, in ECS's words; empty: it does.
std::string revision_problem(const EcsPlace& place, std::string_view text) {
  const std::string_view name = place.arn_rest(text, "task-definition").value_or(text);
  const std::size_t colon = name.find(':');
  if (colon == std::string_view::npos) {
    return "Revision is missing.";
  }
  return task_definition_name(name)
             ? ""
             : fmt::format("Invalid revision number. Number: {}", name.substr(colon + 1));
}

}  // namespace

EcsApi::Operations EcsApi::task_definition_operations() {
  using enum FieldKind;
  constexpr Field kDefinition{"taskDefinition", Text, kNeeded};
  return {
      {"RegisterTaskDefinition",
       {{{"family", Text, kNeeded},
         {"containerDefinitions", Objects, kNeeded},
         {"taskRoleArn"},
         {"executionRoleArn"},
         {"networkMode"},
         {"volumes", Objects},
         {"placementConstraints", Objects},
         {"requiresCompatibilities", Texts},
         {"cpu"},
         {"memory"},
         kTags,
         {"pidMode"},
         {"ipcMode"},
         {"proxyConfiguration", Any},
         {"inferenceAccelerators", Objects},
         {"ephemeralStorage", Any},
         {"runtimePlatform", Any},
         {"enableFaultInjection", Flag}},
        &EcsApi::register_task_definition}},
      {"DescribeTaskDefinition", {{kDefinition, kInclude}, &EcsApi::describe_task_definition}},
      {"DeregisterTaskDefinition", {{kDefinition}, &EcsApi::deregister_task_definition}},
      {"DeleteTaskDefinitions",
       {{{"taskDefinitions", Texts, kNeeded}}, &EcsApi::delete_task_definitions}},
      {"ListTaskDefinitions",
       {{{"familyPrefix"}, {"status"}, {"sort"}, kToken, kLimit}, &EcsApi::list_task_definitions}},
      {"ListTaskDefinitionFamilies",
       {{{"familyPrefix"}, {"status"}, kToken, kLimit}, &EcsApi::list_task_definition_families}},
  };
}

ApiAnswer EcsApi::register_task_definition(const Input& input, const Caller& caller) {
  Tags tags = TRY(with_tags({}, input));
  std::string document = TRY(task_definition_document(input));
  TaskDefinition& definition =
      world_.register_task_definition(place_.world_name(input.text("family")), std::move(document));
  definition.tags = std::move(tags);
  return definition_answer(definition, caller,
                           definition.tags.empty() ? WithTags::No : WithTags::Yes);
}

ApiAnswer EcsApi::describe_task_definition(const Input& input, const Caller& caller) {
  TRY(check_include(input, {"TAGS"}));
  const auto* const definition = TRY(find_task_definition(input.text("taskDefinition")));
  return definition_answer(*definition, caller, wants_tags(input));
}

ApiAnswer EcsApi::deregister_task_definition(const Input& input, const Caller& caller) {
  const std::string_view text = input.text("taskDefinition");
  if (std::string problem = revision_problem(place_, text); !problem.empty()) {
    return refuse("ClientException", std::move(problem));
  }
  TaskDefinition* const definition = TRY(find_task_definition(text));
  if (definition->status == TaskDefinitionStatus::Active) {
    definition->status = TaskDefinitionStatus::Inactive;
    definition->deregistered_at = world_.now();
  }
  return definition_answer(*definition, caller, WithTags::No);
}

ApiAnswer EcsApi::delete_task_definitions(const Input& input, const Caller& caller) {
  const std::vector<std::string_view> texts = input.texts("taskDefinitions");
  TRY(check_size("Task definitions", texts.size(), kDefinitionsPerDelete));
  json::Writer writer;
  json::Writer failures;
  writer.begin_object().name("taskDefinitions").begin_array();
  failures.begin_array();
  for (const std::string_view text : texts) {
    if (!revision_problem(place_, text).empty()) {
      write_failure(failures, text,
                    "The specified task definition identifier is invalid. Specify a valid name or "
                    "ARN and try again.");
      continue;
    }
    const auto found = find_task_definition(text);
    if (!found) {
      write_failure(failures, text,
                    "The specified task definition does not exist. Specify a valid account, "
                    "family, revision and try again.");
    } else if ((*found)->status == TaskDefinitionStatus::Active) {
      write_failure(failures, text,
                    "The specified task definition is still in ACTIVE status. Please deregister "
                    "the target and try again.");
    } else {
      (*found)->status = TaskDefinitionStatus::DeleteInProgress;
      write_task_definition(writer, **found, caller.region);
    }
  }
  failures.end_array();
  writer.end_array().name("failures").raw(failures.text()).end_object();
  return std::move(writer).text();
}

ApiAnswer EcsApi::list_task_definitions(const Input& input, const Caller& caller) {
  const std::string_view status = input.has("status") ? input.text("status") : "ACTIVE";
  if (!listed(std::array{"ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"}, status)) {
    return bad_parameter("status must be ACTIVE, INACTIVE or DELETE_IN_PROGRESS.");
  }
  const std::string_view sort = input.has("sort") ? input.text("sort") : "ASC";
  if (sort != "ASC" && sort != "DESC") {
    return bad_parameter("sort must be ASC or DESC.");
  }
  std::vector<std::string> arns;
  for (const auto& [family, revisions] : world_.task_definitions()) {
    if (!place_.has(family) ||
        (input.has("familyPrefix") && own_name(family) != input.text("familyPrefix"))) {
      continue;  // In spite of its name it is a whole one.
    }
    for (const TaskDefinition& definition : revisions) {
      if (to_string(definition.status) == status) {
        arns.push_back(
            task_definition_arn(caller.region, revision_name(family, definition.revision)));
      }
    }
  }
  if (sort == "DESC") {
    std::ranges::reverse(arns);
  }
  return page_in_order("taskDefinitionArns", arns, input, kPage);
}

ApiAnswer EcsApi::list_task_definition_families(const Input& input, const Caller&) {
  const std::string_view status = input.has("status") ? input.text("status") : "ALL";
  if (!listed(std::array{"ACTIVE", "INACTIVE", "ALL"}, status)) {
    return bad_parameter("status must be ACTIVE, INACTIVE or ALL.");
  }
  std::vector<std::string> families;
  for (const auto& [family, revisions] : world_.task_definitions()) {
    const bool active = std::ranges::any_of(revisions, [](const TaskDefinition& each) {
      return each.status == TaskDefinitionStatus::Active;
    });
    if (place_.has(family) && own_name(family).starts_with(input.text("familyPrefix")) &&
        (status == "ALL" || active == (status == "ACTIVE"))) {
      families.emplace_back(own_name(family));
    }
  }
  return page_in_order("families", families, input, kPage);
}

}  // namespace scaler::emulator
