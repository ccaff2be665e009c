#pragma once
// Fields of requests that several of ECS's operations have.

#include <array>

#include "emulator/request/api_input.h"

namespace scaler::emulator {

inline constexpr auto kNeeded = Presence::Required;
inline constexpr Field kCluster{"cluster"};
inline constexpr Field kOfCluster{"cluster", FieldKind::Text, kNeeded};
inline constexpr Field kTasks{"tasks", FieldKind::Texts, kNeeded};
inline constexpr Field kInclude{"include", FieldKind::Texts};
inline constexpr Field kToken{"nextToken"};
inline constexpr Field kLimit{"maxResults", FieldKind::Integer};
inline constexpr Field kArn{"resourceArn", FieldKind::Text, kNeeded};
inline constexpr Field kTags{"tags", FieldKind::Objects};

}  // namespace scaler::emulator
