#pragma once
// FileLock: one process at a time holds a file. The system ends it with the process, however that
// ends, so that nothing is left to be cleared away; the file itself stays.

#include <string>

#include "ground/base/result.h"

namespace scaler {

class FileLock {
 public:
  /// Makes the file where it is missing, and does not wait. Within one process a file is to be
  /// taken once at a time: the system would not refuse it the second time.
  /// Errors: Unavailable, with the pid of the process that holds it, or with the path and the
  ///         system's reason.
  static Result<FileLock> take(const std::string& path);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int file) : file_(file) {}
  int file_ = -1;
};

}  // namespace scaler
