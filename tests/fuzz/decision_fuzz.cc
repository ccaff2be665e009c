// The document of `ecs-scaler decide`: observation and state.

#include "fuzz.h"
#include "wire/observation.h"
#include "wire/state.h"

namespace scaler::fuzz {

FUZZ(decision) {
  const auto document = json::parse(bytes);
  if (!document) {
    return;
  }
  const json::Reader root(*document);
  if (const auto state = root.optional_field("state")) {
    const auto read = read_state(*state);
    check_short(read);
    if (read) {
      json::Writer writer;
      write_state(writer, *read);
    }
  }
  if (const auto observation = root.optional_field("observation")) {
    check_short(read_observation(*observation));
  }
}

}  // namespace scaler::fuzz
