#pragma once
// FunctionVersions: the published versions of a function and the aliases that point to them or to
// $LATEST. All have the same code: the emulator's function never changes.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/random.h"

namespace scaler::emulator {

inline constexpr std::string_view kLatest = "$LATEST";

struct FunctionVersion {
  std::string number = {};  ///< "1", "2", ...
  std::string description = {};
  Instant published_at = {};
};

struct FunctionAlias {
  std::string name = {};
  std::string version = {};
  std::string description = {};
  std::string revision_id = {};  ///< another one after each change
};

/// By which qualifier an invocation names the function, and the version that it means.
struct InvokedAs {
  std::string qualifier = {};  ///< alias, version or $LATEST; empty: none was named
  std::string version = std::string(kLatest);
};

class FunctionVersions {
 public:
  explicit FunctionVersions(std::uint64_t seed) : random_(seed) {}

  const FunctionVersion& publish(std::string description, Instant now);
  /// $LATEST is not among them.
  std::span<const FunctionVersion> published() const { return versions_; }
  const FunctionVersion* find(std::string_view number) const;

  /// Adds the alias or changes the one of this name; with a new revision_id.
  const FunctionAlias& put(FunctionAlias alias);
  void remove(std::string_view name);
  const FunctionAlias* find_alias(std::string_view name) const;
  const std::map<std::string, FunctionAlias, std::less<>>& aliases() const { return aliases_; }

  /// What a qualifier means; nothing when it is neither an alias nor a version.
  std::optional<InvokedAs> resolve(std::string_view qualifier) const;

 private:
  Random random_;
  std::vector<FunctionVersion> versions_ = {};
  std::map<std::string, FunctionAlias, std::less<>> aliases_ = {};
};

}  // namespace scaler::emulator
