#include "ground/base/file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace scaler {
namespace {

std::unexpected<Error> failure(const std::string& path, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  return fail(missing ? ErrorKind::NotFound : ErrorKind::Unavailable,
              path + ": " + std::generic_category().message(error));
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t most) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return failure(path, errno);
  }
  std::string text;
  std::array<char, 4096> buffer{};
  ssize_t count = 0;
  while ((count = ::read(file, buffer.data(), std::min(buffer.size(), most - text.size()))) > 0 ||
         (count < 0 && errno == EINTR)) {
    text.append(buffer.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
  }
  const int error = errno;
  ::close(file);
  return count < 0 ? Result<std::string>(failure(path, error)) : text;
}

}  // namespace scaler
