#include "ground/base/file_watch.h"

#include <sys/stat.h>

namespace scaler {
namespace {

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

FileWatch::Stamp FileWatch::stamp() const {
  struct stat found = {};
  if (path_.empty() || ::stat(path_.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) {
    return {};
  }
  return {.device = found.st_dev,
          .inode = found.st_ino,
          .size = found.st_size,
          .modified = nanoseconds(found.st_mtim),
          .changed = nanoseconds(found.st_ctim)};
}

bool FileWatch::is_stream() const {
  struct stat found = {};
  return ::stat(path_.c_str(), &found) == 0 && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode);
}

bool FileWatch::changed(Deadline now) {
  if (const Stamp found = stamp(); found != seen_) {
    seen_ = found;
    since_ = now;
  }
  if (seen_ == known_ || now - since_ < kSettled) {
    return false;
  }
  known_ = seen_;
  return true;
}

}  // namespace scaler
