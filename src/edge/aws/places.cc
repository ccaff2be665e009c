#include "edge/aws/places.h"

#include <algorithm>

#include "ground/base/problems.h"
#include "scaler/core/names.h"

namespace scaler::aws {
namespace {

/// A service or a queue, as its own text tells.
struct Named {
  std::string what = {};  ///< for messages
  std::string region = {};
  std::string account = {};
};

/// What is wrong. Why a place cannot be reached is told once for all that it concerns (a proxy
/// stands before each of them), and by name for one alone.
class PlaceProblems {
 public:
  void add(std::string_view problem) { problems_.add(problem); }
  void add_unreachable(const std::string& what, const std::string& why) {
    const auto found = std::ranges::find(unreachable_, why, &Unreachable::why);
    if (found == unreachable_.end()) {
      unreachable_.push_back({.why = why, .what = what + ": "});
    } else {
      found->what.clear();
    }
  }
  Result<void> result() const {
    Problems all = problems_;
    for (const auto& [why, what] : unreachable_) {
      all.add(what + why);
    }
    return all.result();
  }

 private:
  struct Unreachable {
    std::string why = {};
    std::string what = {};
  };

  Problems problems_;
  std::vector<Unreachable> unreachable_;
};

Location locate(const ClientSettings& settings, const Named& named,
                const Result<Destination>& destination, PlaceProblems& problems) {
  const bool no_region = named.region.empty() && settings.region.empty();
  if (!destination && !no_region) {
    problems.add_unreachable(named.what, destination.error().message);
  }
  if (!destination) {
    return {.account = named.account};
  }
  const Endpoint& endpoint = destination->endpoint;
  return {.region = destination->region,
          .account = named.account,
          .endpoint =
              endpoint.origin.scheme + "://" + net::host_header(endpoint.origin) + endpoint.path};
}

Location locate_service(const ClientSettings& settings, const ServiceId& id,
                        PlaceProblems& problems) {
  const Result<ServiceAddress> service = address_of(id);
  if (!service) {
    problems.add(service.error().message);
    return {};
  }
  return locate(settings,
                {.what = "the service " + id.cluster + "/" + id.service,
                 .region = service->region,
                 .account = service->account},
                settings.destination(AwsService::Ecs, service->region), problems);
}

/// `otherwise`: the region where the URL says none.
Location locate_queue(const ClientSettings& settings, const std::string& url,
                      const std::string& otherwise, PlaceProblems& problems) {
  const Result<QueueAddress> queue = parse_queue(url);
  if (!queue) {
    problems.add(queue.error().message);
    return {};
  }
  return locate(settings,
                {.what = "the queue " + queue->url,
                 .region = queue->region.empty() ? otherwise : queue->region,
                 .account = queue->account},
                settings.destination(*queue, otherwise), problems);
}

}  // namespace

Result<Whereabouts> whereabouts(const ClientSettings& settings, const LookRequest& look) {
  PlaceProblems problems;
  Whereabouts found{.service = locate_service(settings, look.service, problems)};
  const std::string& here = found.service.region;
  for (const std::string& url : look.queue_urls) {
    found.queues.push_back(locate_queue(settings, url, look.service.region, problems));
    const std::string& there = found.queues.back().region;
    if (!here.empty() && !there.empty() && partition_of(here).name != partition_of(there).name) {
      problems.add("the queue " + url + " lies in the partition " +
                   std::string(partition_of(there).name) + " and its service in " +
                   std::string(partition_of(here).name) + ": no credentials are good for both");
    }
  }
  TRY(problems.result());
  return found;
}

Result<void> check_places(const ClientSettings& settings, const LookRequest& look) {
  const Whereabouts found = TRY(whereabouts(settings, look));
  if (found.service.region.empty() ||
      std::ranges::any_of(found.queues, &std::string::empty, &Location::region)) {
    return fail(ErrorKind::Malformed, settings.no_region);
  }
  return {};
}

}  // namespace scaler::aws
