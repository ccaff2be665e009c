#include "aws/profile_file.h"
#include "fuzz.h"

namespace scaler::fuzz {

FUZZ(profile) {
  check_short(aws::parse_profile_file(bytes));
}

}  // namespace scaler::fuzz
