#pragma once
// Where AWS is: region, endpoints, roots to trust and the number of attempts, read once from
// environment and profile. Nothing is guessed: a missing region is an error.

#include <array>
#include <string>
#include <string_view>

#include "base/environment.h"
#include "base/result.h"
#include "net/http.h"

namespace scaler::aws {

enum class Service { Sqs, Ecs, Lambda, Sts, AutoScaling };
inline constexpr std::size_t kServiceCount = 5;

/// The name that stands in host names and signatures: "sqs", ...
std::string_view signing_name(Service service);
/// For messages: "SQS", ...
std::string_view display_name(Service service);

struct Endpoint {
  net::Origin origin = {};
  std::string path = {};  ///< put in front of every path; empty for AWS itself
};

struct Settings {
  std::string region = {};
  std::array<Endpoint, kServiceCount> endpoints = {};
  std::string ca_bundle = {};
  int attempts_max = 3;

  const Endpoint& endpoint(Service service) const {
    return endpoints.at(static_cast<std::size_t>(service));
  }
};

/// Reads AWS_REGION (else AWS_DEFAULT_REGION, else the profile's region),
/// AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS,
/// AWS_CA_BUNDLE, AWS_MAX_ATTEMPTS and the profile's counterparts. Errors: Malformed, naming the
/// variable.
Result<Settings> read_settings(const Environment& environment);

/// The DNS suffix of the region's partition: "amazonaws.com", ...
std::string_view dns_suffix(std::string_view region);

}  // namespace scaler::aws
