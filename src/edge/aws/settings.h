#pragma once
// Where AWS is: default region, endpoints, proxies, roots to trust and the number of attempts, read
// once from environment and profile. Nothing is guessed.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "edge/aws/endpoints.h"
#include "edge/aws/profile_file.h"
#include "ground/base/environment.h"
#include "ground/base/result.h"
#include "ground/net/http.h"
#include "ground/net/proxy.h"
#include "scaler/core/queue_names.h"

namespace scaler::aws {

/// Where a call goes, and for which region it is signed.
struct Destination {
  std::string region = {};
  Endpoint endpoint = {};
};

struct ClientSettings {
  /// An endpoint that a variable or the profile gives.
  struct Configured {
    std::string by = {};  ///< who: "AWS_ENDPOINT_URL", ...
    Endpoint endpoint = {};
    std::string region = {};  ///< that its host says; empty when it says none
  };

  std::string region = {};  ///< of what does not say its own; empty when none was given
  std::string no_region = "there is no region";  ///< what is said then
  std::array<std::optional<Configured>, kServiceCount> configured = {};
  EndpointKind kind = EndpointKind::Plain;
  std::string kind_by = {};  ///< who demands that kind: "AWS_USE_FIPS_ENDPOINT", ...
  std::string ca_bundle = {};
  net::Proxies proxies = {};
  int attempts_max = 3;

  /// Of calls to a service in the region, or in the default region when that is empty.
  /// Errors: Malformed, when there is no region, no such endpoint, the endpoint that was configured
  /// is one of another region, or the proxy before it cannot be used.
  Result<Destination> destination(AwsService service, std::string_view of_region = {}) const;
  /// Of calls about a queue: a configured endpoint, else the URL's own host where that is not just
  /// the region's, else the region's endpoint. `otherwise`: the region where the URL says none;
  /// empty for the default one.
  Result<Destination> destination(const QueueAddress& queue, std::string_view otherwise = {}) const;
};

/// A setting's text, and who gave it: "AWS_USE_FIPS_ENDPOINT", "region of profile 'p'".
struct NamedSetting {
  std::string by = {};
  std::string text = {};
};

/// The variable, else the profile's setting; nothing when neither is there or has a text.
std::optional<NamedSetting> find_setting(const Environment& environment, const Profile& profile,
                                         std::string_view name, std::string_view key);

/// Of such a switch: who says "true"; empty when nobody does.
/// Errors: Malformed, naming who says something that is neither true nor false.
Result<std::string> who_demands(const Environment& environment, const Profile& profile,
                                std::string_view name, std::string_view key);

/// Reads AWS_REGION (else AWS_DEFAULT_REGION, else the profile's region),
/// AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS,
/// AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT, AWS_CA_BUNDLE, AWS_MAX_ATTEMPTS and the
/// profile's counterparts, and the variables of ground/net/proxy.h.
/// Errors: Malformed, naming the variable.
Result<ClientSettings> read_settings(const Environment& environment);

/// Endpoints that are given and not to be used.
struct IgnoredEndpoints {
  std::string by = {};      ///< who has them ignored; empty: nobody
  bool in_profile = false;  ///< whether the profile gives any, other than SQS's
};

/// Errors: Malformed, naming who says something that is neither true nor false.
Result<IgnoredEndpoints> ignored_endpoints(const Environment& environment);

/// A service that the program asks for credentials only.
struct OtherService {
  std::string_view variable = {};  ///< "AWS_ENDPOINT_URL_SSO"
  std::string_view section = {};   ///< of [services ...]: "sso"
};

struct OtherHosts {
  std::string plain = {};
  std::string dual_stack = {};
};

/// Where it is: the endpoint that was configured, else https and the host of the kind that is
/// demanded.
/// Errors: Malformed, naming what is configured, or who demands a FIPS endpoint: none is known.
Result<Endpoint> other_endpoint(const OtherService& service, const OtherHosts& hosts,
                                const Environment& environment, const Profile& profile);

}  // namespace scaler::aws
