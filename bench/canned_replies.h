#pragma once
// What a canned AWS answers: 5 messages wait, 1 task of 1 runs, and the service carries 100 events,
// as many as ECS ever sends; 44 KB.

#include <string>

namespace scaler::bench {

std::string queue_attributes_reply();
std::string describe_services_reply();

}  // namespace scaler::bench
