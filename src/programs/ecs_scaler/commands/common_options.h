#pragma once
// Options that several commands have.

#include <string>

#include "programs/ecs_scaler/commands/command.h"

namespace scaler::cli {

enum class Output { Text, Json };
inline constexpr std::array<Choice<Output>, 2> kOutputs{
    {{"text", Output::Text}, {"json", Output::Json}}};

Option output_option(Output& output);
/// Which services a command means; both empty: what FLEET says, else the environment's one service.
struct FleetChoice {
  std::string config_file = {};
  std::string fleet = {};  ///< in place of FLEET
};
/// "tags", an object of S3 or a file, also one of the folder, which FLEET demands as
/// "./fleet.yaml".
Take which_fleet(std::string& source);
/// --config and --fleet, which exclude each other.
std::vector<Option> fleet_options(FleetChoice& choice);
inline constexpr const char* kConfigFlag = "--config";
inline constexpr const char* kFleetFlag = "--fleet";
/// An option of a time, whose sentence tells the default.
Option duration_option(const std::string& name, Duration& value, const std::string& sentence);
/// Says in a sentence what a value is before anybody gives another one.
std::string with_default(const std::string& sentence, Duration value);

/// Where a deployed scaler is; empty what is not given.
struct PlaceFlags {
  std::string function = {};
  std::string queue_url = {};
  std::string cluster = {};
  std::string service = {};
};
/// Puts its four options at the end of the list.
void add_place(std::vector<Option>& options, PlaceFlags& place);

}  // namespace scaler::cli
