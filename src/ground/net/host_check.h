#pragma once
// Whether a request means a server on loopback at all. A web page of any site can make its own name
// resolve to 127.0.0.1 (DNS rebinding) and then reads what the server answers; and it can send to
// 127.0.0.1 what it likes without reading the answer. The browser still tells the name in the Host
// header, and whose page it is in Origin and Sec-Fetch-Site.

#include <optional>
#include <string>
#include <string_view>

#include "ground/net/http.h"

namespace scaler::net {

/// What a Host header says that names no server on loopback; nothing when each that is there holds
/// an address, "localhost" or a name below it, or a name below "internal", which no site can have
/// (such as host.docker.internal), or, of a signed request, a name of AWS, for which somebody has
/// made this machine the address.
std::optional<std::string> foreign_host(const HttpHeaders& headers);

/// What a browser says of the page that sends a request, when the page is not the server's own;
/// nothing for a request of a person or a program.
std::optional<std::string> foreign_page(const HttpHeaders& headers);

/// Why a request is none for a server on loopback; nothing when it is one. What came from another
/// machine may call the server by any name.
std::optional<std::string> why_foreign(std::string_view method, const HttpHeaders& headers,
                                       bool over_loopback = true);

}  // namespace scaler::net
