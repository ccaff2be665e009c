#pragma once
// Asks a running controller what it tells over HTTP (metrics_server.h).

#include <string>
#include <vector>

#include "ground/net/http.h"
#include "programs/ecs_scaler/commands/command.h"

namespace scaler::cli {

struct ControllerFlags {
  std::string address = {};  ///< ADDRESS:PORT or a URL
  std::string token_file = {};
  Duration timeout = std::chrono::seconds(5);
};
/// What `run --listen` should be given, and health asks when nothing else is said.
inline constexpr const char* kControllerAddress = "127.0.0.1:9464";

/// Puts --listen, --listen-token-file and --timeout at the end of the list; `sentence` is
/// --listen's.
void add_controller(std::vector<Option>& options, ControllerFlags& flags,
                    const std::string& sentence);

/// Errors: Malformed for an address or a token file that is none; Unavailable when nobody answers
/// in
///         time.
Result<net::HttpResponse> ask_controller(const ControllerFlags& flags, const std::string& path);

}  // namespace scaler::cli
