// What the emulator reads besides AWS's requests: faults, its saved queues, a function's answer to
// a batch, targets of Lambda's API, forms.

#include "emulator/front/sqs_query.h"
#include "emulator/front/state_file.h"
#include "emulator/lambda/event_source_mapping.h"
#include "emulator/lambda/lambda_request.h"
#include "emulator/request/faults.h"
#include "fuzz.h"

namespace scaler::fuzz {

FUZZ(emulator_pages) {
  check_short(emulator::Faults().add(bytes));
  emulator::failed_items(bytes, {"a", "b"});
  for (const emulator::QueryOperation& operation : emulator::kSqsQuery.operations) {
    if (const auto form = emulator::parse_form(bytes)) {
      // What comes out need not be JSON without repeated names: a map's keys are the caller's.
      const auto input = emulator::read_query(operation, *form);
      CHECK(!input || (input->starts_with('{') && input->ends_with('}')));
    }
  }
  emulator::parse_lambda_target("/2015-03-31/" + std::string(bytes));

  Random random(1);
  const Instant noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23);
  world::World world({}, noon, random);
  const auto processed = emulator::read_state(bytes, world);
  check_short(processed);
  if (processed) {
    world::World again({}, noon, random);
    CHECK(emulator::read_state(emulator::write_state(world, *processed), again).has_value());
  }
}

}  // namespace scaler::fuzz
