#include "watch/pass_log.h"

namespace scaler {

std::vector<LogLevel> PassLog::levels(std::span<const PassRecord> records, Instant now) {
  std::vector<LogLevel> levels;
  levels.reserve(records.size());
  const std::map<Name, Instant> before = std::exchange(told_, {});
  for (const PassRecord& record : records) {
    const Name name = described(record.id);
    const auto told = before.find(name);
    const bool changes = record.decision && record.decision->action != Action::Hold;
    // A clock that was set back makes nobody silent.
    const bool due = told == before.end() || now - told->second >= kQuiet || now < told->second;
    const LogLevel level = record.failed()  ? LogLevel::Error
                           : changes || due ? LogLevel::Info
                                            : LogLevel::Debug;
    const bool tells = record.looked && level >= LogLevel::Info;
    if (tells || told != before.end()) {
      told_[name] = tells ? now : told->second;
    }
    levels.push_back(level);
  }
  return levels;
}

}  // namespace scaler
