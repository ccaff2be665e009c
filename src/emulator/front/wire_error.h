#pragma once
// How an error looks in each of AWS's protocols: codes, body and headers.

#include <cstdint>
#include <string>
#include <string_view>

#include "emulator/front/query_protocol.h"
#include "emulator/request/aws_request.h"
#include "ground/net/http.h"

namespace scaler::emulator {

enum class WireProtocol : std::uint8_t { Json10, Json11, Query, Ec2, RestJson, RestXml, S3, Cbor };

std::string_view content_type(WireProtocol protocol);

/// What an error is told for.
struct ErrorPlace {
  WireProtocol protocol = WireProtocol::Json11;
  std::string_view service = {};
  const QueryService* query = nullptr;  ///< of a Query request to a service that is here
  std::string_view request_id = {};
  bool query_mode = false;  ///< the caller of a JSON service asks for the older codes, too
};

/// The response with all headers that belong to the error itself.
net::HttpResponse error_response(const ErrorPlace& place, const ApiError& error);

}  // namespace scaler::emulator
