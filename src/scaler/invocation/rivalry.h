#pragma once
// Rivalry: whether somebody else sets a service's count against this process, again and again.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scaler/pass/pass.h"

namespace scaler {

class Rivalry {
 public:
  /// So often within that time: once may be a person, or a deployment.
  static constexpr std::size_t kTimes = 3;
  static constexpr Duration kWithin = std::chrono::minutes(10);
  static constexpr Duration kTellEach = std::chrono::hours(1);

  /// Takes a pass's word for a service. What is to be told of it, once an hour; mostly nothing.
  /// Overlapping passes of the same settings set other counts, too. So only this counts: this
  /// process set a count, wanted no other one since, and finds a higher one that it lowers to the
  /// same again. Of two rivals the one who wants less tells.
  std::string take(const PassRecord& record);

 private:
  struct Service {
    std::optional<std::int64_t> set = {};  ///< by this process, which wants it still
    std::vector<Instant> undone = {};
    std::optional<Instant> told = {};
  };

  std::map<std::string, Service> services_ = {};  ///< by ARN; those whose count was set
};

}  // namespace scaler
