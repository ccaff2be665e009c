#include "programs/ecs_scaler/commands/fleet_reload.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace scaler::cli {
namespace {

constexpr std::size_t kNamed = 10;

/// "main/a, main/b and 3 more"
std::string names_of(const std::vector<ServiceId>& ids) {
  std::vector<std::string> names;
  for (const ServiceId& id : ids) {
    if (names.size() == kNamed) {
      return fmt::format("{} and {} more", fmt::join(names, ", "), ids.size() - kNamed);
    }
    names.push_back(described(id));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

bool FleetReload::look(bool asked, Invoker& invoker, const ReadFleet& read) {
  if (asked) {
    watch_.know();
  }
  if (!asked && !watch_.changed(clock_->steady())) {
    return false;
  }
  if (file_.empty()) {
    log_->write(LogLevel::Info,
                "SIGHUP: the service is given by the environment, which only a restart changes");
    return false;
  }
  const std::string_view because = asked ? "SIGHUP" : "the file changed";
  // Who wrote into a pipe is gone: to read it again could wait for ever.
  Result<std::vector<ManagedService>> next =
      watch_.is_stream() ? fail(ErrorKind::Unavailable, file_ + " is a pipe, and was read already")
                         : read();
  status_.success = next.has_value();
  status_.error = next ? "" : next.error().message;
  if (!next) {
    log_->write(LogLevel::Error, "fleet not reloaded; the services stay as they were",
                {{"because", because}, {"file", file_}, {"error", status_.error}});
    return true;
  }
  status_.last_success = clock_->now();
  const auto services = static_cast<std::int64_t>(next->size());
  const Succession result = invoker.replace_fleet(*std::move(next));
  log_->write(LogLevel::Info, "fleet reloaded",
              {{"because", because},
               {"file", file_},
               {"services", services},
               {"added", static_cast<std::int64_t>(result.added)},
               {"gone", static_cast<std::int64_t>(result.gone.size())},
               {"gone_services", names_of(result.gone)}});
  return true;
}

}  // namespace scaler::cli
