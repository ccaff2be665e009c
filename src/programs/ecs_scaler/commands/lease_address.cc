#include "programs/ecs_scaler/commands/lease_address.h"

#include <algorithm>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "scaler/core/names.h"

namespace scaler::cli {
namespace {

constexpr std::string_view kScheme = "dynamodb:";
constexpr std::string_view kDefaultKey = "ecs-scaler";
constexpr std::string_view kTableResource = "table/";

/// DynamoDB's own rule: 3 to 255 letters, digits and "_-.".
bool is_table(std::string_view name) {
  return name.size() >= 3 && name.size() <= 255 &&
         std::ranges::all_of(name, [](char c) { return is_name_character(c) || c == '.'; });
}

}  // namespace

Result<aws::LeaseItem> parse_lease_address(const std::string& text) {
  const std::string rest = text.starts_with(kScheme) ? text.substr(kScheme.size()) : "";
  // An ARN has a slash of its own: "arn:aws:dynamodb:eu-west-1:123456789012:table/locks/key".
  const bool arn = rest.starts_with("arn:");
  const std::size_t table = arn ? rest.find(kTableResource) : 0;
  const std::size_t name = table == std::string::npos ? rest.size()
                           : arn                      ? table + kTableResource.size()
                                                      : 0;
  const std::size_t slash = rest.find('/', name);
  aws::LeaseItem item{
      .table = rest.substr(0, slash),
      .key = std::string(slash == std::string::npos ? kDefaultKey : rest.substr(slash + 1))};
  const auto parts = parse_arn(item.table);
  const bool known = !arn || (parts && parts->service == "dynamodb" && table != std::string::npos);
  if (!text.starts_with(kScheme) || !known) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' is not dynamodb:TABLE[/KEY] with the name or ARN of a table",
                            shortened(text)));
  }
  if (const std::string called = item.table.substr(name); !is_table(called)) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}': '{}' is no name of a table, which has 3 to 255 of letters, "
                            "digits, '_', '-' and '.'",
                            shortened(text), shortened(called)));
  }
  if (item.key.empty()) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}': the key after the slash is empty", shortened(text)));
  }
  return item;
}

Take lease_address(std::optional<aws::LeaseItem>& item) {
  return [&item](const std::string& text) -> Result<void> {
    item = TRY(parse_lease_address(text));
    return {};
  };
}

}  // namespace scaler::cli
