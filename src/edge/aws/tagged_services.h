#pragma once
// TaggedServices: the services of some places that carry a tag. Resource Groups Tagging finds them,
// DescribeServices says what their tags are.

#include <map>
#include <memory>
#include <set>
#include <string>

#include "edge/aws/client.h"
#include "scaler/fleet/tagged_fleet.h"

namespace scaler::aws {

class TaggedServices final : public ServiceDirectory {
 public:
  explicit TaggedServices(Client& client) : client_(&client) {}
  ~TaggedServices() override;
  TaggedServices(const TaggedServices&) = delete;
  TaggedServices& operator=(const TaggedServices&) = delete;

  /// Where most places have answered nobody waits longer than this for another one.
  static constexpr Duration kPatience = std::chrono::seconds(5);
  /// The same for services. A batch of them is then asked one by one.
  static constexpr Duration kPatienceWithServices = std::chrono::seconds(1);
  /// So long for what did not answer last time. It stays asked, and a later look takes the answer.
  static constexpr Duration kPatienceWithSlow = std::chrono::milliseconds(50);
  /// At most so many calls stay under way meanwhile.
  static constexpr std::size_t kSlowMax = 16;
  /// An answer that left longer ago than this tells of the past.
  static constexpr Duration kLateFor = std::chrono::minutes(30);

  /// Source: GetResources, a hundred a page. It may lag, and what it no longer finds may be there.
  std::vector<Found> tagged(const WantedTag& tag, std::span<const SearchedPlace> places,
                            Deadline deadline) override;
  /// Source: DescribeServices with TAGS, ten a call. A batch that is refused, or not answered, is
  /// asked one by one.
  std::vector<Result<ServiceTags>> tags_of(std::span<const ServiceId> services,
                                           Deadline deadline) override;

 private:
  struct Question {
    ApiCall call = {};
    Duration patience = {};
    bool about_several = false;  ///< then the patience holds whether others have answered or not
  };
  /// One of them on its way, and where its reply belongs.
  struct Asked {
    std::size_t index = 0;
    std::string key = {};
    Duration patience = {};
    bool about_several = false;
    bool slow = false;
  };
  using AllAsked = std::map<CallId, Asked>;

  /// What tells one call from another.
  static std::string key_of(const ApiCall& call);
  std::vector<Result<ApiReply>> ask(const std::vector<Question>& questions, Deadline deadline);
  AllAsked start(const std::vector<Question>& questions, Deadline deadline);
  void take_answers(AllAsked& asked, std::vector<Result<ApiReply>>& replies);
  Deadline give_up_slow(AllAsked& asked, bool others_came, Deadline begun, Deadline deadline);
  void set_aside(CallId id, const Asked& one);
  bool has_room();
  bool is_slow(const ApiCall& call) const { return slow_.contains(key_of(call)); }
  void forget(const ApiCall& call);

  Client* client_;
  std::shared_ptr<CallGroup> group_ = std::make_shared<CallGroup>();
  std::set<std::string> slow_ = {};                   ///< calls that were not answered last time
  std::map<std::string, CallId> under_way_ = {};      ///< of those
  std::map<CallId, FinishedCall> late_answers_ = {};  ///< to those
};

}  // namespace scaler::aws
