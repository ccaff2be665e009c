#include "checkup/doctor/findings.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

namespace scaler::doctor {

void Findings::problem(std::string_view subject, std::string seen, std::string advice,
                       std::string_view page) {
  list_.push_back({Severity::Problem, std::string(subject), std::move(seen), std::move(advice),
                   std::string(page)});
}

void Findings::risk(std::string_view subject, std::string seen, std::string advice,
                    std::string_view page) {
  list_.push_back({Severity::Risk, std::string(subject), std::move(seen), std::move(advice),
                   std::string(page)});
}

void Findings::note(std::string_view subject, std::string seen, std::string advice,
                    std::string_view page) {
  list_.push_back({Severity::Note, std::string(subject), std::move(seen), std::move(advice),
                   std::string(page)});
}

void Findings::failed(std::string_view subject, const Error& error, std::string_view action,
                      std::string_view not_found_advice) {
  if (error.kind == ErrorKind::NotFound) {
    problem(subject, error.message, std::string(not_found_advice));
  } else if (error.kind == ErrorKind::Denied) {
    problem("permissions", error.message,
            fmt::format("Allow {} to whoever runs this command.", action));
  } else if (error.kind == ErrorKind::Unauthorized) {
    problem("credentials", error.message, "Renew the credentials.");
  } else {
    problem(subject, error.message, "Nothing could be said about it; try again.");
  }
}

std::vector<Finding> Findings::sorted() && {
  std::ranges::stable_sort(list_, {}, &Finding::severity);
  return std::move(list_);
}

}  // namespace scaler::doctor
