#pragma once
// The queue that the tests speak of, and its address at the guard's door.

#include <string_view>

#include "guard/messages/guarded_url.h"

namespace scaler::guard::testing {

inline constexpr std::string_view kQueue =
    "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs";
inline constexpr std::string_view kGuarded =
    "http://127.0.0.1:9324/https/sqs.eu-central-1.amazonaws.com/123456789012/jobs";
inline const Door kDoor{.port = 9324};

}  // namespace scaler::guard::testing
