#pragma once
// diagnose(): facts -> findings. Pure. A finding says what was seen and what to do about it.

#include <string>
#include <vector>

#include "checkup/doctor/facts.h"
#include "ground/json/writer.h"

namespace scaler::doctor {

enum class Severity {
  Problem,  ///< it does not work, or harms messages
  Risk,     ///< it works until something happens
  Note,     ///< good to know
};
std::string_view to_string(Severity severity);

struct Finding {
  Severity severity = Severity::Note;
  std::string subject = {};  ///< "queue", "service", "function", "wake mapping", ...
  std::string seen = {};
  std::string advice = {};
  std::string page = {};  ///< where the documents tell more, "docs/runbook.md#dead-letters"
};

/// The worst first.
std::vector<Finding> diagnose(const Facts& facts);

bool has_problem(const std::vector<Finding>& findings);
std::string text_of(const std::vector<Finding>& findings);
/// Who asked, and where the credentials came from, as a line; empty when AWS did not tell.
std::string identity_of(const Facts& facts);
/// Members of an object: "identity" and "findings".
void write_identity(json::Writer& writer, const Result<aws::CallerIdentity>& caller,
                    const std::string& source);
void write_findings(json::Writer& writer, const std::vector<Finding>& findings);
std::string json_of(const Facts& facts, const std::vector<Finding>& findings);

}  // namespace scaler::doctor
