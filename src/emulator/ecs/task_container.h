#pragma once
// The containers of a task definition, as far as tasks here have them.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/base/environment.h"
#include "lab/world/world.h"

namespace scaler::emulator {

struct TaskContainer {
  std::string name = {};
  std::string image = {};
  std::string cpu = {};  ///< as a text, as tasks tell it; empty: none is said
  std::string memory = {};
  std::vector<std::string> command = {};  ///< the entry point's words before those of the command
  Environment environment = {};
  std::optional<Duration> stop_timeout = {};  ///< from SIGTERM to SIGKILL, if it says
};

/// `overrides` is RunTask's field of that name, as JSON: it changes commands and variables.
std::vector<TaskContainer> containers_of(const world::TaskDefinition& definition,
                                         std::string_view overrides = {});

/// An image that is no image: the container's command is a process of this machine.
inline constexpr std::string_view kLocalImage = "local";

/// Which of them is the worker here: the first with the image "local" and a command, else the
/// first; nothing when there are none.
std::optional<std::size_t> worker_index(const std::vector<TaskContainer>& containers);
/// The worker, or an empty container.
TaskContainer worker_container(const world::TaskDefinition& definition,
                               std::string_view overrides = {});
/// Whether its command is to run as a process of this machine.
bool is_local(const TaskContainer& container);

/// "" unless the request holds overrides.
std::string_view overrides_of(const world::Task& task);

}  // namespace scaler::emulator
