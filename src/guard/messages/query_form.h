#pragma once
// A form of AWS's Query protocol, and the elements of the XML that answers it.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scaler::guard {

/// In the order in which they stand.
using QueryForm = std::vector<std::pair<std::string, std::string>>;

/// "Action=ReceiveMessage&QueueUrl=https%3A%2F%2F..."; a plus sign is a blank.
QueryForm read_form(std::string_view text);

std::optional<std::string_view> form_value(const QueryForm& form, std::string_view name);

/// The parameters of the list's elements, "LIST.1.Id", ..., each with what stands behind its
/// number.
std::vector<QueryForm> form_entries(const QueryForm& form, std::string_view list);

/// The inside of each `<name>...</name>`, as it stands there. None of them may hold another of its
/// own kind.
std::vector<std::string_view> elements(std::string_view xml, std::string_view name);

}  // namespace scaler::guard
