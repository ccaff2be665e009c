// A document that YAML gives is one that JSON can carry.

#include "fuzz.h"
#include "ground/json/value.h"
#include "ground/json/writer.h"
#include "ground/yaml/yaml.h"

namespace scaler::fuzz {

FUZZ(yaml) {
  const auto value = yaml::parse(bytes);
  check_short(value);
  if (value) {
    json::Writer writer;
    writer.value(*value);
    CHECK(json::parse(writer.text()).has_value());
  }
}

}  // namespace scaler::fuzz
