#include "ground/base/file_lock.h"

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace scaler {
namespace {

/// Of the whole file. The kind that belongs to a process and not to an open file: the children that
/// it leaves behind do not inherit it, and the system tells whose it is.
struct flock whole_file() {
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

std::string holder(int file) {
  struct flock lock = whole_file();
  if (::fcntl(file, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) {
    return "a process that has just let it go";
  }
  // The system cannot name a process of another container.
  return lock.l_pid > 0 ? "process " + std::to_string(lock.l_pid)
                        : "a process of another container or machine";
}

}  // namespace

Result<FileLock> FileLock::take(const std::string& path) {
  constexpr int kMode = 0600;
  const int opened = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode);
  const int error = errno;
  FileLock lock(opened);
  if (opened < 0) {
    return fail(ErrorKind::Unavailable, path + ": " + std::generic_category().message(error));
  }
  const struct flock wanted = whole_file();
  if (::fcntl(opened, F_SETLK, &wanted) == 0) {
    return lock;
  }
  if (errno == EACCES || errno == EAGAIN) {
    return fail(ErrorKind::Unavailable, "held by " + holder(opened));
  }
  return fail(ErrorKind::Unavailable, path + ": " + std::generic_category().message(errno));
}

FileLock::FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

FileLock::~FileLock() {
  if (file_ >= 0) {
    ::close(file_);
  }
}

}  // namespace scaler
