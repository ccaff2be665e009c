#include "edge/aws/group_tasks.h"

#include <algorithm>
#include <utility>

namespace scaler::aws {

using To = ContainerInstances::To;

struct GroupTasks::Daemons {
  std::vector<std::string> names = {};

  bool have(const TaskPlace& task) const {
    constexpr std::string_view kService = "service:";
    return task.group.starts_with(kService) &&
           std::ranges::find(names, task.group.substr(kService.size())) != names.end();
  }
  bool lingers(const TaskPlace& task) const { return task.last_status != "STOPPED" && !have(task); }
};

void GroupTasks::read(GroupLook& looking) {
  auto names = looking.cluster.daemons(looking.deadline);
  if (!names) {
    looking.missed(names.error());
  }
  const Daemons daemons{.names = names ? *std::move(names) : std::vector<std::string>()};
  // What is asked of each instance by itself was too much for ECS's rates where there are many.
  constexpr std::ptrdiff_t kByThemselves = 4;
  if (std::ssize(looking.containers) > kByThemselves) {
    take_out(looking, daemons);
    read_stopping(looking, daemons);
    return;
  }
  for (InstanceSeen& instance : looking.seen.instances) {
    if (looking.containers.contains(instance.id)) {
      read_on(looking, daemons, instance);
    }
  }
}

void GroupTasks::read_on(GroupLook& looking, const Daemons& daemons, InstanceSeen& instance) {
  const std::string& container = looking.containers.at(instance.id);
  if (!daemons.names.empty() && instance.running + instance.pending > 0) {
    const auto tasks = looking.cluster.tasks_on(container, To::Run, looking.deadline);
    if (!tasks) {
      looking.missed(instance, tasks.error());
      return;
    }
    const std::int64_t others =
        std::ssize(*tasks) - std::ranges::count_if(*tasks, [&daemons](const TaskPlace& task) {
          return daemons.have(task);
        });
    // Whatever the two calls disagree on counts as a task.
    const std::int64_t counted = instance.running + instance.pending - std::ssize(*tasks);
    instance.running = others + std::max<std::int64_t>(counted, 0);
    instance.pending = 0;
  }
  if (instance.running + instance.pending == 0) {
    const auto tasks = looking.cluster.tasks_on(container, To::Stop, looking.deadline);
    if (!tasks) {
      looking.missed(instance, tasks.error());
      return;
    }
    instance.lingering = std::ranges::count_if(
        *tasks, [&daemons](const TaskPlace& task) { return daemons.lingers(task); });
  }
}

/// By what their services tell. Only what is sure to be in a count is taken out of it; before an
/// instance is drained or ended it is asked by itself.
void GroupTasks::take_out(GroupLook& looking, const Daemons& daemons) {
  const bool some = std::ranges::any_of(looking.seen.instances, [](const InstanceSeen& instance) {
    return instance.running + instance.pending > 0;
  });
  std::map<std::pair<std::string, std::string>, std::int64_t> counts;
  for (const std::string& name : some ? daemons.names : std::vector<std::string>()) {
    const auto tasks = looking.cluster.tasks_of(name, looking.deadline);
    if (!tasks) {
      looking.missed(tasks.error());
      continue;
    }
    for (const TaskPlace& task : *tasks) {
      ++counts[{task.instance_arn, task.last_status}];
    }
  }
  for (InstanceSeen& instance : looking.seen.instances) {
    if (const auto at = looking.containers.find(instance.id); at != looking.containers.end()) {
      instance.running -= std::min(instance.running, counts[{at->second, "RUNNING"}]);
      instance.pending -= std::min(instance.pending, counts[{at->second, "PENDING"}]);
    }
  }
}

/// Of the whole cluster at once, which is a call for each hundred tasks that have stopped of late;
/// or, where that is more than for each instance, of some of these, the longest unread first.
void GroupTasks::read_stopping(GroupLook& looking, const Daemons& daemons) {
  constexpr std::size_t kPerLook = 20;
  std::vector<InstanceSeen*> empty;
  for (InstanceSeen& instance : looking.seen.instances) {
    if (looking.containers.contains(instance.id) && instance.running + instance.pending == 0) {
      empty.push_back(&instance);
    }
  }
  if (empty.empty()) {
    return;
  }
  const int pages = static_cast<int>(std::min(empty.size(), kPerLook));
  const auto tasks = looking.cluster.tasks_to_stop(pages, looking.deadline);
  if (tasks) {
    std::map<std::string, std::int64_t> lingering;
    for (const TaskPlace& task : *tasks) {
      lingering[task.instance_arn] += daemons.lingers(task) ? 1 : 0;
    }
    for (InstanceSeen* instance : empty) {
      instance->lingering = lingering[looking.containers.at(instance->id)];
    }
    return;
  }
  const auto read_at = [this](const InstanceSeen* instance) { return read_at_[instance->id]; };
  std::ranges::stable_sort(empty, {}, read_at);
  for (std::size_t i = 0; i < empty.size(); ++i) {
    if (tasks.error().kind != ErrorKind::TooMany) {
      looking.missed(*empty[i], tasks.error());
    } else if (i < kPerLook) {
      read_on(looking, daemons, *empty[i]);
      read_at_[empty[i]->id] = clock_->steady();
    } else {
      empty[i]->looked = false;  // In the next look.
    }
  }
}

}  // namespace scaler::aws
