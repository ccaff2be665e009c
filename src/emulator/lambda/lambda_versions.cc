#include "emulator/lambda/lambda_versions.h"

#include <algorithm>
#include <utility>

#include "emulator/lambda/lambda_ids.h"

namespace scaler::emulator {

const FunctionVersion& FunctionVersions::publish(std::string description, Instant now) {
  return versions_.emplace_back(FunctionVersion{.number = std::to_string(versions_.size() + 1),
                                                .description = std::move(description),
                                                .published_at = now});
}

const FunctionVersion* FunctionVersions::find(std::string_view number) const {
  const auto found = std::ranges::find(versions_, number, &FunctionVersion::number);
  return found == versions_.end() ? nullptr : &*found;
}

const FunctionAlias& FunctionVersions::put(FunctionAlias alias) {
  alias.revision_id = make_uuid(random_);
  FunctionAlias& kept = aliases_[alias.name];
  kept = std::move(alias);
  return kept;
}

void FunctionVersions::remove(std::string_view name) {
  const auto found = aliases_.find(name);
  if (found != aliases_.end()) {
    aliases_.erase(found);
  }
}

const FunctionAlias* FunctionVersions::find_alias(std::string_view name) const {
  const auto found = aliases_.find(name);
  return found == aliases_.end() ? nullptr : &found->second;
}

std::optional<InvokedAs> FunctionVersions::resolve(std::string_view qualifier) const {
  InvokedAs invoked{.qualifier = std::string(qualifier)};
  if (qualifier.empty() || qualifier == kLatest) {
    return invoked;
  }
  if (const FunctionAlias* alias = find_alias(qualifier)) {
    invoked.version = alias->version;
    return invoked;
  }
  if (const FunctionVersion* version = find(qualifier)) {
    invoked.version = version->number;
    return invoked;
  }
  return std::nullopt;
}

}  // namespace scaler::emulator
