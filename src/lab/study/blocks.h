#pragma once
// Blocks: settings as the text that each kind of deployment takes, ready to be copied. The names
// follow from the one table of settings, as those of the deployments do (docs/deployment.md).

#include <string>
#include <string_view>
#include <vector>

#include "lab/report/report.h"
#include "lab/study/settings.h"

namespace scaler::study {

/// A setting that differs from its default, or that deployments have another default for.
struct NamedSetting {
  std::string name = {};
  std::string variable = {};  ///< of the environment; of a trigger: none
  std::string json = {};      ///< its value
  std::string meaning = {};   ///< one sentence
  bool is_policy() const { return !variable.empty(); }
};
std::vector<NamedSetting> named_settings(const Settings& settings);

/// Of `name` in `settings`; empty when it has its default.
std::string value_of(const std::vector<NamedSetting>& settings, std::string_view name);

/// Environment, fleet file, tag, Terraform, SAM, osls.
std::vector<report::Block> blocks_of(const Settings& settings);

}  // namespace scaler::study
