// Errors in all protocols, and the headers that go with them: a line of header value, then the
// body.

#include "edge/aws/api_call.h"
#include "fuzz.h"

namespace scaler::fuzz {

FUZZ(aws_error) {
  const std::string header(take_until(bytes, "\n"));
  for (const int status : {400, 403, 500}) {
    const net::HttpResponse reply{.status = status,
                                  .headers = {{.name = "x-amzn-ErrorType", .value = header},
                                              {.name = "x-amz-retry-after", .value = header}},
                                  .body = std::string(bytes)};
    const aws::ServiceError error = aws::read_error(reply);
    check_short(aws::error_of({.operation = "Call"}, error, status).message);
    aws::server_pause(reply);
  }
  aws::parse_http_date(header);
  aws::xml_text(bytes, "Code");
}

}  // namespace scaler::fuzz
