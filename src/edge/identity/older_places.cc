#include "edge/identity/older_places.h"

#include <algorithm>

#include "edge/aws/user_path.h"
#include "ground/base/file.h"
#include "ground/base/text.h"

namespace scaler::identity {
namespace {

constexpr std::string_view kInstead = ": write the keys into ~/.aws/credentials";

bool holds_keys(std::string_view text) {
  return std::ranges::any_of(split(text, "\n"), [](std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return lower_case(line).starts_with("aws_access_key_id");
  });
}

/// Of boto's settings, which may be for programs that have nothing to do with AWS.
Result<void> check_file(const std::string& path) {
  const Result<std::string> text = read_kept_file(path);
  if (!text) {
    const bool missing = text.error().kind == ErrorKind::NotFound;
    return missing ? Result<void>() : fail(ErrorKind::Malformed, "read " + text.error().message);
  }
  if (holds_keys(*text)) {
    return fail(ErrorKind::Malformed,
                path + " holds aws_access_key_id, and is not read" + std::string(kInstead));
  }
  return {};
}

}  // namespace

Result<void> check_older_places(const Environment& environment) {
  if (variable(environment, "AWS_CREDENTIAL_FILE")) {
    return fail(ErrorKind::Malformed,
                "AWS_CREDENTIAL_FILE is set, and its file is not read" + std::string(kInstead));
  }
  const std::optional<std::string> named = TRY(aws::path_in(environment, "BOTO_CONFIG"));
  if (named) {
    const Result<void> checked = check_file(*named);
    return checked ? checked : fail(checked.error(), "BOTO_CONFIG");
  }
  TRY(check_file("/etc/boto.cfg"));
  const auto home = variable(environment, "HOME");
  return home ? check_file(*home + "/.boto") : Result<void>();
}

}  // namespace scaler::identity
