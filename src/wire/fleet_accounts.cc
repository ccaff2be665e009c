#include "wire/fleet_accounts.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "ground/base/problems.h"

namespace scaler {
namespace {

std::string arn_in(const Arn& role, std::string_view partition, std::string_view account) {
  return text_of({.partition = std::string(partition),
                  .service = "iam",
                  .account = std::string(account),
                  .resource = role.resource});
}

Result<std::vector<std::string>> read_regions(const json::Reader& list) {
  std::vector<std::string> regions;
  for (const json::Reader& item : TRY(list.items())) {
    std::string region = TRY(read_region(item));
    if (std::ranges::find(regions, region) != regions.end()) {
      return fail(ErrorKind::Malformed, fmt::format("{}: {} stands twice", item.path(), region));
    }
    regions.push_back(std::move(region));
  }
  if (regions.empty()) {
    return fail(ErrorKind::Malformed,
                fmt::format("{} is empty, but at least one region is needed", list.path()));
  }
  return regions;
}

Result<FleetAccount> read_account(const json::Reader& object, bool tags,
                                  std::string_view default_region) {
  TRY(object.only_fields({"role", "external_id", "regions", "tags"}));
  FleetAccount account{.role = TRY(read_role(object)), .tags = tags};
  if (const auto regions = object.optional_field("regions")) {
    account.regions = TRY(read_regions(*regions));
  }
  if (const auto said = object.optional_field("tags")) {
    account.tags = TRY(said->boolean());
  }
  if (!account.role.arn.empty()) {
    const std::string path = object.path() + ".role";
    for (const std::string& region : account.regions) {
      TRY(check_reach(account.role, path, region, {}));
    }
    if (account.regions.empty() && account.tags) {
      TRY(check_reach(account.role, path, default_region, {}));
    }
  }
  return account;
}

}  // namespace

Result<AccountRole> read_role(const json::Reader& object) {
  AccountRole role;
  const auto arn = object.optional_field("role");
  const auto external = object.optional_field("external_id");
  if (arn) {
    role.arn = TRY(arn->string());
    if (const auto valid = parse_role(role); !valid) {
      return fail(ErrorKind::Malformed, fmt::format("{}: {}", arn->path(), valid.error().message));
    }
  }
  if (external) {
    role.external_id = TRY(external->string());
    if (role.arn.empty()) {
      return fail(ErrorKind::Malformed,
                  fmt::format("{}: '{}' is given without a role: it must stand beside one, such as "
                              "role: arn:aws:iam::123456789012:role/ecs-scaler",
                              external->path(), shortened(role.external_id)));
    }
    const auto valid = parse_role(role);
    if (!valid || role.external_id.empty()) {
      return fail(ErrorKind::Malformed,
                  fmt::format("{}: {}", external->path(),
                              valid ? "it is empty: leave it out, or say what the role's trust "
                                      "policy asks for"
                                    : valid.error().message));
    }
  }
  return role;
}

Result<std::string> read_region(const json::Reader& value) {
  std::string region = TRY(value.string());
  if (!is_region(region)) {
    return fail(ErrorKind::Malformed, fmt::format("{}: '{}' is not a region such as eu-central-1",
                                                  value.path(), shortened(region)));
  }
  return region;
}

Result<std::vector<FleetAccount>> read_accounts(const json::Reader& list, bool tags,
                                                std::string_view default_region) {
  Problems problems;
  std::vector<FleetAccount> accounts;
  std::set<std::string> known;
  for (const json::Reader& item : TRY(list.items())) {
    Result<FleetAccount> account = read_account(item, tags, default_region);
    problems.add_if_failed(account);
    if (!account) {
      continue;
    }
    const auto role = parse_arn(account->role.arn);
    if (!known.insert(role ? role->account : "").second) {
      problems.add(fmt::format(
          "{}: {} stands twice: name each account once, with all of its regions", item.path(),
          role ? "the account " + role->account : "the program's own account, without a role,"));
    }
    accounts.push_back(*std::move(account));
  }
  if (accounts.empty() && problems.none()) {
    problems.add(fmt::format("{} is empty, but at least one account is needed", list.path()));
  }
  TRY(problems.result());
  return accounts;
}

Result<void> check_reach(const AccountRole& role, std::string_view path, std::string_view region,
                         std::string_view account) {
  const Arn arn = TRY(parse_role(role));
  const std::string_view partition = region.empty() ? arn.partition : partition_of(region).name;
  if (arn.partition != partition) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: {} is a role of the partition {}, but {} lies in {}: it must be a "
                            "role of that, such as {}",
                            path, role.arn, arn.partition, region, partition,
                            arn_in(arn, partition, account.empty() ? arn.account : account)));
  }
  if (!account.empty() && arn.account != account) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: {} is a role of the account {}, but the service lies in {}: a "
                            "role reaches services of its own account alone, so it must be one "
                            "such as {}",
                            path, role.arn, arn.account, account, arn_in(arn, partition, account)));
  }
  return {};
}

}  // namespace scaler
