#pragma once
// For the tests of this folder and of those above it: rules that read a few settings, and a
// directory as plain data that a test sets and looks at.

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ground/base/text.h"
#include "scaler/core/policy_fields.h"
#include "scaler/fleet/tagged_fleet.h"

namespace scaler::testing {

inline std::string arn_named(const std::string& name) {
  return "arn:aws:ecs:eu-central-1:123456789012:service/main/" + name;
}

inline std::string queue_url(const std::string& name) {
  return "https://sqs.eu-central-1.amazonaws.com/123456789012/" + name;
}

/// As much of the real reader as these tests need; src/wire tests that one.
inline Result<void> read_few(std::string_view name, const std::string& value,
                             PolicyOptions& options) {
  const auto number = number_of<std::int64_t>(value);
  if (name == "mode" && parse_word<Mode>(value)) {
    options.mode = *parse_word<Mode>(value);
  } else if (name == "tasks_max" && number) {
    options.tasks_max = *number;
  } else if (name == "scale_up_target" && number) {
    options.scale_up_target = *number;
  } else if (name == "backlog_per_task" && number) {
    options.backlog_per_task = *number;
  } else {
    return fail(ErrorKind::Malformed, std::string(name) + ": '" + value + "' is wrong");
  }
  return {};
}

inline TagRules rules() {
  return {.read_setting = read_few};
}

class FakeDirectory final : public ServiceDirectory {
 public:
  std::vector<Found> tagged(const WantedTag& tag, std::span<const SearchedPlace> places,
                            Deadline deadline) override {
    ++asked;
    searched_until = deadline;
    wanted = tag.values;
    std::vector<Found> all;
    for (const SearchedPlace& place : places) {
      searched.push_back(describe(place));
      const auto denied = errors.find(describe(place));
      Found found{.error = denied == errors.end() ? error : std::optional(denied->second)};
      for (const auto& [arn, tags] : services) {
        if (denied == errors.end() && !hidden.contains(arn) && tags && carries(*tags, tag) &&
            is_there(arn, place)) {
          found.services.emplace(arn, *tags);
        }
      }
      all.push_back(std::move(found));
    }
    return all;
  }
  std::vector<Result<ServiceTags>> tags_of(std::span<const ServiceId> ids,
                                           Deadline /*deadline*/) override {
    std::vector<Result<ServiceTags>> all;
    for (const ServiceId& id : ids) {
      const std::string& arn = id.service;
      reached[arn] = id.role;
      read.push_back(arn);
      const auto found = services.find(arn);
      all.push_back(
          refused.contains(arn)     ? Result<ServiceTags>(fail(ErrorKind::Denied, "AccessDenied"))
          : found == services.end() ? Result<ServiceTags>(fail(ErrorKind::NotFound, "MISSING"))
                                    : found->second);
    }
    return all;
  }

  std::map<std::string, Result<ServiceTags>> services = {};  ///< by ARN
  std::set<std::string> hidden = {};                         ///< the index has not heard of them
  std::set<std::string> refused = {};                        ///< their own tags are denied
  std::optional<Error> error = {};                           ///< of every index
  std::map<std::string, Error> errors = {};                  ///< of that of a place
  int asked = 0;
  std::vector<std::string> wanted = {};    ///< the values of the last search
  Deadline searched_until = {};            ///< the last time
  std::vector<std::string> read = {};      ///< whose own tags were asked for, in that order
  std::vector<std::string> searched = {};  ///< places, as they describe themselves
  std::map<std::string, AccountRole> reached = {};  ///< services, as whom last

 private:
  static bool carries(const ServiceTags& tags, const WantedTag& wanted) {
    const auto found = tags.find(wanted.key);
    return found != tags.end() &&
           (wanted.values.empty() ||
            std::ranges::find(wanted.values, found->second) != wanted.values.end());
  }
  /// A place without a role is the program's own account; one without a region is everywhere.
  static bool is_there(std::string_view arn, const SearchedPlace& place) {
    const auto service = parse_arn(arn);
    const auto role = parse_arn(place.role.arn);
    return service && service->account == (role ? role->account : "123456789012") &&
           (place.region.empty() || place.region == service->region);
  }
};

}  // namespace scaler::testing
