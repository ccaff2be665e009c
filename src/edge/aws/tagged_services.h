#pragma once
// TaggedServices: the services of some places that carry a tag. Resource Groups Tagging finds them,
// DescribeServices says what their tags are.

#include <set>

#include "edge/aws/client.h"
#include "scaler/fleet/tagged_fleet.h"

namespace scaler::aws {

class TaggedServices final : public ServiceDirectory {
 public:
  explicit TaggedServices(Client& client) : client_(&client) {}

  /// Of several places one that needs longer for a call, while most have answered, is given up for
  /// this time, and known to be slow until it answers sooner than that.
  static constexpr Duration kPatience = std::chrono::seconds(5);
  static constexpr Duration kPatienceWithSlow = std::chrono::milliseconds(200);

  /// Source: GetResources, a hundred a page. It may lag, and what it no longer finds may be there.
  std::vector<Found> tagged(std::string_view key, std::span<const SearchedPlace> places,
                            Deadline deadline) override;
  /// Source: DescribeServices with TAGS, ten a call. A batch that is refused is asked one by one.
  std::vector<Result<ServiceTags>> tags_of(std::span<const ServiceId> services,
                                           Deadline deadline) override;

 private:
  std::vector<Result<ApiReply>> ask(const std::vector<ApiCall>& calls, Deadline deadline);
  Deadline give_up_at(const ApiCall& call, Deadline begun) const;

  Client* client_;
  std::set<SearchedPlace> slow_ = {};
};

}  // namespace scaler::aws
