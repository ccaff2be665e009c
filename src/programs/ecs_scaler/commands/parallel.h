#pragma once
// Running independent pieces of work on all cores, with a line of progress on a terminal.

#include <cstddef>
#include <functional>
#include <string>

namespace scaler::cli {

/// Calls work(i, progress) for each i < count, on as many threads as there are cores; `progress`
/// takes how far that piece is, 0..1. Shows `title` and a bar on stderr when it is a terminal.
void run_parallel(const std::string& title, std::size_t count,
                  const std::function<void(std::size_t, const std::function<void(double)>&)>& work);

/// Whether stderr is a terminal, so that somebody may look at the line.
bool shows_progress();

}  // namespace scaler::cli
