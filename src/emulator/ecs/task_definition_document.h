#pragma once
// A task definition as ECS keeps it: what the request says, with what holds where it says nothing.

#include <string>

#include "emulator/request/api_input.h"
#include "emulator/request/aws_request.h"

namespace scaler::emulator {

/// The document without tags. Errors: ClientException for what ECS refuses.
ApiResult<std::string> task_definition_document(const Input& input);

}  // namespace scaler::emulator
