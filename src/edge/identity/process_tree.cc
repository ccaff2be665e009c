#include "edge/identity/process_tree.h"

#include <algorithm>
#include <csignal>
#include <dirent.h>
#include <memory>
#include <string>
#include <vector>

#include "ground/base/file.h"
#include "ground/base/text.h"

namespace scaler::identity {
namespace {

struct Process {
  pid_t number = 0;
  pid_t parent = 0;
};

int close_folder(DIR* folder) {
  return ::closedir(folder);
}

/// All that can be seen; none where there is no /proc.
std::vector<Process> processes() {
  std::vector<Process> found;
  const std::unique_ptr<DIR, decltype(&close_folder)> folder(::opendir("/proc"), close_folder);
  while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
    const std::string_view name(static_cast<const char*>(entry->d_name));
    if (const auto number = number_of<pid_t>(name)) {
      const std::string stat = read_file("/proc/" + std::string(name) + "/stat").value_or("");
      found.push_back({.number = *number, .parent = parent_in(stat)});
    }
  }
  return found;
}

}  // namespace

pid_t parent_in(std::string_view stat) {
  constexpr std::size_t kParent = 2;  // Behind "NUMBER (NAME) STATE": the name may hold anything.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) {
    return 0;
  }
  const std::vector<std::string_view> fields = split(stat.substr(name_end + 1), " ");
  return fields.size() > kParent ? number_of<pid_t>(fields[kParent]).value_or(0) : 0;
}

void end_tree(pid_t root) {
  std::vector<pid_t> tree{root};
  // Stopped they begin no others, and keep the numbers of children that end.
  ::kill(root, SIGSTOP);
  for (std::size_t known = 0; known < tree.size();) {
    known = tree.size();
    for (const Process& process : processes()) {
      const bool is_child = std::ranges::find(tree, process.parent) != tree.end();
      if (is_child && std::ranges::find(tree, process.number) == tree.end()) {
        tree.push_back(process.number);
        ::kill(process.number, SIGSTOP);
      }
    }
  }
  for (const pid_t process : tree) {
    ::kill(process, SIGKILL);
  }
}

}  // namespace scaler::identity
