#pragma once
// The sources of credentials that a profile can mean, each defined in the file of its source. What
// a profile means and which settings are known follows from this list alone.

#include <array>

#include "edge/identity/profile_entry.h"

namespace scaler::identity {

extern const ProfileEntry kWebIdentity;
extern const ProfileEntry kSso;
extern const ProfileEntry kKeysOfCredentialsFile;
extern const ProfileEntry kLogin;
extern const ProfileEntry kProcess;
extern const ProfileEntry kKeysOfConfigFile;

/// In botocore's order: the first that the profile means is taken.
inline constexpr std::array kProfileEntries{
    &kWebIdentity, &kSso, &kKeysOfCredentialsFile, &kLogin, &kProcess, &kKeysOfConfigFile,
};

}  // namespace scaler::identity
