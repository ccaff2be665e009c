#pragma once
// For the tests of this folder: shell scripts that stand in for a bootstrap.

#include <string>
#include <string_view>

#include "emulator/process/test_support.h"

namespace scaler::emulator {

/// The beginning of a script: `call METHOD PATH BODY` asks the Runtime API, `next` waits for an
/// invocation and sets $id and $event, `answer BODY` answers it.
inline constexpr std::string_view kRuntime = R"(#!/bin/bash
set -f
host=${AWS_LAMBDA_RUNTIME_API%:*} port=${AWS_LAMBDA_RUNTIME_API#*:}
call() {
  exec 3<>"/dev/tcp/$host/$port" || exit 9
  printf '%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' \
    "$1" "$2" "${#3}" "$3" >&3
  reply=$(tr -d '\r' <&3)
  exec 3>&-
}
next() {
  call GET invocation/next ''
  id=${reply#*Request-Id: } id=${id%%$'\n'*}
  event=${reply##*$'\n\n'}
}
answer() { call POST "invocation/$id/response" "$1"; }
)";

inline Script runtime_script(std::string_view text) {
  return Script(std::string(kRuntime) + std::string(text));
}

}  // namespace scaler::emulator
