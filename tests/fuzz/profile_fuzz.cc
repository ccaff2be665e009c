// The two profile files, apart at a line "---".

#include "edge/aws/profile_file.h"
#include "fuzz.h"

namespace scaler::fuzz {

FUZZ(profile) {
  const std::string_view config = take_until(bytes, "\n---\n");
  const auto files = aws::parse_profile_files(config, bytes);
  check_short(files);
  if (files) {
    check_short(aws::find_profile(*files, {{"AWS_PROFILE", "a"}}));
  }
}

}  // namespace scaler::fuzz
