#pragma once
// GroupDriver: looks at the instances under some services of a pass, decides, and acts.

#include <span>
#include <string>
#include <vector>

#include "scaler/pass/item.h"

namespace scaler {

/// What is decided on a look must leave long before another pass may end what this one puts back
/// (kEndFrom): so no look may take longer.
inline constexpr Duration kLookMost = std::chrono::seconds(5);

const PolicyOptions& policy_of(const Item& item);

/// No task of it is wanted, and none is there.
bool wants_nothing(const Item& item);

/// What holds for the group that services share.
InstancePolicy worst_case(Items members);

/// Once an hour, unless there is something else to complain of.
void complain(Item& item, std::string text);

/// A group of the pass.
struct Group {
  std::string key = {};
  std::vector<Item*> members = {};      ///< services that were read, in the fleet's order
  std::vector<std::string> fleet = {};  ///< the names of all that this pass has in the cluster
  bool owned = false;
  /// Why no instance ends; empty: every service of the fleet that may be on it was read in this
  /// pass, and nobody holds its scale-in.
  std::string held = {};
  bool paused = true;  ///< all of its services are

  GroupRequest request() const;
};

/// One group in one pass.
class GroupDriver {
 public:
  GroupDriver(const Group& group, Permission permission, const Surroundings& surroundings);

  void run();

  static Result<GroupSeen> look(const GroupRequest& request, const Ports& ports,
                                const PassOptions& options);

 private:
  bool act_on(GroupSeen seen);
  bool carry_out(std::span<const InstanceAction> actions);
  bool over() const { return ports_.clock.steady() >= options_.deadline; }
  void carried_out(const InstanceAction& action);
  void failed(const Error& error);
  void note_late();
  void conclude();
  void tell(const GroupRecord& record);

  Items members_;
  const Group& group_;
  Permission permission_;
  const Ports& ports_;
  const PassOptions& options_;
  InstancePolicy policy_;
  GroupRequest request_;
  GroupRecord record_ = {};
  std::vector<std::string> errors_ = {};
  std::string late_ = {};  ///< what came too late after the latest look
  bool at_rest_ = false;
};

}  // namespace scaler
