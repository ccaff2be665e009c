// A fleet file, YAML or JSON.

#include "config/fleet.h"
#include "fuzz.h"
#include "yaml/yaml.h"

namespace scaler::fuzz {

FUZZ(fleet) {
  if (const auto document = yaml::parse(bytes)) {
    check_short(read_fleet(*document, "fleet.yaml"));
  }
}

}  // namespace scaler::fuzz
