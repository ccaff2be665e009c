#pragma once
// The page as one document: its parts compiled in, and the policy that forbids everything else.

#include <string>

namespace scaler::page {

const std::string& document();

/// What a browser may load and run: the document's own scripts and styles, known by their digests,
/// and data from the same server. Source: https://www.w3.org/TR/CSP3/
const std::string& document_policy();

}  // namespace scaler::page
