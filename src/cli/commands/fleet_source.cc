#include "cli/commands/fleet_source.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include <fmt/format.h>

#include "config/environment.h"
#include "config/fleet.h"
#include "yaml/yaml.h"

namespace scaler::cli {
namespace {

/// The file's text; of one that is too large, more than the reader takes.
Result<std::string> read_file(const std::string& path) {
  const auto unreadable = [&path] {
    return fail(ErrorKind::Unavailable, fmt::format("{}: cannot be read: {}", path,
                                                    std::generic_category().message(errno)));
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  if (!file) {
    return unreadable();
  }
  std::string text(yaml::kSizeMax + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) {
    return unreadable();
  }
  return text;
}

}  // namespace

Result<std::vector<ManagedService>> load_fleet(const Environment& environment,
                                               const std::string& config_file) {
  if (config_file.empty()) {
    ServiceConfig config = TRY(service_from_environment(environment));
    std::vector<ManagedService> fleet;
    fleet.push_back(
        {.id = config.id, .queues = {{config.queue_url}}, .policy = std::move(config.policy)});
    return fleet;
  }
  const std::string text = TRY(read_file(config_file));
  const Result<json::Value> document = yaml::parse(text);
  if (!document) {
    return fail(document.error(), config_file);
  }
  return read_fleet(*document, config_file);
}

Ports LiveFleet::ports() const {
  return {.reader = cloud->reader(),
          .scaler = cloud->scaler(),
          .states = &cloud->states(),
          .clock = system_clock()};
}

Result<std::unique_ptr<LiveFleet>> open_fleet(const Environment& environment,
                                              const std::string& config_file, int log_descriptor) {
  const LogLevel level = TRY(log_level_from_environment(environment));
  auto fleet = std::make_unique<LiveFleet>(Log(log_descriptor, level, system_clock()));
  fleet->services = TRY(load_fleet(environment, config_file));
  fleet->cloud = TRY(Cloud::create(environment, system_clock(), fleet->log));
  return fleet;
}

}  // namespace scaler::cli
