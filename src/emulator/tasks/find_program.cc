#include "emulator/tasks/find_program.h"

#include <filesystem>
#include <unistd.h>

#include <fmt/core.h>

#include "ground/base/text.h"

namespace scaler::emulator {
namespace {

bool runs(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<std::string> find_program(const std::string& word, const Environment& environment) {
  if (word.contains('/')) {
    std::string path = std::filesystem::absolute(word).string();
    if (!runs(path)) {
      return fail(ErrorKind::NotFound, fmt::format("'{}' is no program that may be run", word));
    }
    return path;
  }
  const std::string path = variable(environment, "PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  for (const std::string_view folder : split(path, ":")) {
    std::string program = fmt::format("{}/{}", folder.empty() ? "." : folder, word);
    if (runs(program)) {
      return std::filesystem::absolute(program).string();
    }
  }
  return fail(ErrorKind::NotFound,
              fmt::format("there is no program '{}' on PATH ({})", word, path));
}

}  // namespace scaler::emulator
