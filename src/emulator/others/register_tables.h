#pragma once
// What a deployment makes beside queues and services, as the register keeps it: log groups and
// their metric filters, rules and their targets, alarms, dashboards, roles and their policies.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/request/api_input.h"
#include "ground/json/value.h"

namespace scaler::emulator {

/// What an operation does with what is kept.
enum class Deed : std::uint8_t {
  Make,    ///< it must not be there yet
  Put,     ///< what is there is replaced
  Change,  ///< it must be there; what is said is set
  Drop,    ///< it must be there; `drops` is taken away
  Remove,
  Tell,
  List,
  Tag,
  Untag,
  ListTags,
};

struct KeptKind {
  std::string_view title = {};              ///< for messages: "log group"
  std::vector<std::string_view> keys = {};  ///< what names it in requests; its parent's come first
  const KeptKind* parent = nullptr;
  std::string_view arn = {};  ///< "*" stands for its own name
  std::vector<std::string_view> arn_members = {};
  std::string_view whole_arn = {};  ///< the member with the ARN of it and of all that is in it
  std::string_view id_member = {};
  std::vector<std::string_view> times = {};  ///< when it was made, in seconds
  std::string_view milliseconds = {};        ///< the same in milliseconds
  std::string_view at_first = "{}";          ///< members that it has if nobody says otherwise
  std::size_t name_max = 512;
  std::string_view encoded = {};     ///< the member that is told percent-encoded
  std::string_view boundary = {};    ///< the member that is told as IAM's permissions boundary
  std::string_view short_name = {};  ///< the member with the last part of its own name
  std::string_view exists = {};      ///< codes of errors
  std::string_view missing = {};
  std::string_view in_use = {};  ///< empty: its children go with it
};

struct KeptOperation {
  std::string_view service = {};
  std::string_view name = {};
  Deed deed = Deed::Tell;
  const KeptKind* kind = nullptr;
  std::vector<Field> fields = {};   ///< besides its keys
  std::string_view answer = {};     ///< the member that it is told in; empty: at the top, or not
  std::string_view prefix = {};     ///< the field with what the names of a list begin with
  std::string_view several = {};    ///< the field with names, or with whole things
  std::string_view sets = "{}";     ///< what it sets besides
  std::string_view drops = {};      ///< the member that it takes away, or does not list
  std::string_view stored_as = {};  ///< the member of its one field, when that has another name
  std::string_view only = {};       ///< the member that a list consists of, not of whole things
  std::string_view adds = {};       ///< to its answer, JSON; empty: it has none
  ApiResult<void> (*check)(const Input&) = nullptr;
};

const std::vector<KeptOperation>& kept_operations();

}  // namespace scaler::emulator
