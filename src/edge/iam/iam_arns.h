#pragma once
// Arns: what a policy names, as ARNs.

#include <string>
#include <string_view>
#include <vector>

#include "edge/iam/iam_policy.h"

namespace scaler {

/// Makes the ARNs of one scope.
class Arns {
 public:
  explicit Arns(const IamScope& scope) : scope_(&scope) {}

  /// A queue may belong to another account and region than the rest.
  std::string of_queue(const std::string& url) const;
  /// Of a pattern of names, or of ARNs, which is one already.
  std::string of_queues(const std::string& pattern) const;
  std::string of_service(const ServiceId& id) const;
  std::string of_cluster(const ServiceId& id) const;
  std::string of_tasks(const ServiceId& id) const;
  std::string of_instances(const ServiceId& id) const;
  /// Something in the service's place, which its ARN tells; of a name the scope knows it alone.
  std::string of_ecs(const ServiceId& id, std::string resource) const;
  /// Of a pattern of clusters, by name or ARN: "cluster/main", or what is in it: "service/main/*".
  std::string of_clusters(const std::string& pattern, std::string_view kind) const;
  /// Something of a service of AWS's where such a pattern's clusters are.
  std::string beside_clusters(const std::string& pattern, std::string_view service,
                              std::string resource) const;
  std::string of_group(const std::string& name) const;
  static std::string group_resource(const std::string& name);
  /// Something where the program is.
  std::string of_function(std::string_view service, std::string resource) const;

 private:
  const IamScope* scope_;
};

void add_once(std::vector<std::string>& texts, std::string text);

}  // namespace scaler
