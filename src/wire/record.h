#pragma once
// The JSON of a record: everything that one pass saw and did for one service, on one line; and what
// of it is read back.

#include <optional>
#include <string>

#include "ground/json/reader.h"
#include "scaler/pass/pass.h"

namespace scaler {

std::string record_json(const PassRecord& record);

/// A pass that was recorded, as far as others need it again.
struct RecordedPass {
  ServiceId id = {};
  std::string account = {};                     ///< empty: nothing tells it
  std::optional<Observation> observation = {};  ///< nothing: the service could not be read
  std::int64_t desired = 0;                     ///< after the pass
};

/// Whether the value is meant as a record.
bool is_record(const json::Value& value);

/// Errors: Malformed. Members that it does not know are passed over: later versions tell more.
Result<RecordedPass> read_record(const json::Reader& record);

}  // namespace scaler
