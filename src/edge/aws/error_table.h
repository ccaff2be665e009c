#pragma once
// AWS error code -> ErrorKind: the whole table, and how a code is found in a reply. By code first,
// because SQS throttles with status 403 and ECS with 400; by status only where the code is unknown.

#include <string>
#include <string_view>

#include "ground/base/result.h"
#include "ground/net/http.h"

namespace scaler::aws {

/// What a service says in a reply that is no success.
struct ServiceError {
  std::string code = {};  ///< without namespace and URL; the HTTP status where there is none
  std::string message = {};
  std::string request_id = {};  ///< may be empty
};

/// Reads awsJson, rest-json and query (XML) errors; a body of any other shape counts as empty.
ServiceError read_error(const net::HttpResponse& response);

/// For the few codes that mean something else of one operation, with its name.
ErrorKind classify(std::string_view code, int status, std::string_view operation = {});

/// Whether other credentials may help: these have expired or are not known (yet).
bool blames_credentials(std::string_view code);

/// Whether a wrong clock may be behind it.
bool blames_clock(std::string_view code);

/// What a reply says to people, as one line without what steers a terminal: the C0 and C1 control
/// characters as blanks.
std::string harmless(std::string text);

/// The first `<name>text</name>` in XML, with the five entities of XML decoded; empty when absent.
std::string xml_text(std::string_view xml, std::string_view name);

}  // namespace scaler::aws
