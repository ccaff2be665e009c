#include "watch/process_metrics.h"

#include <cstdint>
#include <dirent.h>
#include <limits>
#include <optional>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include <fmt/core.h>

#include "ground/base/file.h"
#include "ground/base/text.h"

namespace scaler {
namespace {

std::string text_of_file(const std::string& path) {
  return read_file(path).value_or("");
}

/// The fields of proc(5)'s /proc/self/stat behind the program's name, which may hold anything; the
/// first of them is the third of the page.
std::vector<std::string_view> stat_fields(std::string_view text) {
  const std::size_t end = text.rfind(") ");
  return end == std::string_view::npos ? std::vector<std::string_view>()
                                       : split(text.substr(end + 2), " ");
}

std::optional<double> field(const std::vector<std::string_view>& fields, std::size_t number) {
  constexpr std::size_t kFirst = 3;
  const std::size_t index = number - kFirst;
  const auto value = index < fields.size() ? number_of<std::uint64_t>(fields[index]) : std::nullopt;
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

/// When the machine was started, in seconds since 1970.
std::optional<double> boot_time() {
  const std::string text = text_of_file("/proc/stat");
  constexpr std::string_view kName = "btime ";
  for (const std::string_view line : split(text, "\n")) {
    if (line.starts_with(kName)) {
      return number_of<double>(line.substr(kName.size()));
    }
  }
  return std::nullopt;
}

std::optional<double> open_files() {
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) {
    return std::nullopt;
  }
  double count = 0;
  while (const dirent* const entry = ::readdir(folder)) {
    count += entry->d_name[0] == '.' ? 0 : 1;
  }
  ::closedir(folder);
  return count - 1;  // The folder's own.
}

std::optional<double> files_max() {
  rlimit limit = {};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0
             ? std::optional(static_cast<double>(limit.rlim_cur))
             : std::nullopt;
}

std::optional<double> sum(std::optional<double> a, std::optional<double> b) {
  return a && b ? std::optional(*a + *b) : std::nullopt;
}

std::optional<double> times(std::optional<double> value, double factor) {
  return value ? std::optional(*value * factor) : std::nullopt;
}

}  // namespace

std::string process_metrics() {
  const std::string stat = text_of_file("/proc/self/stat");
  const std::vector<std::string_view> fields = stat_fields(stat);
  const double tick = 1.0 / static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  struct Row {
    std::string_view name;
    std::string_view type;
    std::string_view help;
    std::optional<double> value;
  };
  std::string text;
  for (const Row& row : {
           Row{"cpu_seconds_total", "counter", "Processor time that was used.",
               times(sum(field(fields, 14), field(fields, 15)), tick)},
           Row{"resident_memory_bytes", "gauge", "Memory that is resident.",
               times(field(fields, 24), page)},
           Row{"virtual_memory_bytes", "gauge", "Address space.", field(fields, 23)},
           Row{"start_time_seconds", "gauge", "When the process began, since 1970.",
               sum(boot_time(), times(field(fields, 22), tick))},
           Row{"threads", "gauge", "Threads.", field(fields, 20)},
           Row{"open_fds", "gauge", "Open files.", open_files()},
           Row{"max_fds", "gauge", "How many files may be open.", files_max()},
       }) {
    if (row.value) {
      text += fmt::format("# HELP process_{0} {1}\n# TYPE process_{0} {2}\nprocess_{0} {3}\n",
                          row.name, row.help, row.type, *row.value);
    }
  }
  return text;
}

}  // namespace scaler
