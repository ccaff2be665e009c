#include "programs/ecs_scaler/commands/listen_address.h"

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/net/address.h"

namespace scaler::cli {

Result<ListenAddress> parse_listen_address(const std::string& text) {
  constexpr int kPortMax = 65'535;
  const std::size_t colon = text.rfind(':');
  std::string host = text.substr(0, colon);
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  if (brackets) {
    host = host.substr(1, host.size() - 2);
  }
  const bool six = host.find(':') != std::string::npos;
  const auto port =
      parse_integer(colon == std::string::npos ? "" : text.substr(colon + 1), 0, kPortMax);
  if (!port || brackets != six || net::fixed_addresses(host, 0).empty()) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' is not ADDRESS:PORT with an address such as 127.0.0.1, 0.0.0.0 "
                            "(all of this machine), [::1] or [::], and a port from 0 to {}",
                            shortened(text), kPortMax));
  }
  return ListenAddress{.host = std::move(host), .port = static_cast<int>(*port)};
}

Take listen_address(std::optional<ListenAddress>& address) {
  return [&address](const std::string& text) -> Result<void> {
    address = TRY(parse_listen_address(text));
    return {};
  };
}

}  // namespace scaler::cli
