#pragma once
// The instances under services, as ARNs, and the statements that allow to read, start and end them.

#include <string>
#include <vector>

#include "edge/iam/iam_arns.h"
#include "edge/iam/iam_policy.h"
#include "scaler/fleet/service_tags.h"

namespace scaler {

struct IamGroups {
  std::vector<std::string> providers = {};  ///< empty: nobody asks what a service runs on
  std::vector<std::string> groups = {};     ///< empty: no instance is started
  /// Where instances are ended; empty: nowhere.
  std::vector<std::string> clusters = {};
  std::vector<std::string> instances = {};
  std::vector<std::string> tasks = {};
  bool patterns = false;  ///< the clusters are some

  void add(const ServiceSpec& service, const IamInstances& instances, const Arns& arns);
  /// Every service that may be tagged: a tag may have it drive its group, too.
  void add(const Ceilings& ceilings, const IamInstances& instances, const Arns& arns);
};

void add_instances(std::vector<IamStatement>& statements, const IamGroups& groups);

}  // namespace scaler
