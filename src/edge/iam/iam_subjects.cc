#include "edge/iam/iam_subjects.h"

#include <utility>

#include <fmt/format.h>

namespace scaler {
namespace {

IamStatement read_job_queues(const IamSubjects& subjects) {
  return {.sid = "ReadJobQueue",
          .why = "the three counts of the job queue",
          .actions = {"sqs:GetQueueAttributes"},
          .resources = subjects.queues};
}

IamStatement remember_state(const IamSubjects& subjects) {
  return {.sid = "RememberState",
          .why = "what the next pass must know stands in one tag of the service",
          .actions = {"ecs:TagResource", "ecs:UntagResource"},
          .resources = subjects.services,
          .conditions = {{"ForAllValues:StringEquals", "aws:TagKeys", {std::string(kStateTag)}}}};
}

}  // namespace

void IamSubjects::add(const ServiceSpec& service, const Arns& arns) {
  for (const JobQueue& queue : service.queues) {
    add_once(queues, arns.of_queue(queue.url));
  }
  add_once(services, arns.of_service(service.id));
  if (service.policy->scale_in_when == ScaleInWhen::Protected) {
    add_once(clusters, arns.of_cluster(service.id));
    add_once(tasks, arns.of_tasks(service.id));
  }
}

void IamSubjects::add(const Ceilings& ceilings, const Arns& arns) {
  const std::vector<std::string> all{"*"};
  patterns = true;
  for (const std::string& pattern : ceilings.queues.empty() ? all : ceilings.queues) {
    add_once(queues, arns.of_queues(pattern));
  }
  for (const std::string& pattern : ceilings.clusters.empty() ? all : ceilings.clusters) {
    add_once(services, arns.of_clusters(pattern, "service"));
    add_once(clusters, arns.of_clusters(pattern, "cluster"));
    add_once(tasks, arns.of_clusters(pattern, "task"));
  }
}

void IamSubjects::add_protected(const IamSubjects& others) {
  patterns = patterns || others.patterns;
  for (const std::string& cluster : others.clusters) {
    add_once(clusters, cluster);
  }
  for (const std::string& some : others.tasks) {
    add_once(tasks, some);
  }
}

void add_every_pass(std::vector<IamStatement>& statements, const IamSubjects& subjects) {
  statements.push_back(read_job_queues(subjects));
  statements.push_back({.sid = "ReadAndScaleService",
                        .why = "the counts of the service, and its desired count",
                        .actions = {"ecs:DescribeServices", "ecs:UpdateService"},
                        .resources = subjects.services});
  statements.push_back(remember_state(subjects));
}

// A service is read without the tag, too: else one that lost it could not be told from one that is
// denied, and would go on.
void add_every_pass_by_tags(std::vector<IamStatement>& statements, const IamSubjects& subjects,
                            bool beside_named) {
  const IamCondition tagged{"Null", fmt::format("aws:ResourceTag/{}", kQueueTag), {"false"}};
  statements.push_back({.sid = "FindServices",
                        .why = "the services that carry the tag; AWS cannot restrict this call",
                        .actions = {"tag:GetResources"},
                        .resources = {"*"}});
  IamStatement queues = read_job_queues(subjects);
  IamStatement state = remember_state(subjects);
  state.why =
      "what the next pass must know, and the last good settings for when the tags are wrong";
  state.conditions.front().values.emplace_back(kLastGoodTag);
  state.conditions.push_back(tagged);
  if (beside_named) {
    queues.sid = "ReadTaggedQueue";
    state.sid = "RememberTaggedState";
  }
  statements.push_back(std::move(queues));
  statements.push_back({.sid = "ReadService",
                        .why = "the counts of the service, and its own tags, which are the truth",
                        .actions = {"ecs:DescribeServices"},
                        .resources = subjects.services});
  statements.push_back({.sid = "ScaleService",
                        .why = "the desired count, of services that carry the tag only",
                        .actions = {"ecs:UpdateService"},
                        .resources = subjects.services,
                        .conditions = {tagged}});
  statements.push_back(std::move(state));
}

void add_protection(std::vector<IamStatement>& statements, const IamSubjects& subjects) {
  if (subjects.clusters.empty()) {
    return;
  }
  statements.push_back({.sid = "ListTasks",
                        .why = "SCALE_IN_WHEN is protected: the service's tasks; AWS restricts it "
                               "by cluster only",
                        .actions = {"ecs:ListTasks"},
                        .resources = {"*"},
                        .conditions = {{subjects.patterns ? "ArnLike" : "ArnEquals", "ecs:cluster",
                                        subjects.clusters}}});
  statements.push_back({.sid = "ReadTaskProtection",
                        .why = "which of them protect themselves",
                        .actions = {"ecs:GetTaskProtection"},
                        .resources = subjects.tasks});
}

}  // namespace scaler
