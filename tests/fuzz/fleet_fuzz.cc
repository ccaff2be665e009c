// A fleet file, YAML or JSON.

#include "fuzz.h"
#include "ground/yaml/yaml.h"
#include "wire/fleet.h"

namespace scaler::fuzz {

FUZZ(fleet) {
  if (const auto document = yaml::parse(bytes)) {
    check_short(read_fleet(*document, "fleet.yaml"));
  }
}

}  // namespace scaler::fuzz
