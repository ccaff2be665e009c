#include "edge/iam/fleet_iam.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "edge/iam/iam_arns.h"
#include "edge/iam/iam_groups.h"
#include "edge/iam/iam_subjects.h"
#include "ground/base/problems.h"
#include "ground/json/writer.h"
#include "scaler/core/names.h"
#include "scaler/core/queue_names.h"

namespace scaler {
namespace {

/// All that is done as one role, or as the caller itself.
struct Scope {
  IamSubjects named = {};
  IamSubjects tagged = {};  ///< who may carry the tag
  IamGroups groups = {};    ///< under all of them
};

/// Where somebody is, for as far as it does not say so itself.
Result<IamPlace> place_of(const std::string& region, const std::string& account,
                          const IamPlace& home, const std::string& who) {
  IamPlace place{.region = region.empty() ? home.region : region,
                 .account = account.empty() ? home.account : account};
  if (place.region.empty() || place.account.empty()) {
    return fail(ErrorKind::Malformed, fmt::format("where {} lies is not known: give its {}", who,
                                                  place.region.empty() ? "region with --region"
                                                                       : "account with --account"));
  }
  return place;
}

Result<void> add_service(const ServiceSpec& spec, const IamScope& own, Scope& scope) {
  const ServiceAddress address = TRY(address_of(spec.id));
  const IamPlace place =
      TRY(place_of(address.region, address.account, own.function, described(spec.id)));
  const IamScope there{.service = place, .queue_region = place.region};
  scope.named.add(spec, Arns(there));
  scope.groups.add(spec, own.instances, Arns(there));
  return {};
}

Result<void> add_place(const SearchedPlace& searched, const Ceilings& ceilings, const IamScope& own,
                       Scope& scope) {
  const auto role = parse_arn(searched.role.arn);
  const IamScope there{.service = TRY(place_of(searched.region, role ? role->account : "",
                                               own.function, "what carries the tag"))};
  scope.tagged.add(ceilings, Arns(there));
  scope.groups.add(ceilings, own.instances, Arns(there));
  return {};
}

Result<void> add_unread(const Ceilings& ceilings, const IamScope& own, Scope& scope) {
  const IamPlace place = TRY(place_of("", "", own.function, "what the fleet file names"));
  const IamScope there{.service = place, .queue_region = place.region};
  scope.named.add(ceilings, Arns(there));
  scope.groups.add(ceilings, own.instances, Arns(there));
  return {};
}

IamStatement read_of(const ObjectAddress& object, const IamPlace& home) {
  return {.sid = "ReadFleet",
          .why = "the fleet file, once a minute",
          .actions = {"s3:GetObject"},
          .resources = {text_of({.partition = std::string(partition_of(home.region).name),
                                 .service = "s3",
                                 .resource = object.bucket + "/" + object.key})}};
}

std::vector<IamStatement> statements_of(const Scope& scope) {
  std::vector<IamStatement> statements;
  const bool named = !scope.named.services.empty();
  if (named) {
    add_every_pass(statements, scope.named);
  }
  if (!scope.tagged.services.empty()) {
    add_every_pass_by_tags(statements, scope.tagged, named);
  }
  IamSubjects all = scope.named;
  all.add_protected(scope.tagged);
  add_protection(statements, all);
  add_instances(statements, scope.groups);
  return statements;
}

/// What the deployment's queues, and the services without a role, say of where it is.
IamPlace told_by(const IamFleet& fleet, const ServiceConfig& deployment) {
  IamPlace told;
  const auto hear = [&told](const std::string& region, const std::string& account) {
    told.region = told.region.empty() ? region : told.region;
    told.account = told.account.empty() ? account : told.account;
  };
  const auto hear_queue = [&hear](const std::string& url) {
    if (const Result<QueueAddress> queue = parse_queue(url)) {
      hear(queue->region, queue->account);
    }
  };
  hear_queue(deployment.tick_queue_url);
  hear_queue(deployment.doorbell_queue_url);
  for (const ServiceSpec& spec : fleet.services) {
    const Result<ServiceAddress> address = address_of(spec.id);
    if (spec.id.role.arn.empty() && address) {
      hear(address->region, address->account);
    }
    if (spec.id.role.arn.empty() && !spec.queues.empty()) {
      hear_queue(spec.queues.front().url);
    }
  }
  return told;
}

/// The queues whose messages may wake services: of the function's own region, in any account.
std::vector<std::string> woken_by(const IamFleet& fleet, const ServiceConfig& deployment,
                                  const IamScope& own) {
  std::vector<std::string> queues;
  if (own.function_name.empty()) {
    return queues;
  }
  const std::string& region = own.function.region;
  for (const ServiceSpec& spec : fleet.services) {
    const std::string_view there = region_of(spec.id);
    for (const JobQueue& queue : spec.queues) {
      std::string arn =
          Arns({.queue_region = there.empty() ? region : std::string(there)}).of_queue(queue.url);
      const auto parsed = parse_arn(arn);
      if (spec.wake.value_or(deployment.wake) && (!parsed || parsed->region == region)) {
        add_once(queues, std::move(arn));
      }
    }
  }
  const auto add_allowed = [&](const std::string& account) {
    IamSubjects allowed;
    allowed.add(fleet.ceilings, Arns({.service = {.region = region, .account = account}}));
    for (std::string& pattern : allowed.queues) {
      add_once(queues, std::move(pattern));
    }
  };
  for (const SearchedPlace& place : fleet.places) {
    const auto role = parse_arn(place.role.arn);
    if (deployment.wake && may_be_same(std::string_view(place.region), region)) {
      add_allowed(role ? role->account : own.function.account);
    }
  }
  if (deployment.wake && fleet.object) {
    add_allowed(own.function.account);
  }
  return queues;
}

std::string trust_json(const FleetIam& fleet, const AccountRole& role) {
  json::Writer writer;
  writer.begin_object().field("Version", "2012-10-17").name("Statement").begin_array();
  writer.begin_object().field("Effect", "Allow").name("Principal").begin_object();
  writer.field("AWS", fleet.principal).end_object().field("Action", "sts:AssumeRole");
  if (!role.external_id.empty()) {
    writer.name("Condition").begin_object().name("StringEquals").begin_object();
    writer.field("sts:ExternalId", role.external_id).end_object().end_object();
  }
  writer.end_object().end_array().end_object();
  return std::move(writer).text();
}

}  // namespace

Result<FleetIam> fleet_iam(const IamFleet& fleet, const ServiceConfig& deployment,
                           const IamOverrides& flags, const std::string& caller,
                           const Environment& environment) {
  Problems problems;
  IamPlace told = told_by(fleet, deployment);
  if (!caller.empty()) {
    told.account = TRY(parse_role({.arn = caller})).account;
  }
  const IamScope own = TRY(fleet_scope(flags, environment, told, deployment.wake));
  const IamPlace& home = own.function;
  FleetIam result{.principal = caller};
  std::map<AccountRole, Scope> scopes;
  for (const ServiceSpec& spec : fleet.services) {
    problems.add_if_failed(add_service(spec, own, scopes[spec.id.role]));
  }
  for (const SearchedPlace& place : fleet.places) {
    problems.add_if_failed(add_place(place, fleet.ceilings, own, scopes[place.role]));
  }
  if (fleet.object) {
    problems.add_if_failed(add_unread(fleet.ceilings, own, scopes[AccountRole{}]));
  }
  std::vector<std::string> roles;
  for (const auto& [role, scope] : scopes) {
    if (role.arn.empty()) {
      result.caller = statements_of(scope);
    } else {
      roles.push_back(role.arn);
      result.roles.push_back({.role = role, .policy = statements_of(scope)});
    }
  }
  if (fleet.object) {
    result.caller.insert(result.caller.begin(), read_of(*fleet.object, home));
  }
  if (!roles.empty()) {
    result.caller.push_back({.sid = "AssumeRoles",
                             .why = "the roles by which the services of other accounts are reached",
                             .actions = {"sts:AssumeRole"},
                             .resources = std::move(roles)});
    if (caller.empty() && home.account.empty()) {
      problems.add(
          "who assumes the roles is not known: give the caller's own role with --caller, "
          "or its account with --account");
    }
  }
  TRY(problems.result());
  if (caller.empty()) {
    result.principal = text_of({.partition = std::string(partition_of(home.region).name),
                                .service = "iam",
                                .account = home.account,
                                .resource = "root"});
  }
  std::ranges::move(deployment_iam_statements(deployment, own), std::back_inserter(result.caller));
  if (const auto queues = woken_by(fleet, deployment, own); !queues.empty()) {
    std::ranges::move(wake_iam_statements(queues, own), std::back_inserter(result.caller));
  }
  return result;
}

std::string fleet_iam_json(const FleetIam& fleet) {
  if (fleet.roles.empty()) {
    return iam_json(fleet.caller);
  }
  json::Writer writer;
  writer.begin_object().name("caller").raw(iam_json(fleet.caller)).name("roles").begin_array();
  for (const FleetIam::Role& role : fleet.roles) {
    writer.begin_object().field("role", role.role.arn).name("policy").raw(iam_json(role.policy));
    writer.name("trust_policy").raw(trust_json(fleet, role.role)).end_object();
  }
  writer.end_array().end_object();
  return std::move(writer).text();
}

std::string fleet_iam_text(const FleetIam& fleet) {
  if (fleet.roles.empty()) {
    return iam_text(fleet.caller);
  }
  std::string text = "Of the caller itself:\n\n" + iam_text(fleet.caller);
  for (const FleetIam::Role& role : fleet.roles) {
    text += fmt::format("\nOf {}:\n\n{}", role.role.arn, iam_text(role.policy));
    text += fmt::format("\nWho may assume it, its trust policy:\n\n  {}{}\n", fleet.principal,
                        role.role.external_id.empty()
                            ? ""
                            : "\n    if sts:ExternalId StringEquals " + role.role.external_id);
  }
  return text;
}

}  // namespace scaler
