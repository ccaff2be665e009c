#pragma once
// What the doctor looked at, as the services answered: every read on its own, so that one that was
// denied hides nothing of the others.

#include <optional>
#include <string>

#include "aws/event_source_mappings.h"
#include "aws/functions.h"
#include "aws/inspection.h"
#include "aws/sqs.h"
#include "aws/sts.h"

namespace scaler::doctor {

/// What to examine.
struct Place {
  std::string queue_url = {};
  ServiceId service = {};
  std::string function = {};  ///< empty: none is named
};

struct Facts {
  Place place = {};
  Result<aws::CallerIdentity> caller = {};
  Duration clock_difference = {};  ///< what AWS's clock is ahead of ours
  Result<aws::QueueSettings> queue = {};
  Result<aws::ServiceDetails> service = {};
  std::optional<Result<std::int64_t>> instances = {};  ///< asked only for launch type EC2
  Result<std::optional<aws::ScalableTarget>> scalable_target = {};
  std::optional<Result<aws::FunctionConfiguration>> function = {};
  /// The function's mapping on the job queue, if it has one.
  std::optional<Result<std::optional<aws::EventSourceMapping>>> mapping = {};
};

/// Asks everything; changes nothing.
Facts examine(aws::Client& client, const Place& place, Deadline deadline);

}  // namespace scaler::doctor
