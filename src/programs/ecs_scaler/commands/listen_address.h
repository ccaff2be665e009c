#pragma once
// Where a controller listens, and where others ask it: ADDRESS:PORT.

#include <optional>
#include <string>

#include "programs/ecs_scaler/commands/command.h"

namespace scaler::cli {

struct ListenAddress {
  std::string host = {};  ///< an address, or "localhost"
  int port = 0;
};

/// "127.0.0.1:9464", "0.0.0.0:9464", "[::1]:9464", "localhost:0". A name could mean several
/// addresses, and is none to listen on. Errors: Malformed.
Result<ListenAddress> parse_listen_address(const std::string& text);

Take listen_address(std::optional<ListenAddress>& address);

}  // namespace scaler::cli
