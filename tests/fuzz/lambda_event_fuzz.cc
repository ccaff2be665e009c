#include "edge/lambda/event.h"
#include "fuzz.h"

namespace scaler::fuzz {

FUZZ(lambda_event) {
  check_short(lambda::parse_event(bytes));
}

}  // namespace scaler::fuzz
