#pragma once
// A client whose service answers what the fuzzer wants: replies separated by a line "--", each
// beginning with a line that holds its status.

#include <charconv>

#include "edge/aws/test_support.h"
#include "fuzz.h"

namespace scaler::fuzz {

inline std::vector<Result<net::HttpResponse>> read_replies(std::string_view bytes) {
  std::vector<Result<net::HttpResponse>> replies;
  do {
    std::string_view text = take_until(bytes, "\n--\n");
    const std::string_view line = take_until(text, "\n");
    net::HttpResponse reply{.status = 200};
    std::from_chars(line.data(), line.data() + line.size(), reply.status);
    reply.headers = {{.name = "x-amzn-RequestId", .value = "r"},
                     {.name = "Date", .value = "Mon, 23 Nov 2026 12:00:00 GMT"}};
    reply.body = text;
    replies.emplace_back(std::move(reply));
  } while (!bytes.empty());
  return replies;
}

/// Calls `use` with a client for which the service has these answers, from the first.
template <typename Use>
void with_replies(std::string_view bytes, const Use& use) {
  aws::TestClient test;
  test.within_limits = false;
  test.transport.reply_with(read_replies(bytes));
  use(test.client());
}

template <typename T>
void check_short(const std::vector<Result<T>>& results) {
  for (const Result<T>& result : results) {
    check_short(result);
  }
}

}  // namespace scaler::fuzz
