#pragma once
// TaggedServices: the services of the account and region that carry a tag. Resource Groups Tagging
// finds them, DescribeServices says what their tags are.

#include "edge/aws/client.h"
#include "scaler/fleet/tagged_fleet.h"

namespace scaler::aws {

class TaggedServices final : public ServiceDirectory {
 public:
  explicit TaggedServices(Client& client) : client_(&client) {}

  /// Source: GetResources, a hundred a page. It may lag, and what it no longer finds may be there.
  Found tagged(std::string_view key, Deadline deadline) override;
  /// Source: DescribeServices with TAGS, ten a call. A batch that is refused is asked one by one.
  std::vector<Result<ServiceTags>> tags_of(std::span<const std::string> arns,
                                           Deadline deadline) override;

 private:
  Client* client_;
};

}  // namespace scaler::aws
