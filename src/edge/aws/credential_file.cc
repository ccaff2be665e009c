#include "edge/aws/credential_file.h"

#include <sys/stat.h>

#include "ground/base/file.h"

namespace scaler::aws {
namespace {

/// Profiles of ten thousand accounts take a fifth of it.
constexpr std::size_t kSizeMax = 16U << 20U;

}  // namespace

Result<std::string> read_credential_file(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 &&
      (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))) {
    return fail(ErrorKind::Unavailable,
                path + ": it is a pipe, which can be read only once: a file is needed");
  }
  std::string text = TRY(read_file(path, kSizeMax + 1));
  if (text.size() > kSizeMax) {
    return fail(ErrorKind::Unavailable, path + ": it is larger than 16 MiB");
  }
  return text;
}

}  // namespace scaler::aws
