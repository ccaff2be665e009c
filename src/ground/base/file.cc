#include "ground/base/file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace scaler {
namespace {

std::unexpected<Error> failure(ErrorKind kind, const std::string& path, int error) {
  return fail(kind, path + ": " + std::generic_category().message(error));
}

std::unexpected<Error> not_read(const std::string& path, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  return failure(missing ? ErrorKind::NotFound : ErrorKind::Unavailable, path, error);
}

/// Errors are errno's; zero when all of it was written.
int write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0 && errno != EINTR) {
      return errno;
    }
    text.remove_prefix(count < 0 ? 0 : static_cast<std::size_t>(count));
  }
  return 0;
}

/// A file system over a network tells only when it closes that it has no room.
int close_after(int file, int error) {
  const bool closed = ::close(file) == 0;
  return error != 0 || closed ? error : errno;
}

Result<void> written(const std::string& path, int error) {
  return error == 0 ? Result<void>() : failure(ErrorKind::Unavailable, path, error);
}

}  // namespace

Result<std::string> read_open_file(int file, const std::string& name, std::size_t most) {
  std::string text;
  std::array<char, 4096> buffer{};
  ssize_t count = 0;
  while ((count = ::read(file, buffer.data(), std::min(buffer.size(), most - text.size()))) > 0 ||
         (count < 0 && errno == EINTR)) {
    text.append(buffer.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
  }
  return count < 0 ? Result<std::string>(not_read(name, errno)) : text;
}

Result<std::string> read_file(const std::string& path, std::size_t most) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return not_read(path, errno);
  }
  Result<std::string> text = read_open_file(file, path, most);
  ::close(file);
  return text;
}

Result<std::string> read_kept_file(const std::string& path) {
  constexpr std::size_t kSizeMax = 16U << 20U;  // Profiles of ten thousand accounts take a fifth.
  // Neither opening nor reading waits for what a pipe, a terminal or another device may bring.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) {
    return not_read(path, errno);
  }
  struct stat status{};
  const bool pipe = ::fstat(file, &status) == 0 && S_ISFIFO(status.st_mode);
  Result<std::string> text =
      pipe ? Result<std::string>() : read_open_file(file, path, kSizeMax + 1);
  ::close(file);
  if (pipe) {
    return fail(ErrorKind::Unavailable,
                path + ": it is a pipe, which can be read only once: a file is needed");
  }
  if (text.has_value() && text->size() > kSizeMax) {
    return fail(ErrorKind::Unavailable, path + ": it is larger than 16 MiB");
  }
  return text;
}

Result<void> write_file(const std::string& path, std::string_view text) {
  constexpr int kMode = 0666;  // What the user's mask leaves of it.
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode);
  if (file < 0) {
    return written(path, errno);
  }
  return written(path, close_after(file, write_all(file, text)));
}

Result<void> replace_file(const std::string& path, std::string_view text) {
  std::string draft = path + ".XXXXXX";
  const int file = ::mkostemp(draft.data(), O_CLOEXEC);
  if (file < 0) {
    return written(path, errno);
  }
  int error = write_all(file, text);
  if (error == 0 && ::fsync(file) != 0) {
    error = errno;
  }
  error = close_after(file, error);
  if (error == 0 && ::rename(draft.c_str(), path.c_str()) != 0) {
    error = errno;
  }
  if (error != 0) {
    ::unlink(draft.c_str());
  }
  return written(path, error);
}

}  // namespace scaler
