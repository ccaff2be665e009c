#pragma once
// For the tests of this folder and of those above it: what a function has of the outside, as plain
// data that a test sets and looks at.

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scaler/invocation/ports.h"

namespace scaler::testing {

inline constexpr std::string_view kFunction = "arn:aws:lambda:us-east-1:1:function:f";

class FakeFunction : public JobMessages, public WakeMapping, public Ticks {
 public:
  std::vector<Result<void>> hand_back(const std::string& queue_url,
                                      std::span<const ReturnedMessage> messages,
                                      Deadline deadline) override {
    deadlines["hand_back"] = deadline;
    returned_to = queue_url;
    std::vector<Result<void>> results;
    for (const ReturnedMessage& message : messages) {
      returned.push_back(message);
      results.push_back(result_of(message.receipt_handle));
    }
    return results;
  }
  Result<WakeSettings> settings(const std::string& queue_url, Deadline deadline) override {
    deadlines["settings"] = deadline;
    ++settings_reads;
    const auto own = settings_of.find(queue_url);
    return own == settings_of.end() ? wake_settings : own->second;
  }

  Result<std::vector<MappingStatus>> find(const MappingQuestion& question,
                                          Deadline deadline) override {
    deadlines["find"] = deadline;
    ++finds;
    asked = question;
    if (!finding) {
      return std::unexpected(finding.error());
    }
    std::vector<MappingStatus> found = mappings;
    std::erase_if(found, [this](const MappingStatus& mapping) {
      return found_by_queue &&
             std::ranges::find(*found_by_queue, mapping.id) == found_by_queue->end();
    });
    return found;
  }
  Result<std::vector<MappingStatus>> list(const std::string& function_arn,
                                          Deadline deadline) override {
    deadlines["list"] = deadline;
    ++lists;
    asked = {.function_arn = function_arn};
    return finding ? Result<std::vector<MappingStatus>>(mappings)
                   : std::unexpected(finding.error());
  }
  Result<void> set_enabled(const std::string& id, bool enabled, Deadline deadline) override {
    deadlines["set_enabled"] = deadline;
    ++switches;
    const Result<void> result = result_of(id);
    if (result || effect_despite_error) {
      std::ranges::find(mappings, id, &MappingStatus::id)->enabled = enabled;
    }
    if (after_switch) {
      after_switch();
    }
    return result;
  }

  Result<void> send(const std::string& queue_url, std::span<const Duration> delays,
                    Deadline deadline) override {
    deadlines["send"] = deadline;
    ticks_to = queue_url;
    ticks.assign(delays.begin(), delays.end());
    return ticking;
  }

  /// The IDs of the mappings that are enabled.
  std::vector<std::string> enabled() const {
    std::vector<std::string> ids;
    for (const MappingStatus& mapping : mappings) {
      if (mapping.enabled) {
        ids.push_back(mapping.id);
      }
    }
    return ids;
  }

  std::map<std::string, Error> failures = {};  ///< by a mapping's ID or a message's receipt handle
  /// The change holds though it was refused: a twin was quicker, or the first answer was lost.
  bool effect_despite_error = false;
  std::function<void()> after_switch = {};
  Result<void> ticking = {};
  Result<WakeSettings> wake_settings = WakeSettings{.receives_max = 5};
  std::map<std::string, Result<WakeSettings>> settings_of = {};  ///< by URL, where they differ
  Result<void> finding = {};
  std::vector<MappingStatus> mappings = {{.id = "uuid",
                                          .function_arn = std::string(kFunction),
                                          .invoked = true,
                                          .enabled = true,
                                          .reports_failures = true}};
  /// The IDs of those on the queue that is asked for; nothing: all.
  std::optional<std::vector<std::string>> found_by_queue = {};
  MappingQuestion asked = {};
  std::string returned_to = {};
  std::vector<ReturnedMessage> returned = {};
  std::string ticks_to = {};
  std::vector<Duration> ticks = {};  ///< the delays of those that were sent last
  int settings_reads = 0;
  int finds = 0;
  int lists = 0;
  int switches = 0;
  std::map<std::string, Deadline> deadlines = {};  ///< of each call's latest

 private:
  Result<void> result_of(const std::string& name) const {
    const auto found = failures.find(name);
    return found == failures.end() ? Result<void>() : std::unexpected(found->second);
  }
};

}  // namespace scaler::testing
