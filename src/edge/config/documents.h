#pragma once
// The settings for people and for editors, made from the one table of policy fields and the
// environment's variables: docs/configuration.md and docs/config.schema.json.

#include <string>

namespace scaler {

/// docs/configuration.md.
std::string settings_markdown();

/// docs/config.schema.json: the fleet file as JSON Schema, draft 2020-12.
std::string fleet_schema();

}  // namespace scaler
