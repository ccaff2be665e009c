#include "scaler/pass/succession.h"

#include <algorithm>
#include <map>
#include <utility>

#include "scaler/core/names.h"

namespace scaler {
namespace {

/// A service of the former fleet, and who of the next one may be it.
struct Predecessor {
  ManagedService* service = nullptr;
  bool succeeded = false;
  std::size_t claims = 0;
};

using Names = std::pair<std::string_view, std::string_view>;
using Namesakes = std::map<Names, std::vector<Predecessor>>;

Names names_of(const ServiceId& id) {
  return {plain_name(id.cluster), plain_name(id.service)};
}

bool may_be_one(const ServiceId& a, const ServiceId& b) {
  const Result<ServiceAddress> first = address_of(a);
  const Result<ServiceAddress> second = address_of(b);
  return first && second && may_be_same(*first, *second);
}

void hand_over(Predecessor& from, ManagedService& to) {
  from.succeeded = true;
  to.memory = std::move(from.service->memory);
  to.looked_at = from.service->looked_at;
  to.waits = from.service->waits;
  to.group = std::move(from.service->group);
  to.rest = std::move(from.service->rest);
}

bool succeed_same_texts(std::vector<Predecessor>& namesakes, ManagedService& next) {
  for (Predecessor& one : namesakes) {
    if (!one.succeeded && one.service->id == next.id) {
      hand_over(one, next);
      return true;
    }
  }
  return false;
}

/// The only one that the service may be; nullptr: there are none, or several.
Predecessor* claim(std::vector<Predecessor>& namesakes, const ManagedService& next) {
  Predecessor* only = nullptr;
  std::size_t candidates = 0;
  for (Predecessor& one : namesakes) {
    if (!one.succeeded && may_be_one(one.service->id, next.id)) {
      ++one.claims;
      ++candidates;
      only = &one;
    }
  }
  return candidates == 1 ? only : nullptr;
}

}  // namespace

Succession succeed(std::span<ManagedService> former, std::span<ManagedService> next) {
  Namesakes namesakes;
  for (ManagedService& service : former) {
    namesakes[names_of(service.id)].push_back({.service = &service});
  }
  Succession result;
  std::vector<ManagedService*> others;
  for (ManagedService& service : next) {
    if (!succeed_same_texts(namesakes[names_of(service.id)], service)) {
      others.push_back(&service);
    }
  }
  std::vector<Predecessor*> claimed(others.size());
  std::ranges::transform(others, claimed.begin(), [&](const ManagedService* service) {
    return claim(namesakes[names_of(service->id)], *service);
  });
  result.kept = next.size() - others.size();
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (claimed[i] != nullptr && claimed[i]->claims == 1) {
      hand_over(*claimed[i], *others[i]);
      ++result.kept;
    }
  }
  result.added = next.size() - result.kept;
  for (const auto& [names, all] : namesakes) {
    for (const Predecessor& one : all) {
      if (!one.succeeded) {
        result.gone.push_back(one.service->id);
      }
    }
  }
  return result;
}

}  // namespace scaler
