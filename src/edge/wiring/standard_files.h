#pragma once
// Standard input, output and error of a program that was started without them.

#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace scaler {

/// Where a standard file is closed, the next one that is opened would take its number, and with it
/// what is printed: a connection to AWS, say. So something takes it that cannot be written, or
/// read; children find it closed as before.
inline void occupy_standard_files() {
  for (const auto& [file, mode] :
       {std::pair(STDIN_FILENO, O_WRONLY), std::pair(STDOUT_FILENO, O_RDONLY),
        std::pair(STDERR_FILENO, O_RDONLY)}) {
    if (::fcntl(file, F_GETFD) < 0) {
      ::open("/dev/null", mode | O_CLOEXEC);  // The lowest number that is free, which is this one.
    }
  }
}

}  // namespace scaler
