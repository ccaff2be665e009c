#include "edge/lambda/event.h"
#include "fuzz.h"
#include "wire/shard_order.h"

namespace scaler::fuzz {

FUZZ(lambda_event) {
  check_short(lambda::parse_event(bytes));
  check_short(read_shard_order(bytes));
}

}  // namespace scaler::fuzz
