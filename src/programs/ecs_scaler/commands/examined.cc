#include "programs/ecs_scaler/commands/examined.h"

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "scaler/core/names.h"
#include "scaler/core/queue_names.h"

namespace scaler::cli {
namespace {

/// A function works on the cluster of its own region and account, unless that says another.
std::string cluster_beside(const ServiceId& service, const std::string& function) {
  const auto arn = parse_function_arn(function);
  if (!arn || !region_of_service(service.cluster, service.service).empty()) {
    return service.cluster;
  }
  return text_of({.partition = std::string(partition_of(arn->region).name),
                  .service = "ecs",
                  .region = arn->region,
                  .account = arn->account,
                  .resource = "cluster/" + service.cluster});
}

}  // namespace

PlaceVariables PlaceVariables::of(const Environment& own, const Environment& functions,
                                  bool function_by_flag) {
  return function_by_flag ? PlaceVariables{.first = functions, .then = own}
                          : PlaceVariables{.first = own, .then = functions};
}

std::string PlaceVariables::value(const std::string& flag, std::string_view name) const {
  return !flag.empty() ? flag : variable(first, name).value_or(variable(then, name).value_or(""));
}

Result<LookRequest> examined(const Checkup& checkup, const std::string& queue,
                             const ServiceId& service, const std::string& function) {
  Problems problems;
  const Result<QueueAddress> address = parse_queue(queue);
  problems.add_if_failed(address);
  problems.add_if_failed(parse_service(service.cluster, service.service));
  TRY(problems.result());
  LookRequest look{
      .service = {.cluster = cluster_beside(service, function), .service = service.service},
      .queue_urls = {address->url}};
  TRY(checkup.check(look));
  return look;
}

}  // namespace scaler::cli
