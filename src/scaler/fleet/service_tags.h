#pragma once
// The tags by which a team has its ECS service scaled. Pure: tags in, a spec out, or all that is
// wrong with them.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scaler/core/queue_names.h"
#include "scaler/fleet/service_spec.h"

namespace scaler {

inline constexpr std::string_view kTagPrefix = "ecs-scaler:";
/// Names, URLs or ARNs with blanks between them; "jobs@4" weighs 4. Further ones stand in
/// ecs-scaler:queue:2 to :9.
inline constexpr std::string_view kQueueTag = "ecs-scaler:queue";
/// The line that `advise` prints: "mode=backlog backlog_per_task=10".
inline constexpr std::string_view kPolicyTag = "ecs-scaler:policy";
/// A policy of the deployment, on which that line stands.
inline constexpr std::string_view kProfileTag = "ecs-scaler:profile";

/// "true" or "false": whether messages of its queues may wake it, where the deployment lets them.
inline constexpr std::string_view kWakeTag = "ecs-scaler:wake";

/// The other tags as they were when they were last right, for a process that starts while they are
/// wrong: "queue jobs@4 /policy mode=backlog tasks_max=20". Written by the scaler, for a sandbox of
/// a function that had never read a service's settings left it alone as soon as they were wrong.
inline constexpr std::string_view kLastGoodTag = "ecs-scaler:last-good";

using ServiceTags = std::map<std::string, std::string, std::less<>>;

/// Puts one setting, as a person writes it, into the options. Errors: Malformed.
using ReadSetting = std::function<Result<void>(std::string_view name, const std::string& value,
                                               PolicyOptions& options)>;

/// Policy options, and who set what of them.
struct PolicyBase {
  PolicyOptions options = {};
  std::vector<SettingOrigin> origins = {};
};

/// Policies by name, each over the defaults, for kProfileTag.
using Profiles = std::map<std::string, PolicyBase, std::less<>>;

/// What no tag may go beyond.
struct Ceilings {
  std::int64_t tasks_max = 100;
  /// Patterns of which one must fit, by name or by ARN: "team-a-*". Empty: anything is allowed.
  std::vector<std::string> queues = {};
  std::vector<std::string> clusters = {};
  /// The deployment's own queues: what comes on them is consumed, so they are nobody's job queue.
  std::vector<QueueAddress> own_queues = {};
};

/// What a deployment says about tags.
struct TagRules {
  PolicyBase defaults = {};
  Profiles profiles = {};
  Ceilings ceilings = {};
  bool wake = false;  ///< the deployment's WAKE
  ReadSetting read_setting = {};
};

/// Whether the text is what the pattern says, in which "*" stands for anything.
bool fits(std::string_view pattern, std::string_view text);

/// Whether the policy stays within the ceiling of tasks.
/// Errors: Malformed, naming every field that does not.
Result<void> check_tasks(const PolicyOptions& options, std::int64_t tasks_max);

/// What kLastGoodTag is to hold for these tags; empty where they are longer than a tag may be. In
/// one tag, so that no half of it is ever read.
std::string last_good_text(const ServiceTags& tags);
/// The tags that such a text stands for.
ServiceTags tags_in_last_good(std::string_view text);

/// The service with this ARN, as its tags want it scaled.
/// Errors: Malformed, all that is wrong, a line each, with tag, value and what would be right.
Result<ServiceSpec> read_tags(std::string_view arn, const ServiceTags& tags, const TagRules& rules);

}  // namespace scaler
