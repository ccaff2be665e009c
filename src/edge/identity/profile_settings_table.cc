#include "edge/identity/profile_settings_table.h"

#include <algorithm>
#include <array>

namespace scaler::identity {
namespace {

// https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html and the CLI's and
// botocore's own settings.
constexpr auto kOthers = std::to_array<std::string_view>({
    "account_id_endpoint_mode",
    "api_versions",
    "auth_scheme_preference",
    "aws_account_id",
    "ca_bundle",
    "cli_auto_prompt",
    "cli_binary_format",
    "cli_error_format",
    "cli_follow_urlparam",
    "cli_help_output",
    "cli_hide_pager",
    "cli_history",
    "cli_pager",
    "cli_timestamp_format",
    "csm_client_id",
    "csm_enabled",
    "csm_host",
    "csm_port",
    "defaults_mode",
    "disable_request_compression",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "ec2_metadata_v1_disabled",
    "endpoint_discovery_enabled",
    "endpoint_url",
    "ignore_configured_endpoint_urls",
    "max_attempts",
    "metadata_service_num_attempts",
    "metadata_service_timeout",
    "output",
    "parameter_validation",
    "region",
    "request_checksum_calculation",
    "request_min_compression_size_bytes",
    "response_checksum_validation",
    "retry_mode",
    "s3",
    "s3_disable_express_session_auth",
    "s3_disable_multiregion_access_points",
    "s3_us_east_1_regional_endpoint",
    "s3_use_arn_region",
    "s3api",
    "sdk_ua_app_id",
    "services",
    "sigv4a_signing_region_set",
    "sts_regional_endpoints",
    "tcp_keepalive",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
    "user_agent_appid",
    "user_agent_extra",
});

}  // namespace

bool is_no_credential(std::string_view setting) {
  return std::ranges::find(kOthers, setting) != kOthers.end();
}

}  // namespace scaler::identity
