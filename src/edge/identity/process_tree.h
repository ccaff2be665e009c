#pragma once
// Ends a process with all that it has begun.

#include <string_view>
#include <sys/types.h>

namespace scaler::identity {

/// SIGKILL to the process, a child of ours that has not been waited for, and to its children and
/// theirs. A process group would do that in one call, but a command in a group of its own is
/// stopped when it asks something at the terminal, and whoever ends our group misses it.
void end_tree(pid_t root);

/// The number of the parent in the text of /proc/NUMBER/stat; zero when it has none.
pid_t parent_in(std::string_view stat);

}  // namespace scaler::identity
