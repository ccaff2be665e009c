#pragma once
// Route: which service, operation and protocol a request is for, found from its target header, its
// form, its path and the scope of its signature; what is not offered here is told in the protocol
// of the service that was meant.

#include <string>
#include <string_view>
#include <vector>

#include "emulator/front/query_protocol.h"
#include "emulator/front/wire_error.h"
#include "emulator/request/aws_request.h"
#include "ground/net/http_server.h"

namespace scaler::emulator {

struct Route {
  std::string_view service = {};  ///< "sqs", "ecs", "sts", "lambda"; empty when it is none of them
  std::string operation = {};
  WireProtocol protocol = WireProtocol::Json11;
  const QueryService* query = nullptr;  ///< of a Query request
  Form form = {};                       ///< of a Query request
  ApiError error = {};                  ///< with a code when there is no such place
};

/// What can be asked of the services that are offered, sorted.
const std::vector<std::string_view>& operation_names();

Route find_route(const net::ServerRequest& request);

}  // namespace scaler::emulator
